#include <filesystem>
#include <utility>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "tests/app/process.h"
#include "tests/app/scratch.h"
#include "tests/support/trace_events.h"
#include "tests/support/vcd.h"

namespace systole {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::StartsWith;

std::vector<std::string> run_mlp0(std::vector<std::string> options) {
  options.insert(options.begin(), {"run", "tpu_v1", "mlp0", "--batch", "1"});
  return options;
}

TEST(TimelineOption, WritesATimelineBesideTheReport) {
  const Scratch scratch;
  const ProcessResult result = run_systole(run_mlp0({"--timeline", scratch.path("run.json")}));
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(result.out, run_systole(run_mlp0({})).out);
  const json file = json::parse(scratch.read("run.json"));
  EXPECT_EQ(broken_trace_rules(file), "");
  EXPECT_EQ(file["otherData"]["network"], "mlp0");
  EXPECT_EQ(scratch.entries(), 1U);
}

TEST(TimelineOption, SaysTheSameEveryTimeWithAndWithoutACheck) {
  const Scratch scratch;
  for (const std::string name : {"one", "two"}) {
    EXPECT_EQ(run_systole(run_mlp0({"--timeline", scratch.path(name + ".json"), "--vcd",
                                    scratch.path(name + ".vcd")}))
                  .exit_code,
              0);
  }
  const ProcessResult checked = run_systole(run_mlp0(
      {"--check", "--timeline", scratch.path("three.json"), "--vcd", scratch.path("three.vcd")}));
  EXPECT_EQ(checked.exit_code, 0);
  EXPECT_THAT(checked.out, HasSubstr("0 mismatches: passed"));
  EXPECT_EQ(scratch.read("one.json"), scratch.read("two.json"));
  EXPECT_EQ(scratch.read("one.json"), scratch.read("three.json"));
  EXPECT_EQ(scratch.read("one.vcd"), scratch.read("two.vcd"));
  EXPECT_EQ(scratch.read("one.vcd"), scratch.read("three.vcd"));
}

TEST(VcdOption, WritesAWaveformOfAnyName) {
  const Scratch scratch;
  scratch.write("waves", "old");
  const ProcessResult result = run_systole(run_mlp0({"--vcd", scratch.path("waves")}));
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(result.out, run_systole(run_mlp0({})).out);
  const Vcd vcd = parse_vcd(scratch.read("waves"));
  EXPECT_EQ(vcd.comments.back(), "end of run");
  EXPECT_TRUE(vcd.variables.contains("core.matrix.state"));
  EXPECT_EQ(scratch.entries(), 1U);
}

TEST(VcdOption, LeavesNothingBehindWhenTheNetworkIsWrong) {
  const Scratch scratch;
  scratch.write("network.yaml", "nonsense: 1\n");
  const ProcessResult result =
      run_systole({"run", "tpu_v1", "network.yaml", "--vcd", "run.vcd", "--timeline", "run.json"},
                  {.directory = scratch.root()});
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_EQ(scratch.entries(), 1U);
}

TEST(VcdOption, LeavesNothingBehindWhenTheNetworkDoesNotFit) {
  const Scratch scratch;
  scratch.write("wide.yaml",
                "network: wide\n"
                "description: a row of the image is larger than the unified buffer\n"
                "inputs: [{name: image, rows: 4, cols: 60000, channels: 1024}]\n"
                "layers: [{name: conv, op: conv2d, channels: 8, kernel: 3, padding: 1}]\n");
  const ProcessResult result =
      run_systole({"run", "edge", scratch.path("wide.yaml"), "--vcd", scratch.path("run.vcd")});
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_THAT(result.err, HasSubstr("conv: expected a layer that fits the unified buffer"));
  EXPECT_EQ(scratch.entries(), 1U);
}

TEST(Recording, NeedsFilesThatCanBeWrittenBeforeItWorks) {
  for (const std::string option : {"--timeline", "--vcd"}) {
    const ProcessResult result =
        run_systole({"run", "no_such_chip", "mlp0", option, "/no/such/directory/file"});
    EXPECT_EQ(result.exit_code, 2);
    EXPECT_EQ(result.err,
              "systole: cannot write '/no/such/directory/file': No such file or directory\n");
  }
}

TEST(Recording, TellsOfAFullDevice) {
  const ProcessResult timeline = run_systole(run_mlp0({"--timeline", "/dev/full"}));
  EXPECT_EQ(timeline.exit_code, 2);
  EXPECT_EQ(timeline.err, "systole: cannot write '/dev/full': No space left on device\n");
  EXPECT_EQ(timeline.out, "");
  const ProcessResult waveform = run_systole(run_mlp0({"--vcd", "/dev/full"}));
  EXPECT_EQ(waveform.exit_code, 2);
  EXPECT_EQ(waveform.err, "systole: --vcd: expected a regular file, got '/dev/full'\n");
}

TEST(Recording, NeedsAFileForEachResult) {
  EXPECT_EQ(run_systole(run_mlp0({"--timeline", "a", "--vcd", "a"})).err,
            "systole: --timeline and --vcd: expected two files, got 'a' for both\n");
  EXPECT_EQ(run_systole(run_mlp0({"--output", "a", "--vcd", "a"})).err,
            "systole: --output and --vcd: expected two files, got 'a' for both\n");
  const Scratch scratch;
  scratch.write("a", "");
  std::filesystem::create_symlink(scratch.path("a"), scratch.path("link"));
  EXPECT_EQ(run_systole(run_mlp0({"--timeline", "new.json", "--output", "./new.json"})).err,
            "systole: --output and --timeline: expected two files, got './new.json' and "
            "'new.json', which are one\n");
  EXPECT_EQ(
      run_systole(run_mlp0({"--output", scratch.path("a"), "--vcd", scratch.path("link")})).err,
      fmt::format("systole: --output and --vcd: expected two files, got '{}' and '{}', which "
                  "are one\n",
                  scratch.path("a"), scratch.path("link")));
  EXPECT_EQ(run_systole(run_mlp0({"--timeline", ""})).err,
            "systole: --timeline: expected a file, got ''\n");
  EXPECT_EQ(run_systole(run_mlp0({"--vcd", ""})).err, "systole: --vcd: expected a file, got ''\n");
}

TEST(Results, DoNotTakeThePlaceOfWhatIsRead) {
  const Scratch scratch;
  std::filesystem::copy(SYSTOLE_SOURCE_DIR "/configs/chips/tpu_v1.yaml", scratch.path("chip.yaml"));
  std::filesystem::copy(SYSTOLE_SOURCE_DIR "/workloads/mlp0.yaml", scratch.path("net.yaml"));
  const std::string chip = scratch.path("chip.yaml");
  const std::string network = scratch.path("net.yaml");
  const std::string text = scratch.read("net.yaml");
  for (const std::string option : {"--output", "--timeline", "--vcd"}) {
    for (const auto& [file, what] : {std::pair(scratch.path("./chip.yaml"), "chip"),
                                     std::pair(scratch.path("net.yaml"), "network")}) {
      const ProcessResult result = run_systole({"run", chip, network, option, file});
      EXPECT_EQ(result.exit_code, 2);
      EXPECT_EQ(result.err, fmt::format("systole: {}: expected a file to write, got '{}', which is "
                                        "the {}\n",
                                        option, file, what));
    }
  }
  EXPECT_EQ(run_systole({"describe", chip, "--output", chip}).exit_code, 2);
  EXPECT_EQ(run_systole({"compile", chip, network, "--output", network}).exit_code, 2);
  EXPECT_EQ(scratch.read("net.yaml"), text);
}

TEST(Results, OfANameThatOthersTakeForStandardOutputAreRefused) {
  for (const std::string option : {"--output", "--timeline", "--vcd"}) {
    const ProcessResult result = run_systole(run_mlp0({option, "-"}));
    EXPECT_EQ(result.exit_code, 2);
    EXPECT_EQ(result.err, "systole: " + option +
                              ": expected a file, got '-' (a file of that name is './-'; without "
                              "--output the report goes to standard output)\n");
  }
}

}  // namespace
}  // namespace systole
