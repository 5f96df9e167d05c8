// The tile level's closed rules and the PE level, which moves every operand, on whole programs.

#include <string>

#include <gtest/gtest.h>

#include "compiler/compile.h"
#include "study/evaluate.h"
#include "tests/end_to_end/support/random_case.h"
#include "tests/sim/support/run_core.h"
#include "tests/support/forked.h"

namespace systole {
namespace {

constexpr std::uint64_t kCasesPerTest = 20;
constexpr std::string_view kDoesNotFit = "does not fit";

/// Every counter of a run, and what its check says.
std::string outcome(RandomCase random, ArrayModel model) {
  random.chip.matrix.model = model;
  const ForkedResult result = run_forked([&]() -> std::string {
    try {
      const Network network{.graph = random.graph, .data = random.data};
      const Result evaluated = evaluate(random.chip, network, {.check = true});
      return systole::testing::text_of(evaluated.counters) +
             std::to_string(evaluated.check->mismatches) + " mismatches\n";
    } catch (const WorkloadError& error) {
      return std::string(kDoesNotFit);
    }
  });
  return result.exit_code == 0 ? result.output : result.error;
}

class BothLevels : public ::testing::TestWithParam<std::uint64_t> {};

void expect_agreement(std::uint64_t sweep, RandomCase (*make)(std::uint64_t seed)) {
  std::uint64_t runs = 0;
  for (std::uint64_t i = 0; i < kCasesPerTest; ++i) {
    const std::uint64_t seed = 10'000 + sweep * kCasesPerTest + i;
    const RandomCase random = make(seed);
    const std::string tile = outcome(random, ArrayModel::Tile);
    if (tile == kDoesNotFit) {
      continue;
    }
    ++runs;
    EXPECT_NE(tile.find("\n0 mismatches\n"), std::string::npos) << "seed " << seed;
    EXPECT_EQ(outcome(random, ArrayModel::Pe), tile) << "seed " << seed;
  }
  EXPECT_GE(runs, kCasesPerTest / 2);  // a sweep in which nothing fits would prove nothing
}

TEST_P(BothLevels, TakeTheSameCyclesAndComputeTheSameNumbers) {
  expect_agreement(GetParam(), random_case);
}

TEST_P(BothLevels, AgreeOnProductsOfTensors) {
  expect_agreement(GetParam(), [](std::uint64_t seed) {
    return random_product_case(seed, seed % 2 == 0 ? DataType::Int8 : DataType::Bf16);
  });
}

INSTANTIATE_TEST_SUITE_P(Sweep, BothLevels, ::testing::Range<std::uint64_t>(0, 12));

}  // namespace
}  // namespace systole
