// Whatever is legal computes the right numbers, keeps the laws, and is no faster than the bounds.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "compiler/compilation.h"
#include "compiler/mapping/mapping_text.h"
#include "study/evaluate.h"
#include "tests/end_to_end/support/laws.h"
#include "tests/end_to_end/support/random_case.h"
#include "tests/end_to_end/support/random_mapping.h"
#include "tests/support/forked.h"

namespace systole {
namespace {

constexpr std::uint64_t kCasesPerTest = 20;

/// Nothing for a good case; `changed`: its mapping is another than the compiler's.
std::string complaints(const RandomCase& random, std::uint64_t seed, bool& changed) {
  const ForkedResult result = run_forked([&]() -> std::string {
    try {
      const CompileOptions options{.fuse = seed % 2 == 0};
      const Mapping own = compile_mapped(random.chip, random.graph, options).mapping;
      const Mapping mapping = random_mapping(random.chip, random.graph, own, seed);
      const std::string text = print_mapping(random.chip, random.graph, mapping);
      std::string lines = mapping == own ? "own\n" : "changed\n";
      if (parse_mapping(random.chip, random.graph, text, "m.yaml") != mapping) {
        return lines + "reads as another mapping:\n" + text;
      }
      const Program program =
          compile_mapped(random.chip, random.graph, {.mapping = &mapping}).program;
      const Network network{.graph = random.graph, .data = random.data};
      const Result evaluated = evaluate_program(random.chip, network, program, {.check = true});
      lines += broken_laws(evaluated, program);
      if (!evaluated.check->passed()) {
        lines += fmt::format("{} mismatches\n{}", evaluated.check->mismatches, text);
      }
      return lines;
    } catch (const WorkloadError& error) {
      const std::string what = error.what();  // does not fit at all
      return what.starts_with("m.yaml") ? "changed\n" + what : std::string("own\n");
    }
  });
  changed = result.output.starts_with("changed\n");
  if (result.exit_code != 0) {
    return result.error;
  }
  return result.output.substr(result.output.find('\n') + 1);
}

class RandomMappings : public testing::TestWithParam<std::uint64_t> {};

void expect_no_complaints(std::uint64_t sweep, RandomCase (*make)(std::uint64_t seed)) {
  std::uint64_t changes = 0;
  for (std::uint64_t i = 0; i < kCasesPerTest; ++i) {
    const std::uint64_t seed = sweep * kCasesPerTest + i;
    bool changed = false;
    EXPECT_EQ(complaints(make(seed), seed, changed), "") << "seed " << seed;
    changes += changed ? 1 : 0;
  }
  EXPECT_GE(changes, kCasesPerTest / 2);
}

TEST_P(RandomMappings, ComputeTheReferencesNumbersAndKeepTheLaws) {
  expect_no_complaints(GetParam(), random_case);
}

TEST_P(RandomMappings, OfProductsOfTensorsToo) {
  expect_no_complaints(
      GetParam(), [](std::uint64_t seed) { return random_product_case(seed, DataType::Int8); });
}

/// bf16, fp16 and fp8: sums in the order of whatever lies side by side in the tiles.
TEST_P(RandomMappings, OfFloatingTypesToo) {
  expect_no_complaints(GetParam(), [](std::uint64_t seed) {
    return seed % 2 == 0 ? random_real_case(seed) : random_typed_case(seed);
  });
}

/// Weights that are stored in fewer bits have no zeros to lie between others.
TEST_P(RandomMappings, OfStoredWeightsToo) {
  expect_no_complaints(GetParam(), random_stored_case);
}

INSTANTIATE_TEST_SUITE_P(Sweep, RandomMappings, testing::Range<std::uint64_t>(0, 10));

}  // namespace
}  // namespace systole
