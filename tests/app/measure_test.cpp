#include <csignal>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>
#include <sys/resource.h>
#include <unistd.h>

#include "tests/app/process.h"
#include "tests/app/scratch.h"

namespace systole {
namespace {

using testing::HasSubstr;
using Words = std::vector<std::string>;

constexpr const char* kSmall = R"(network: small
inputs:
  - {name: x, rows: 8, cols: 8, channels: 4}
layers:
  - {name: conv, op: conv2d, channels: 16, kernel: 3, activation: relu}
  - {name: pool, op: global_average_pool}
  - {name: scores, op: dense, features: 10}
)";

TEST(Measure, TimesANetworkOnThisCpu) {
  const Scratch scratch;
  scratch.write("small.yaml", kSmall);
  const ProcessResult result =
      run_systole({"measure", "cpu", "small.yaml", "--type", "fp32", "--batch", "3", "--threads",
                   "1", "--repetitions", "4", "--warm-up", "1", "--format", "json"},
                  {.directory = scratch.root()});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  const auto run = nlohmann::json::parse(result.out)["runs"][0];
  EXPECT_EQ(run["network"], "small");
  EXPECT_EQ(run["kind"], "cpu");
  EXPECT_EQ(run["type"], "fp32");
  EXPECT_EQ(run["batch"], 3);
  EXPECT_EQ(run["threads"], 1);
  EXPECT_EQ(run["repetitions"], 4);
  EXPECT_EQ(run["warm_up"], 1);
  EXPECT_EQ(run["obtained"], "measured");
  EXPECT_EQ(run["numerics"]["outside"], 0);
  ASSERT_EQ(run["layers"].size(), 3U);
  EXPECT_EQ(run["layers"][0]["macs"], 3 * 36 * 16 * 36);  // 6 x 6 pixels, 9 x 4 inputs
}

TEST(Measure, PrintsATable) {
  const Scratch scratch;
  scratch.write("small.yaml", kSmall);
  const ProcessResult result = run_systole({"measure", "cpu", "small.yaml", "--type", "fp32",
                                            "--threads", "1", "--repetitions", "2", "--no-compare"},
                                           {.directory = scratch.root()});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.out, HasSubstr("batch 1, fp32, 1 thread, measured on 20"));
  EXPECT_THAT(result.out, HasSubstr("median of 2 passes behind 3 to warm up"));
  EXPECT_THAT(result.out, Not(HasSubstr("numbers ")));
}

TEST(Measure, RecordsRunsInAFile) {
  const Scratch scratch;
  scratch.write("small.yaml", kSmall);
  for (const std::string batch : {"1", "2", "1"}) {
    const ProcessResult result =
        run_systole({"measure", "cpu", "small.yaml", "--type", "fp32", "--threads", "1",
                     "--repetitions", "2", "--batch", batch, "--record", "mine.json"},
                    {.directory = scratch.root()});
    ASSERT_EQ(result.exit_code, 0) << result.err;
  }
  const auto runs = nlohmann::json::parse(scratch.read("mine.json"))["runs"];
  ASSERT_EQ(runs.size(), 2U);
  EXPECT_EQ(runs[0]["batch"], 1);
  EXPECT_EQ(runs[1]["batch"], 2);
  EXPECT_EQ(runs[1]["obtained"], "recorded");
}

TEST(Measure, RecordsEveryRunOfManyAtATime) {
  const Scratch scratch;
  scratch.write("small.yaml", kSmall);
  constexpr int kRuns = 6;
  std::vector<std::unique_ptr<Process>> running;
  for (int batch = 1; batch <= kRuns; ++batch) {
    running.push_back(std::make_unique<Process>(
        Words{"measure", "cpu", "small.yaml", "--type", "fp32", "--threads", "1", "--repetitions",
              "1", "--batch", std::to_string(batch), "--record", "mine.json"},
        ProcessOptions{.directory = scratch.root()}));
  }
  for (const auto& process : running) {
    const ProcessResult result = process->wait();
    EXPECT_EQ(result.exit_code, 0) << result.err;
  }
  EXPECT_EQ(nlohmann::json::parse(scratch.read("mine.json"))["runs"].size(), kRuns);
  EXPECT_EQ(scratch.entries(), 2U);  // and the network
}

TEST(Measure, ReadsTheRecordingBeforeTheWork) {
  const Scratch scratch;
  scratch.write("small.yaml", kSmall);
  scratch.write("mine.json", "x\n");
  const ProcessResult result = run_systole(
      {"measure", "cpu", "small.yaml", "--record", "mine.json"}, {.directory = scratch.root()});
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_EQ(result.out, "");
  EXPECT_EQ(result.err, "mine.json:1:1: expected a map, got 'x'\n");
  EXPECT_EQ(scratch.read("mine.json"), "x\n");
}

TEST(Measure, OfMoreThreadsThanTheMachineGivesIsAnError) {
  const Scratch scratch;
  scratch.write("small.yaml", kSmall);
  const ProcessResult result = run_systole(
      {"measure", "cpu", "small.yaml", "--threads", "1024", "--repetitions", "1"},
      {.directory = scratch.root(), .limits = {{RLIMIT_AS, 2UL << 30}}});  // stacks have 8 MiB
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_EQ(result.out, "");
  EXPECT_EQ(result.err, "systole: cannot start 1024 threads: Resource temporarily unavailable\n");
}

