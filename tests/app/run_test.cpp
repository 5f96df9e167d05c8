#include <algorithm>
#include <sstream>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "tests/app/process.h"
#include "tests/app/scratch.h"

namespace systole {
namespace {

using nlohmann::json;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

/// The smallest real work that ships: five dense layers, one input.
std::vector<std::string> run_mlp0(std::vector<std::string> options) {
  options.insert(options.begin(), {"run", "tpu_v1", "mlp0", "--batch", "1"});
  return options;
}

TEST(Run, PrintsAReportAndNothingElse) {
  const ProcessResult result = run_systole(run_mlp0({}));
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_EQ(result.err, "");
  EXPECT_THAT(result.out, StartsWith("mlp0 on tpu_v1\nbatch 1, 5 layers, 20.97 MMAC\n"));
}

TEST(Run, TakesPathsAsWellAsNames) {
  const ProcessResult names = run_systole({"run", "tpu_v1", "mlp0"}, {.directory = "/"});
  const ProcessResult paths =
      run_systole({"run", "configs/chips/tpu_v1.yaml", "workloads/mlp0.yaml"},
                  {.directory = SYSTOLE_SOURCE_DIR});
  EXPECT_EQ(names.exit_code, 0);
  EXPECT_EQ(names.out, paths.out);
}

/// Two tokens, of four experts two each.
TEST(Run, TakesARoutingOfTokensToExperts) {
  const Scratch scratch;
  scratch.write("moe.yaml",
                "network: moe\n"
                "inputs: [{name: x, extents: [2, 16]}, {name: w, extents: [2, 4]}]\n"
                "layers: [{name: e, op: experts, inputs: [x, w], experts: 4, features: 8}]\n");
  scratch.write("routing.txt", "0 1\n1 0\n");
  const std::string network = scratch.path("moe.yaml");
  const std::string routing = scratch.path("routing.txt");
  const auto run = [&](std::vector<std::string> options) {
    options.insert(options.begin(), {"run", "edge", network, "--check", "--format", "json"});
    const ProcessResult result = run_systole(options);
    EXPECT_EQ(result.exit_code, 0) << result.err;
    return json::parse(result.out);
  };
  const auto gates = [](const json& report) {
    return std::count_if(report["layers"].begin(), report["layers"].end(), [](const json& layer) {
      return layer["name"].get<std::string>().ends_with(".gate");
    });
  };
  EXPECT_EQ(gates(run({})), 4);
  const json stated = run({"--routing", routing});
  EXPECT_EQ(gates(stated), 2);
  EXPECT_EQ(stated["network"], "moe(routing=routing)");
  const ProcessResult wrong = run_systole({"run", "edge", "mlp0", "--routing", routing});
  EXPECT_EQ(wrong.exit_code, 2);
  EXPECT_THAT(wrong.err, EndsWith("mlp0.yaml: layers: expected a network with experts for a "
                                  "routing, got none\n"));
  const ProcessResult missing = run_systole({"run", "edge", network, "--routing", "none.txt"});
  EXPECT_EQ(missing.exit_code, 2);
  EXPECT_THAT(missing.err, StartsWith("none.txt: expected "));
}

TEST(Run, SaysTheSameEveryTime) {
  for (const std::string format : {"text", "json", "csv"}) {
    EXPECT_EQ(run_systole(run_mlp0({"--format", format})).out,
              run_systole(run_mlp0({"--format", format})).out);
  }
}

TEST(Run, WritesWhatItWouldPrint) {
  const Scratch scratch;
  const ProcessResult result =
      run_systole(run_mlp0({"--format", "json", "--output", scratch.path("run.json")}));
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_EQ(result.out, "");
  EXPECT_EQ(scratch.read("run.json"), run_systole(run_mlp0({"--format", "json"})).out);
}

TEST(Run, CountsTheSameCyclesWithACheck) {
  json plain = json::parse(run_systole(run_mlp0({"--format", "json"})).out);
  json checked = json::parse(run_systole(run_mlp0({"--format", "json", "--check"})).out);
  EXPECT_TRUE(plain["check"].is_null());
  EXPECT_EQ(checked["check"]["passed"], true);
  EXPECT_EQ(checked["check"]["mismatches"], 0);
  plain.erase("check");
  checked.erase("check");
  EXPECT_EQ(plain, checked);
}

TEST(Run, TellsTheOutcomeOfACheckInTheReport) {
  const ProcessResult result = run_systole(run_mlp0({"--check"}));
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_EQ(result.err, "");
  // Accumulators and results of five layers of 2048, and the output once more in host memory.
  EXPECT_THAT(
      result.out,
      EndsWith("\ncheck: 11 tensors compared with the reference kernels, 22,528 elements, 0 "
               "mismatches: passed\n"));
}

TEST(Run, TellsTheOutcomeOfACheckBesideOtherFormats) {
  const std::string line =
      "systole: check: 11 tensors compared with the reference kernels, 22,528 elements, 0 "
      "mismatches: passed\n";
  EXPECT_EQ(run_systole(run_mlp0({"--check", "--format", "csv"})).err, line);
  EXPECT_EQ(run_systole(run_mlp0({"--check", "--format", "csv", "--quiet"})).err, "");
}

TEST(Run, OpensFilesOfNumbersForACheckAlone) {
  const Scratch scratch;
  scratch.write("n.yaml",
                "network: n\nweights: {directory: none}\ninputs:\n"
                "  - {name: x, features: 4, file: none.npy}\nlayers:\n"
                "  - {name: d, op: dense, features: 4}\n");
  const std::string network = scratch.path("n.yaml");
  EXPECT_EQ(run_systole({"run", "tpu_v1", network}).exit_code, 0);
  const std::string message = network + ":6:5: d: " + scratch.path("none") +
                              "/d.weight.npy: expected a readable .npy file, got none\n";
  EXPECT_EQ(run_systole({"run", "tpu_v1", network, "--check"}).err, message);
  EXPECT_EQ(run_systole({"compile", "tpu_v1", network}).err, message);  // it prints the scales
}

TEST(Run, TakesItsBatchFromTheNetworkUnlessTold) {
  EXPECT_THAT(run_systole({"run", "tpu_v1", "mlp0"}).out, HasSubstr("\nbatch 200, "));
  EXPECT_THAT(run_systole({"run", "tpu_v1", "mlp0", "--batch", "3"}).out, HasSubstr("\nbatch 3, "));
}

TEST(Run, TakesItsTypeFromTheChipUnlessTold) {
  const auto heading = [](const std::vector<std::string>& options) {
    std::vector<std::string> words{"run"};
    words.insert(words.end(), options.begin(), options.end());
    return run_systole(words).out;
  };
  const std::string of_int8 = "\nbatch 200, 5 layers, 4.194 GMAC\n";
  const std::string of_bf16 = "\nbatch 200, 5 layers, 4.194 GMAC, bf16\n";
  EXPECT_THAT(heading({"tpu_v1", "mlp0"}), HasSubstr(of_int8));
  EXPECT_THAT(heading({"tpu_v2", "mlp0"}), HasSubstr(of_bf16));
  EXPECT_THAT(heading({"asic_inference", "mlp0"}), HasSubstr(of_int8));
  EXPECT_THAT(heading({"asic_inference", "mlp0", "--type", "bf16"}), HasSubstr(of_bf16));
}

TEST(Run, ChecksBf16BitForBit) {
  const ProcessResult result =
      run_systole({"run", "tpu_v3", "mlp0", "--batch", "2", "--check", "--format", "json"});
  EXPECT_EQ(result.exit_code, 0);
  const json report = json::parse(result.out);
  EXPECT_EQ(report["type"], "bf16");
  EXPECT_EQ(report["check"]["mismatches"], 0);
  EXPECT_EQ(report["check"]["tensors"], 11);
}

TEST(Run, StoresWeightsAndKeysInFewerBits) {
  const ProcessResult result =
      run_systole({"run", "tpu_v5e", "llama2_7b", "--phase", "decode", "--context", "20", "--dim",
                   "layers=1,hidden=64,heads=2,ff=96,vocabulary=80,cache=24", "--weights",
                   "int4:32", "--cache", "int8", "--check", "--format", "json"});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  const json report = json::parse(result.out);
  EXPECT_EQ(report["type"], "bf16");
  EXPECT_EQ(report["weight_storage"], "int4:32");
  EXPECT_EQ(report["state_storage"], "int8");
  EXPECT_EQ(report["check"]["mismatches"], 0);
  // 20 keys and 20 values of 64 features, a byte each.
  EXPECT_EQ(report["llm"]["cache_bytes"], 2 * 20 * 64);
  const std::int64_t weights = 4 * 64 * 64 + 3 * 64 * 96 + 64 * 80;
  EXPECT_GE(report["actions"]["weight_conversions"], weights + 2 * 20 * 64);
}

TEST(Run, PassesItsCheckWithAnySeed) {
  for (const std::string seed : {"0", "2", "18446744073709551615"}) {
    EXPECT_EQ(run_systole(run_mlp0({"--check", "--seed", seed})).exit_code, 0) << seed;
  }
}

TEST(Run, HasACsvRowForEachLayer) {
  std::istringstream lines(run_systole(run_mlp0({"--format", "csv"})).out);
  std::string line;
  std::getline(lines, line);
  EXPECT_THAT(line, StartsWith("index,name,kind,"));
  int rows = 0;
  while (std::getline(lines, line)) {
    EXPECT_THAT(line,
                StartsWith(std::to_string(rows) + ",fc" + std::to_string(rows + 1) + ",dense,"));
    ++rows;
  }
  EXPECT_EQ(rows, 5);
}

TEST(Run, WritesNothingWhenTheNetworkIsWrong) {
  const Scratch scratch;
  scratch.write("network.yaml", "nonsense: 1\n");
  const ProcessResult result = run_systole(
      {"run", "tpu_v1", "network.yaml", "--output", "report.txt"}, {.directory = scratch.root()});
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_EQ(result.out, "");
  EXPECT_THAT(result.err, StartsWith("network.yaml:"));
  EXPECT_EQ(result.err.find('\n'), result.err.size() - 1) << result.err;
  EXPECT_EQ(scratch.entries(), 1U);
}

TEST(Run, NeedsAnOutputThatCanBeWrittenBeforeItWorks) {
  const ProcessResult result =
      run_systole({"run", "no_such_chip", "mlp0", "--output", "/no/such/directory/report.txt"});
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_EQ(result.err,
            "systole: cannot write '/no/such/directory/report.txt': No such file or directory\n");
}

TEST(Compile, PrintsTheProgram) {
  const ProcessResult result = run_systole({"compile", "tpu_v1", "mlp0", "--batch", "1"});
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_EQ(result.err, "");
  EXPECT_THAT(result.out, StartsWith("program 1 network=\"mlp0\" chip=\"tpu_v1\" batch=1 "));
}

TEST(Compile, WritesWhatItWouldPrint) {
  const Scratch scratch;
  EXPECT_EQ(run_systole({"compile", "edge", "mlp0", "-o", scratch.path("mlp0.program")}).out, "");
  EXPECT_EQ(scratch.read("mlp0.program"), run_systole({"compile", "edge", "mlp0"}).out);
  EXPECT_THAT(scratch.read("mlp0.program"), Not(testing::IsEmpty()));
}

TEST(List, ShowsWhatEachNetworkTakes) {
  // 5 * 2048 * 2048 MACs, and as many weights with 5 * 2048 biases.
  EXPECT_THAT(run_systole({"list"}).out,
              testing::ContainsRegex("\nmlp0 +5 +20[.]97 M +20[.]98 M +200\n"));
}

TEST(Run, SaysWhetherADeadlineIsMet) {
  const ProcessResult late = run_systole(run_mlp0({"--deadline", "1us"}));
  EXPECT_EQ(late.exit_code, 0);
  EXPECT_THAT(late.out, HasSubstr("deadline 1.000 us: MISSED, "));
  const json early =
      json::parse(run_systole(run_mlp0({"--deadline", "100 ms", "--format", "json"})).out);
  EXPECT_EQ(early["deadline"]["met"], true);
  EXPECT_GT(early["deadline"]["worst_case_seconds"], early["total"]["seconds"]);
}

TEST(Run, ShowsACpuAndAGpuBesideTheChip) {
  const json report = json::parse(run_systole(run_mlp0({"--format", "json"})).out);
  ASSERT_EQ(report["devices"].size(), 2);
  EXPECT_EQ(report["devices"][0]["kind"], "cpu");
  EXPECT_EQ(report["devices"][1]["kind"], "gpu");
  EXPECT_EQ(report["devices"][1]["time_obtained"], "modelled");
}

}  // namespace
}  // namespace systole
