#include <filesystem>
#include <fstream>
#include <set>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "tests/app/process.h"
#include "tests/support/temporary_directory.h"

namespace systole {
namespace {

using nlohmann::json;
using testing::HasSubstr;

class Training : public ::testing::Test {
 protected:
  Training() {
    std::ofstream(file_) << "network: small\n"
                            "inputs: [{name: x, features: 12}]\n"
                            "layers:\n"
                            "  - {name: a, op: dense, features: 20, activation: relu}\n"
                            "  - {name: b, op: dense, features: 4}\n";
  }
  [[nodiscard]] ProcessResult run(std::vector<std::string> options) const {
    options.insert(options.begin(),
                   {"run", "tpu_v3", file_, "--mode", "training", "--batch", "16"});
    return run_systole(options);
  }
  [[nodiscard]] std::string error(const std::vector<std::string>& options) const {
    const ProcessResult result = run(options);
    EXPECT_EQ(result.exit_code, 2) << result.out << result.err;
    return result.err;
  }

  TemporaryDirectory directory_;
  std::string file_ = (directory_.path() / "small.yaml").string();
};

TEST_F(Training, IsCheckedAndReported) {
  const ProcessResult result = run({"--check", "--steps", "3", "--format", "json", "--quiet"});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  const json report = json::parse(result.out);
  EXPECT_TRUE(report["check"]["passed"].get<bool>());
  const json& training = report["training"];
  EXPECT_EQ(training["step_seconds"], report["total"]["seconds"]);
  EXPECT_EQ(training["losses"].size(), 3U);
  EXPECT_EQ(training["first_loss"], training["losses"][0]);
  EXPECT_EQ(training["parameters"], 12 * 20 + 20 + 20 * 4 + 4);
  const ProcessResult again = run({"--check", "--steps", "3", "--format", "json", "--quiet"});
  EXPECT_EQ(again.out, result.out);
}

/// Several batches of a step train the same parameters, and all their samples count.
TEST_F(Training, CountsTheSamplesOfAllBatches) {
  std::ofstream(file_) << "network: small\n"
                          "inputs: [{name: x, rows: 6, cols: 5, channels: 3}]\n"
                          "layers:\n"
                          "  - {name: a, op: conv2d, channels: 8, kernel: 3, batch_norm: true}\n"
                          "  - {name: b, op: conv2d, channels: 8, kernel: 3, batch_norm: true}\n"
                          "  - {name: f, op: flatten}\n"
                          "  - {name: c, op: dense, features: 4}\n";
  const json one = json::parse(run({"--format", "json", "--quiet"}).out);
  const json four = json::parse(run({"--accumulate", "4", "--format", "json", "--quiet"}).out);
  const json& step = four["training"];
  EXPECT_EQ(step["parameters"], one["training"]["parameters"]);
  EXPECT_EQ(step["state_bytes"], one["training"]["state_bytes"]);
  const double seconds = step["step_seconds"].get<double>();
  EXPECT_DOUBLE_EQ(step["samples_per_second"].get<double>(), 64 / seconds);
  EXPECT_DOUBLE_EQ(four["total"]["inferences_per_second"].get<double>(), 64 / seconds);
  // Owned alike, a second costs the same.
  const double a_second = one["training"]["dollars_per_step"].get<double>() /
                          one["training"]["step_seconds"].get<double>();
  EXPECT_NEAR(step["dollars_per_step"].get<double>() / seconds, a_second, 0.2 * a_second);
  EXPECT_DOUBLE_EQ(four["energy"]["joules_per_inference"].get<double>() * 64,
                   step["joules_per_step"].get<double>());
}

/// What is computed again is not among what the network asks for.
TEST_F(Training, CountsNeededProductsAlone) {
  std::ofstream(file_) << "network: small\n"
                          "inputs: [{name: x, extents: [3, 12]}]\n"
                          "layers:\n"
                          "  - {name: a, op: dense, features: 20, activation: tanh}\n"
                          "  - {name: b, op: dense, features: 20, activation: gelu}\n"
                          "  - {name: c, op: dense, features: 20}\n"
                          "  - {name: d, op: add, inputs: [c, a]}\n"
                          "  - {name: e, op: layer_norm}\n"
                          "  - {name: f, op: dense, features: 20, activation: sigmoid}\n"
                          "  - {name: g, op: add, inputs: [f, d]}\n"
                          "  - {name: h, op: dense, features: 20, activation: tanh}\n";
  const json kept = json::parse(run({"--format", "json", "--quiet"}).out);
  const json again = json::parse(run({"--recompute", "blocks", "--format", "json", "--quiet"}).out);
  const json& none = kept["training"];
  const json& blocks = again["training"];
  // 16 sequences of 3, three products of each layer but the first, which has two.
  const double needed = 2.0 * 16 * 3 * (2 * 12 * 20 + 3 * 4 * 20 * 20);
  const double peak = 2.0 * 2 * 128 * 128 * 940e6;
  for (const json& step : {none, blocks}) {
    EXPECT_NEAR(step["mfu"].get<double>(), needed / peak / step["step_seconds"].get<double>(),
                1e-9);
  }
  EXPECT_DOUBLE_EQ(none["hfu"].get<double>(), none["mfu"].get<double>());
  EXPECT_GT(blocks["hfu"].get<double>(), blocks["mfu"].get<double>());
  // A bound that had it would make a longer step look better.
  for (const std::string bound : {"bound_cycles", "bound_dram_bytes", "bound_joules"}) {
    EXPECT_EQ(again["total"][bound], kept["total"][bound]) << bound;
  }
  EXPECT_EQ(again["total"]["roofline"]["compute_cycles"],
            kept["total"]["roofline"]["compute_cycles"]);
  EXPECT_GT(again["total"]["macs"], kept["total"]["macs"]);
}

/// Old masters and moments come from DRAM, new ones and copies go there, and copies are multiplied.
TEST_F(Training, IsBoundByItsStates) {
  const json report = json::parse(run({"--format", "json", "--quiet"}).out);
  constexpr std::int64_t kWeights = 12 * 20 + 20 * 4;
  constexpr std::int64_t kBiases = 20 + 4;
  EXPECT_EQ(report["total"]["bound_dram_bytes"], kWeights * (4 * 4 + 2 + 2) + kBiases * 4 * 4);
}

/// Views that a step dropped are no tensors of its run.
TEST_F(Training, SavesEveryTensorOfAStep) {
  const std::string saved = (directory_.path() / "saved").string();
  const ProcessResult result = run({"--check", "--save-tensors", saved, "--tensors", "all"});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  for (const std::string name : {"x", "targets", "loss", "a.weight", "a.weight.moment", "b.bias"}) {
    EXPECT_TRUE(std::filesystem::exists(saved + "/" + name + ".npy")) << name;
  }
}

TEST_F(Training, RefusesSeveralCores) {
  EXPECT_EQ(error({"--set", "cores=2"}),
            "systole: --mode training: expected a chip of one core, got tpu_v3 with 2: a step is "
            "not divided among cores (--set cores=1 takes one of them)\n");
}

/// No chip that ships multiplies fp8; one that does learns nearly as without.
TEST_F(Training, MultipliesInFp8WhereTheChipDoes) {
  EXPECT_EQ(error({"--products", "fp8"}),
            file_ +
                ":4:5: a.product: expected operands that the matrix unit of tpu_v3 multiplies "
                "(bf16xbf16), got fp8_e4m3xfp8_e4m3\n");
  const json wide =
      json::parse(run({"--steps", "20", "--format", "json", "--quiet"}).out)["training"];
  const ProcessResult result =
      run({"--products", "fp8", "--set", "matrix_unit.pace.fp8xfp8=1 cycle", "--check", "--steps",
           "20", "--format", "json", "--quiet"});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  const json report = json::parse(result.out);
  EXPECT_EQ(report["check"]["mismatches"], 0);
  const json& narrow = report["training"];
  EXPECT_EQ(narrow["first_loss"], narrow["losses"][0]);
  EXPECT_LT(narrow["last_loss"].get<double>(), narrow["first_loss"].get<double>());
  for (std::size_t step = 0; step < 20; ++step) {
    const double expected = wide["losses"][step].get<double>();
    EXPECT_NEAR(narrow["losses"][step].get<double>(), expected, 0.05 * expected) << step;
  }
}

TEST_F(Training, SaysWhatItTakesToTheEnd) {
  const json training =
      json::parse(run({"--epochs", "10", "--samples", "4k", "--format", "json"}).out)["training"];
  EXPECT_EQ(training["end_samples"], 40'000);
  // 2500 steps of 16.
  EXPECT_DOUBLE_EQ(training["end_seconds"].get<double>(),
                   2500 * training["step_seconds"].get<double>());
  EXPECT_DOUBLE_EQ(training["end_joules"].get<double>(),
                   2500 * training["joules_per_step"].get<double>());
  EXPECT_DOUBLE_EQ(training["end_dollars"].get<double>(),
                   2500 * training["dollars_per_step"].get<double>());
  EXPECT_EQ(training["end_steps"], 2500);
  EXPECT_THAT(run({"--epochs", "10", "--samples", "4k"}).out,
              HasSubstr("\n  to the end       40.00 k samples, 2.500 k steps: "));
  // 150 samples are ten steps of 16.
  const json whole =
      json::parse(run({"--epochs", "1.5", "--samples", "100", "--format", "json"}).out)["training"];
  EXPECT_EQ(whole["end_steps"], 10);
  EXPECT_DOUBLE_EQ(whole["end_seconds"].get<double>(), 10 * whole["step_seconds"].get<double>());
  EXPECT_THAT(run({"--epochs", "1.5", "--samples", "100"}).out,
              testing::ContainsRegex("[1-9][.]?[0-9]*e-[0-9]+ [$] owned"));
  const ProcessResult step = run({});
  EXPECT_THAT(step.out, HasSubstr(" samples/s\n"));
  EXPECT_THAT(step.out, HasSubstr(" a sample, "));
  EXPECT_THAT(step.out, testing::Not(HasSubstr("inferences/s\n  bound")));
}

/// By what a sample costs each way; a chip without a rent has none.
TEST_F(Training, SaysWhatItCostsOwnedRentedAndBuilt) {
  const json owned = json::parse(run({"--epochs", "1", "--samples", "1M", "--format", "json"}).out);
  const json& of_owned = owned["training"];
  const auto usd = [](const json& way) { return way["usd_per_inference"].get<double>(); };
  EXPECT_TRUE(of_owned["end_rented_dollars"].is_null());
  EXPECT_DOUBLE_EQ(of_owned["end_dollars"].get<double>(), 1e6 * usd(owned["cost"]["own"]));
  EXPECT_DOUBLE_EQ(of_owned["end_built_dollars"].get<double>(), 1e6 * usd(owned["cost"]["build"]));
  const ProcessResult rented =
      run_systole({"run", "tpu_v2", file_, "--mode", "training", "--batch", "16", "--epochs", "1",
                   "--samples", "1M", "--set", "cores=1", "--format", "json"});
  const json report = json::parse(rented.out);
  const json& of_rented = report["training"];
  EXPECT_DOUBLE_EQ(of_rented["end_rented_dollars"].get<double>(),
                   1e6 * usd(report["cost"]["rent"]));
  // Its hours of work, and no more: 0.75 $ each.
  EXPECT_NEAR(of_rented["end_rented_dollars"].get<double>(),
              of_rented["end_seconds"].get<double>() / 3600 * 0.75, 1e-9);
  EXPECT_THAT(run({"--epochs", "1", "--samples", "1M"}).out,
              testing::ContainsRegex(" [$] owned, [0-9.e-]+ [$][[:space:]]+built\n"));
}

/// Every CPU and GPU that ships, the same steps.
TEST_F(Training, StandsBesideCpusAndGpus) {
  const json training =
      json::parse(run({"--epochs", "10", "--samples", "4k", "--format", "json"}).out)["training"];
  std::vector<std::string> names;
  for (const json& device : training["end_devices"]) {
    names.push_back(device["device"]);
    EXPECT_EQ(device["error"], "") << names.back();
    EXPECT_GT(device["step_seconds"].get<double>(), 0) << names.back();
    EXPECT_DOUBLE_EQ(device["seconds"].get<double>(), 2500 * device["step_seconds"].get<double>());
    EXPECT_GT(device["joules"].get<double>(), 0) << names.back();
    const std::set<std::string> sold{"a100", "h100", "k80", "haswell", "xeon_8480"};
    EXPECT_TRUE(sold.count(names.back()) == 0 || device["dollars"].get<double>() > 0)
        << names.back();
  }
  EXPECT_THAT(names, testing::IsSupersetOf({"a100", "h100", "k80", "haswell", "xeon_8480"}));
  EXPECT_THAT(names, testing::Not(testing::Contains("coral")));
  EXPECT_TRUE(json::parse(run({"--format", "json"}).out)["training"]["end_devices"].empty());
  const std::string text = run({"--epochs", "10", "--samples", "4k"}).out;
  EXPECT_THAT(text, HasSubstr("\nto the end beside it, modelled"));
  EXPECT_THAT(text, testing::ContainsRegex("\n  a100 +bf16 "));
  EXPECT_THAT(text, testing::ContainsRegex("\n  k80 \\(m\\?\\) +fp32 "));
}

TEST_F(Training, TellsWhatOptionsAreWrong) {
  EXPECT_EQ(run_systole({"run", "tpu_v3", file_, "--mode", "train"}).err,
            "systole: --mode: expected one of inference, training, got 'train'\n");
  EXPECT_EQ(error({"--loss", "l1"}),
            "systole: --loss: expected one of cross_entropy, mse, got 'l1'\n");
  EXPECT_EQ(error({"--accumulate", "0"}),
            "systole: --accumulate: expected an integer in 1..64, got '0'\n");
  EXPECT_EQ(error({"--clip-norm", "-1"}),
            "systole: --clip-norm: expected a number in 1e-06..1e+06, got '-1'\n");
  EXPECT_EQ(error({"--loss-scale", "none"}),
            "systole: --loss-scale: expected a number in 1e-06..1e+06, got 'none'\n");
  EXPECT_EQ(error({"--products", "fp4"}),
            "systole: --products: expected one of same, fp8, got 'fp4'\n");
  EXPECT_EQ(error({"--loss-of", "nope"}),
            "systole: --loss-of: expected one of the outputs b, got 'nope'\n");
  EXPECT_EQ(error({"--recompute", "all"}),
            "systole: --recompute: expected one of none, blocks, auto, got 'all'\n");
  EXPECT_EQ(run_systole({"run", "tpu_v3", file_, "--accumulate", "2"}).err,
            "systole: --accumulate: expected beside --mode training, got it without\n");
  EXPECT_EQ(error({"--optimizer", "lamb"}),
            "systole: --optimizer: expected one of sgd, adam, adamw, got 'lamb'\n");
  EXPECT_EQ(error({"--learning-rate", "fast"}),
            "systole: --learning-rate: expected a number in 0..1e+06, got 'fast'\n");
  EXPECT_EQ(error({"--momentum", "2"}),
            "systole: --momentum: expected a number in 0..1, got '2'\n");
  EXPECT_EQ(error({"--momentum", "0.5", "--optimizer", "adam"}),
            "systole: --momentum: expected beside --optimizer sgd, got adam\n");
  EXPECT_EQ(error({"--weight-decay", "0.1"}),
            "systole: --weight-decay: expected beside --optimizer adamw, got sgd\n");
  EXPECT_EQ(error({"--steps", "0"}),
            "systole: --steps: expected an integer in 1..1000000, got '0'\n");
  EXPECT_EQ(error({"--tokens", "2X"}),
            "systole: --tokens: expected a number above 0, with k, M, B or T behind it or without, "
            "got '2X'\n");
  EXPECT_EQ(error({"--tokens", "1", "--epochs", "1"}),
            "systole: --tokens: expected either tokens or epochs, got both\n");
  EXPECT_EQ(error({"--epochs", "1"}),
            "systole: --epochs: expected beside --samples, got it without\n");
  EXPECT_EQ(error({"--samples", "1"}),
            "systole: --samples: expected beside --epochs, got it without\n");
  EXPECT_EQ(error({"--tokens", "2T"}),
            "systole: --tokens: expected a network of sequences, got small\n");
  EXPECT_EQ(error({"--check", "--input", "x=x.npy"}),
            "systole: --input: expected without --mode training, which makes its batches\n");
  EXPECT_EQ(error({"--type", "int8"}),
            "systole: --mode: expected training in bf16 or fp16 on a chip that multiplies it, got "
            "--type int8\n");
  EXPECT_EQ(error({"--type", "fp8_e4m3"}),
            "systole: --mode: expected training in bf16 or fp16 on a chip that multiplies it, got "
            "--type fp8_e4m3\n");
  EXPECT_EQ(error({"--type", "fp16"}),
            "systole: --mode: expected training in bf16 or fp16 on a chip that multiplies it, got "
            "--type fp16\n");
}

TEST_F(Training, WantsItsOptionsBesideItsMode) {
  for (const std::string option :
       {"--steps", "--loss", "--loss-of", "--optimizer", "--learning-rate", "--momentum",
        "--weight-decay", "--tokens", "--epochs", "--samples"}) {
    const ProcessResult result = run_systole({"run", "tpu_v3", file_, option, "1"});
    EXPECT_EQ(result.exit_code, 2);
    EXPECT_EQ(result.err,
              "systole: " + option + ": expected beside --mode training, got it without\n");
  }
}

TEST_F(Training, WantsAChipOfBf16) {
  const ProcessResult result = run_systole({"run", "tpu_v1", file_, "--mode", "training"});
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_EQ(result.err,
            "systole: --mode: expected training in bf16 or fp16 on a chip that multiplies it, got "
            "tpu_v1\n");
}

}  // namespace
}  // namespace systole
