#include <fstream>
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
  EXPECT_THAT(run({"--epochs", "10", "--samples", "4k"}).out,
              HasSubstr("\n  to the end       40.00 k samples: "));
  const ProcessResult step = run({});
  EXPECT_THAT(step.out, HasSubstr(" samples/s\n"));
  EXPECT_THAT(step.out, HasSubstr(" a sample, "));
  EXPECT_THAT(step.out, testing::Not(HasSubstr("inferences/s\n  bound")));
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
