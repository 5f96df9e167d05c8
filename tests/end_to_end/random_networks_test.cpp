#include <algorithm>
#include <map>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "compiler/compile.h"
#include "study/evaluate.h"
#include "tests/end_to_end/support/laws.h"
#include "tests/end_to_end/support/random_case.h"
#include "tests/support/forked.h"

namespace systole {
namespace {

constexpr std::uint64_t kCasesPerTest = 25;

/// One line per complaint about a case, nothing for a good one. A network that cannot fit its chip
/// is fine, as long as the compiler says so.
std::string complaints(const RandomCase& random, bool& ran) {
  const ForkedResult result = run_forked([&]() -> std::string {
    try {
      const Program program = compile(random.chip, random.graph);
      const Network network{.graph = random.graph, .data = random.data};
      const Result evaluated = evaluate_program(random.chip, network, program, {.check = true});
      std::string lines = broken_laws(evaluated, program);
      if (!evaluated.check->passed()) {
        const auto& check = *evaluated.check;
        lines += fmt::format("{} mismatches of {}\n", check.mismatches, check.elements);
        for (const Mismatch& mismatch : check.first) {
          lines += fmt::format("{} at {},{},{},{}: {} instead of {}\n", mismatch.tensor,
                               mismatch.batch, mismatch.row, mismatch.col, mismatch.channel,
                               mismatch.actual, mismatch.expected);
        }
      }
      return "ran\n" + lines;
    } catch (const WorkloadError& error) {
      return std::string("does not fit\n");
    }
  });
  ran = result.output.starts_with("ran\n");
  if (result.exit_code != 0) {
    return result.error;
  }
  return ran ? result.output.substr(4) : std::string();
}

class RandomNetworks : public testing::TestWithParam<std::uint64_t> {};

void expect_no_complaints(std::uint64_t sweep, RandomCase (*make)(std::uint64_t seed)) {
  std::uint64_t runs = 0;
  for (std::uint64_t i = 0; i < kCasesPerTest; ++i) {
    const std::uint64_t seed = sweep * kCasesPerTest + i;
    bool ran = false;
    EXPECT_EQ(complaints(make(seed), ran), "") << "seed " << seed;
    runs += ran ? 1 : 0;
  }
  // A sweep in which nothing fits would prove nothing.
  EXPECT_GE(runs, kCasesPerTest / 2);
}

TEST_P(RandomNetworks, ComputeTheReferencesNumbersAndKeepTheLaws) {
  expect_no_complaints(GetParam(), random_case);
}

TEST_P(RandomNetworks, ComputeTheReferencesNumbersInBf16Too) {
  expect_no_complaints(GetParam(), random_real_case);
}

TEST_P(RandomNetworks, ComputeTheReferencesNumbersInFp16AndFp8Too) {
  expect_no_complaints(GetParam(), random_typed_case);
}

TEST_P(RandomNetworks, ComputeWithStoredWeights) {
  expect_no_complaints(GetParam(), random_stored_case);
}

TEST_P(RandomNetworks, MultiplyTensorsByTensors) {
  expect_no_complaints(
      GetParam(), [](std::uint64_t seed) { return random_product_case(seed, DataType::Int8); });
}

TEST_P(RandomNetworks, MultiplyTensorsByTensorsInBf16Too) {
  expect_no_complaints(
      GetParam(), [](std::uint64_t seed) { return random_product_case(seed, DataType::Bf16); });
}

TEST_P(RandomNetworks, AddOnTheWayOutOfTheAccumulators) {
  expect_no_complaints(
      GetParam(), [](std::uint64_t seed) { return random_residual_case(seed, DataType::Int8); });
}

TEST_P(RandomNetworks, AddOnTheWayOutOfTheAccumulatorsInBf16Too) {
  expect_no_complaints(
      GetParam(), [](std::uint64_t seed) { return random_residual_case(seed, DataType::Bf16); });
}

constexpr std::uint64_t kTests = 60;

INSTANTIATE_TEST_SUITE_P(Sweep, RandomNetworks, testing::Range<std::uint64_t>(0, kTests));

TEST(RandomCases, BringEveryDataflowHundredsOfNetworks) {
  std::map<Dataflow, int> cases;
  for (std::uint64_t seed = 0; seed < kTests * kCasesPerTest; ++seed) {
    ++cases[random_case(seed).chip.matrix.dataflow];
  }
  for (const auto& [dataflow, name] : kEnumNames<Dataflow>) {
    EXPECT_GE(cases[dataflow], 450) << name;
  }
}

TEST(RandomCases, BringHundredsOfFusedLayers) {
  for (const DataType type : {DataType::Int8, DataType::Bf16}) {
    int fused = 0;
    for (std::uint64_t seed = 0; seed < 10 * kCasesPerTest; ++seed) {
      const RandomCase random = random_residual_case(seed, type);
      try {
        const Program program = compile(random.chip, random.graph);
        fused += static_cast<int>(std::count_if(program.layers.begin(), program.layers.end(),
                                                [](const ProgramLayer& l) { return l.fused; }));
      } catch (const WorkloadError& error) {
        continue;  // does not fit
      }
    }
    EXPECT_GE(fused, 100) << name_of(type);
    RecordProperty(std::string(name_of(type)), fused);
  }
}

/// Products of tensors have to be divided among units and cores like any others.
TEST(RandomCases, BringProductsOntoSeveralUnits) {
  int beside_each_other = 0;  // programs in which two units fold
  for (std::uint64_t seed = 0; seed < kTests * kCasesPerTest && beside_each_other < 30; ++seed) {
    const RandomCase random = random_product_case(seed, DataType::Int8);
    if (random.chip.matrix.count == 1) {
      continue;
    }
    try {
      const Program program = compile(random.chip, random.graph);
      beside_each_other += program.stream({EngineKind::Matrix, 1}).empty() ? 0 : 1;
    } catch (const WorkloadError& error) {
      continue;  // does not fit
    }
  }
  EXPECT_EQ(beside_each_other, 30);
}

bool has_fold(const Program& program, bool (*predicate)(const Fold&)) {
  return std::any_of(program.streams.begin(), program.streams.end(), [&](const Stream& stream) {
    return std::any_of(stream.begin(), stream.end(), [&](const StreamInstruction& instruction) {
      const auto* fold = instruction.get_if<Fold>();
      return fold != nullptr && predicate(*fold);
    });
  });
}

TEST(RandomCases, BringBothLoopOrdersOfOutputStationary) {
  int in_the_array = 0;         // sums that stay from one slice of the reduction to the next
  int in_the_accumulators = 0;  // sums that move
  const auto are_enough = [&] { return in_the_array >= 30 && in_the_accumulators >= 20; };
  for (std::uint64_t seed = 0; seed < kTests * kCasesPerTest && !are_enough(); ++seed) {
    const RandomCase random = random_case(seed);
    if (random.chip.matrix.dataflow != Dataflow::OutputStationary) {
      continue;
    }
    try {
      const Program program = compile(random.chip, random.graph);
      in_the_array += has_fold(program, [](const Fold& fold) { return !fold.drain; }) ? 1 : 0;
      in_the_accumulators +=
          has_fold(program, [](const Fold& fold) { return fold.accumulate; }) ? 1 : 0;
    } catch (const WorkloadError& error) {
      continue;  // does not fit
    }
  }
  EXPECT_TRUE(are_enough());
  RecordProperty("in_the_array", in_the_array);
  RecordProperty("in_the_accumulators", in_the_accumulators);
}

}  // namespace
}  // namespace systole
