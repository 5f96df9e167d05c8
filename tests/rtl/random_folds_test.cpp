// Random sequences of folds on the RTL, held to the closed rules and the plain loops of
// fold_oracle.h, for both elaborations.
#include <algorithm>
#include <array>
#include <vector>

#include <gtest/gtest.h>

#include "tests/rtl/rtl_array.h"
#include "tests/support_array/fold_oracle.h"

namespace systole::testing {

namespace {

OperandKind random_kind(bool floating, RandomBits& random) {
  constexpr std::array kIntegers{OperandKind::Int4, OperandKind::Int8, OperandKind::Int16};
  constexpr std::array kFloats{OperandKind::Bfloat16, OperandKind::Float16, OperandKind::Float8E4M3,
                               OperandKind::Float8E5M2};
  return floating ? kFloats[random() % kFloats.size()] : kIntegers[random() % kIntegers.size()];
}

ArrayConfig random_config(const RtlArray& array, RandomBits& random) {
  return {.dataflow = static_cast<ArrayDataflow>(random() % 3),
          .rows = random.between(1, array.physical_rows()),
          .cols = random.between(1, array.physical_cols()),
          .overlap_none = random.one_in(4),
          .floating = random.one_in(2)};
}

std::vector<ArrayFold> random_folds(const ArrayConfig& config, RandomBits& random) {
  std::vector<ArrayFold> folds;
  for (int count = random.between(1, 5); count > 0; --count) {
    // Below, at and above the rows, where what waits for what changes.
    const int steps =
        random.one_in(2) ? random.between(1, 24) : std::max(1, random.between(-1, 1) + config.rows);
    folds.push_back(random_fold(config, steps, random_kind(config.floating, random),
                                random_kind(config.floating, random), random));
    ArrayFold& fold = folds.back();
    if (config.dataflow == ArrayDataflow::OutputStationary) {
      fold.drains = !random.one_in(3);
      fold.clears = folds.size() == 1 || !random.one_in(3);
    } else if (folds.size() > 1 && random.one_in(3)) {
      fold.tile.clear();
      fold.sliced_other = folds[folds.size() - 2].sliced_other;  // that of the tile it keeps
    }
  }
  return folds;
}

void expect_as_derived(RtlArray& array, int cases, std::uint32_t seed) {
  RandomBits random(seed);
  for (int i = 0; i < cases; ++i) {
    const ArrayConfig config = random_config(array, random);
    const std::vector<ArrayFold> folds = random_folds(config, random);
    std::vector<FoldOutcome> expected = expected_times(config, folds);
    const std::vector<Lanes> results = expected_results(config, folds);
    for (std::size_t f = 0; f < folds.size(); ++f) {
      expected[f].results = results[f];
    }
    const std::vector<FoldOutcome> outcomes = run_folds(array, config, folds);
    ASSERT_EQ(outcomes.size(), expected.size());
    for (std::size_t f = 0; f < folds.size(); ++f) {
      EXPECT_EQ(outcomes[f].load_start, expected[f].load_start);
      EXPECT_EQ(outcomes[f].start, expected[f].start);
      EXPECT_EQ(outcomes[f].end, expected[f].end);
      EXPECT_EQ(outcomes[f].completion, expected[f].completion);
      ASSERT_EQ(outcomes[f], expected[f])
          << "case " << i << " fold " << f << " of " << folds.size() << ", dataflow "
          << static_cast<int>(config.dataflow) << ", " << config.rows << "x" << config.cols
          << (config.floating ? ", floats" : ", integers")
          << (config.overlap_none ? ", no overlap" : "");
    }
  }
}

}  // namespace

TEST(RtlRandomFolds, KeepTheClosedRulesOn16x16) {
  const auto array = make_rtl_array(RtlSize::Square16x16);
  expect_as_derived(*array, 600, 1);
}

TEST(RtlRandomFolds, KeepTheClosedRulesOn5x19) {
  const auto array = make_rtl_array(RtlSize::Wide5x19);
  expect_as_derived(*array, 600, 2);
}

TEST(RtlRandomFolds, BubblesOnlyDelay) {
  const auto array = make_rtl_array();
  RandomBits random(3);
  for (int i = 0; i < 200; ++i) {
    ArrayConfig config = random_config(*array, random);
    config.overlap_none = false;
    std::vector<ArrayFold> folds = random_folds(config, random);
    const std::vector<FoldOutcome> greedy = expected_times(config, folds);
    for (ArrayFold& fold : folds) {
      for (int phase = 0; phase < 8; ++phase) {
        fold.phase_bubbles.push_back(random.one_in(4) ? random.between(1, 20) : 0);
        fold.load_bubbles.push_back(random.one_in(4) ? random.between(1, 20) : 0);
      }
    }
    const std::vector<FoldOutcome> outcomes = run_folds(*array, config, folds);
    const std::vector<Lanes> results = expected_results(config, folds);
    for (std::size_t f = 0; f < folds.size(); ++f) {
      ASSERT_EQ(outcomes[f].results, results[f]);
      ASSERT_GE(outcomes[f].end, greedy[f].end);
      // From the last phase on nothing waits.
      ASSERT_EQ(outcomes[f].completion - outcomes[f].end, greedy[f].completion - greedy[f].end);
    }
  }
}

}  // namespace systole::testing
