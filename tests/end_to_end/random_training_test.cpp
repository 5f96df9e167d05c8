// Steps of training of random networks on random chips: every tensor of every one against the
// reference kernels, and faults that are planted in them.
#include "tests/end_to_end/support/random_training.h"

#include <string>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "arch/diag/error.h"
#include "compiler/compile.h"
#include "compiler/frontend/read_network.h"
#include "compiler/training/training_data.h"
#include "compiler/verify/verify.h"
#include "study/evaluate.h"
#include "tests/arch/isa/open_program.h"
#include "tests/end_to_end/support/laws.h"
#include "tests/support/forked.h"

namespace systole {
namespace {

constexpr std::uint64_t kCasesPerTest = 10;

struct Case {
  RandomTraining random;
  TrainingGraph step;
  Network network;

  explicit Case(std::uint64_t seed) : random(random_training(seed)) {
    const Network read = parse_network(random.network, fmt::format("training{}.yaml", seed),
                                       {.batch = random.batch, .type = random.type});
    step = training_graph(read.graph, random.options);
    network = {
        .graph = step.graph,
        .data = std::make_shared<TrainingData>(read.graph, read.data, step, random.options, seed)};
  }
};

/// Complaints about a case behind "ran", or that it does not fit.
std::string outcome_of(std::uint64_t seed) {
  const ForkedResult child = run_forked([&]() -> std::string {
    const Case made(seed);
    try {
      const Program program = compile(made.random.chip, made.network.graph);
      const Result result =
          evaluate_program(made.random.chip, made.network, program, {.check = true});
      std::string text = "ran\n" + broken_laws(result, program);
      for (const Mismatch& at : result.check->first) {
        text += fmt::format("{} at {},{},{},{}: {} instead of {}\n", at.tensor, at.batch, at.row,
                            at.col, at.channel, at.actual, at.expected);
      }
      return text;
    } catch (const WorkloadError& error) {
      return std::string("does not fit: ") + error.what();
    }
  });
  return child.exit_code == 0 ? child.output : child.error;
}

class RandomTrainings : public ::testing::TestWithParam<std::uint64_t> {};

TEST_P(RandomTrainings, ComputeTheReferencesNumbersAndKeepTheLaws) {
  std::uint64_t runs = 0;
  for (std::uint64_t i = 0; i < kCasesPerTest; ++i) {
    const std::uint64_t seed = GetParam() * kCasesPerTest + i;
    const std::string outcome = outcome_of(seed);
    if (!outcome.starts_with("does not fit")) {
      EXPECT_EQ(outcome, "ran\n") << "seed " << seed << '\n' << random_training(seed).network;
      ++runs;
    }
  }
  // A sweep in which nothing fits would prove nothing.
  EXPECT_GE(runs, kCasesPerTest / 2);
}

constexpr std::uint64_t kTests = 20;

INSTANTIATE_TEST_SUITE_P(Sweep, RandomTrainings, ::testing::Range<std::uint64_t>(0, kTests));

/// Of each case the last sum on the way back that adds to one before it forgets that one.
TEST(RandomTrainingFaults, AMissingAccumulationIsFoundByTheProof) {
  int planted = 0;
  for (std::uint64_t seed = 0; seed < 60 && planted < 15; ++seed) {
    const Case made(seed);
    try {
      testing::OpenProgram open = compile(made.random.chip, made.network.graph);
      bool changed = false;
      auto& stream = open.stream(EngineKind::Matrix);
      for (auto at = stream.rbegin(); at != stream.rend() && !changed; ++at) {
        auto* const fold = std::get_if<Fold>(&at->operation);
        if (fold != nullptr && fold->accumulate) {
          fold->accumulate = false;
          changed = true;
        }
      }
      if (changed) {
        ++planted;
        EXPECT_TRUE(verify(made.random.chip, open.closed()).has_value()) << "seed " << seed;
      }
    } catch (const WorkloadError& error) {
      continue;  // does not fit
    }
  }
  EXPECT_GE(planted, 10);
}

}  // namespace
}  // namespace systole
