#include "tests/prove/sides.h"

#include <gtest/gtest.h>

namespace systole::testing {
namespace {

/// A case of several folds with results, and what the PE level makes of it.
struct Seen {
  ProveCase prove_case;
  Side side;

  Seen() {
    std::uint64_t number = 0;
    do {
      prove_case = systole::testing::prove_case(number++);
    } while (prove_case.folds.size() < 3 ||
             prove_case.array.dataflow != Dataflow::WeightStationary);
    side = ArraySides::run_pe_level(prove_case);
  }
};

TEST(Sides, DifferByOneCycleOfOneFold) {
  const Seen seen;
  EXPECT_FALSE(difference_in_folds(seen.prove_case, seen.side, seen.side).has_value());
  Side other = seen.side;
  ++other.folds[2].completion;
  EXPECT_EQ(difference_in_folds(seen.prove_case, seen.side, other),
            "fold 2: " + times_text(seen.side.folds[2]) + " on the PE level, " +
                times_text(other.folds[2]) + " on the PE level");
}

TEST(Sides, DifferByOneBitOfALaneThatAFoldUses) {
  const Seen seen;
  Side other = seen.side;
  other.folds[1].results.back()[0] ^= 1U;
  ASSERT_TRUE(difference_in_folds(seen.prove_case, seen.side, other).has_value());
  EXPECT_TRUE(difference_in_folds(seen.prove_case, seen.side, other)
                  ->starts_with("fold 1: column 0 shows"));
  other.folds[1].results.clear();
  EXPECT_EQ(difference_in_folds(seen.prove_case, seen.side, other),
            "fold 1: results on one of them alone, on the PE level and on the PE level");
}

TEST(Sides, DifferByOneBitOfASum) {
  const Seen seen;
  EXPECT_FALSE(difference_in_sums(seen.prove_case, scalar_arithmetic(seen.prove_case), seen.side)
                   .has_value());
  Side other = seen.side;
  other.sums[0][0] ^= 0x80000000U;
  EXPECT_TRUE(
      difference_in_sums(seen.prove_case, seen.side, other)->starts_with("product 0: C[0][0] is "));
}

}  // namespace
}  // namespace systole::testing