/// A copy of systole with `script` in place of the program that measures GPUs beside it.
class WithGpuProgram : public testing::Test {
 protected:
  ProcessResult measure(const std::string& script) {
    namespace fs = std::filesystem;
    scratch_.write("systole_gpu", "#!/bin/sh\n" + script);
    fs::permissions(scratch_.path("systole_gpu"), fs::perms::owner_all);
    fs::copy_file(SYSTOLE_BINARY, scratch_.path("systole"), fs::copy_options::overwrite_existing);
    return run_systole({"measure", "gpu", "mlp0", "--type", "fp16", "--batch", "7"},
                       {.binary = scratch_.path("systole"), .directory = SYSTOLE_SOURCE_DIR});
  }
  Scratch scratch_;
};

TEST_F(WithGpuProgram, ShowsWhatItMeasured) {
  const ProcessResult result = measure(
      R"(case "$1 $2 $3 $4 $5 $6 $7" in
*workloads/mlp0.yaml' 7 1 fp16 3 20 compare') ;; *) exit 3;; esac
cat <<'JSON'
{"runs": [{"kind": "gpu", "device": "Some GPU", "network": "mlp0", "type": "fp16", "batch": 7,
 "obtained": "measured", "date": "2026-01-01", "software": "CUDA", "isa": "sm_90", "threads": 132,
 "warm_up": 3, "repetitions": 20,
 "seconds": {"median": 0.5, "lower_quartile": 0.5, "upper_quartile": 0.5}, "layers": []}]}
JSON
)");
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.out, HasSubstr("mlp0 on Some GPU\nbatch 7, fp16, 132 multiprocessors, "
                                    "measured on 2026-01-01 with CUDA\n"));
  EXPECT_THAT(result.out, HasSubstr("14.0 inferences/s"));
}

TEST_F(WithGpuProgram, PassesItsMistakesOn) {
  const ProcessResult result = measure("printf 'systole_gpu: no CUDA device: none'\nexit 2\n");
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_EQ(result.err, "systole_gpu: no CUDA device: none\n");
}

/// The program gets its own process id to sleep under; killing systole ends it.
TEST_F(WithGpuProgram, EndsItWithItself) {
  scratch_.write("systole_gpu", "#!/bin/sh\necho $$ > " + scratch_.path("id") + ".new && mv " +
                                    scratch_.path("id") + ".new " + scratch_.path("id") +
                                    "\nexec sleep 100\n");
  std::filesystem::permissions(scratch_.path("systole_gpu"), std::filesystem::perms::owner_all);
  std::filesystem::copy_file(SYSTOLE_BINARY, scratch_.path("systole"));
  Process systole({"measure", "gpu", "mlp0"},
                  {.binary = scratch_.path("systole"), .directory = SYSTOLE_SOURCE_DIR});
  for (int i = 0; i < 1000 && scratch_.read("id").empty(); ++i) {
    ::usleep(10'000);
  }
  const std::string stat = "/proc/" + std::to_string(std::stoi(scratch_.read("id"))) + "/stat";
  systole.send(SIGKILL);
  EXPECT_EQ(systole.wait().signal, SIGKILL);
  std::string state;
  for (int i = 0; i < 500; ++i) {
    std::string id;
    std::string name;
    state = "gone";
    std::ifstream(stat) >> id >> name >> state;
    if (state == "gone" || state == "Z" || state == "X") {
      return;
    }
    ::usleep(10'000);
  }
  FAIL() << "still " << state;
}

TEST_F(WithGpuProgram, TakesACrashForABug) {
  EXPECT_EQ(measure("kill -9 $$\n").exit_code, 3);
}

struct Mistake {
  std::string name;
  Words arguments;
  std::string line;
};

class MeasureMistake : public testing::TestWithParam<Mistake> {};

TEST_P(MeasureMistake, IsOneLineAndExitCodeTwo) {
  const ProcessResult result = run_systole(GetParam().arguments);
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_EQ(result.err, GetParam().line + "\n");
  EXPECT_EQ(result.out, "");
}

INSTANTIATE_TEST_SUITE_P(
    All, MeasureMistake,
    testing::Values(Mistake{"Device",
                            {"measure", "tpu", "mlp0"},
                            "systole: DEVICE: expected one of cpu, gpu, got 'tpu'"},
                    Mistake{"CpuType",
                            {"measure", "cpu", "mlp0", "--type", "fp16"},
                            "systole: --type: expected one of int8, bf16, fp32, got 'fp16'"},
                    Mistake{"GpuType",
                            {"measure", "gpu", "mlp0", "--type", "int4"},
                            "systole: --type: expected one of int8, bf16, fp32, fp16, got 'int4'"},
                    Mistake{"Threads",
                            {"measure", "cpu", "mlp0", "--threads", "0"},
                            "systole: --threads: expected an integer in 1..1024, got '0'"},
                    Mistake{"GpuThreads",
                            {"measure", "gpu", "mlp0", "--threads", "1"},
                            "systole: --threads: expected with cpu only, got gpu"},
                    Mistake{"Repetitions",
                            {"measure", "cpu", "mlp0", "--repetitions", "0"},
                            "systole: --repetitions: expected an integer in 1..1000000, got '0'"},
                    Mistake{"WarmUp",
                            {"measure", "cpu", "mlp0", "--warm-up", "-1"},
                            "systole: --warm-up: expected an integer in 0..1000000, got '-1'"},
                    Mistake{"Csv",
                            {"measure", "cpu", "mlp0", "--format", "csv"},
                            "systole: --format: expected one of text, json, got 'csv'"},
                    Mistake{"Network",
                            {"measure", "cpu", "/nowhere.yaml"},
                            "systole: no network '/nowhere.yaml': there is no such file"}),
    [](const auto& mistake) { return mistake.param.name; });

}  // namespace
}  // namespace systole
