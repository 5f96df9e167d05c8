// Output-stationary folds on the RTL. R rows, C columns, f first phase, e end of streaming, in
// cycles.
#include <bit>
#include <vector>

#include <gtest/gtest.h>

#include "tests/rtl/rtl_array.h"
#include "tests/rtl/rtl_folds.h"
#include "tests/support_array/fold_oracle.h"

namespace systole::testing {

namespace {

constexpr ArrayConfig kThreeByFourOutput{
    .dataflow = ArrayDataflow::OutputStationary, .rows = 3, .cols = 4};

ArrayFold undrained(ArrayFold fold) {
  fold.drains = false;
  return fold;
}

ArrayFold continued(ArrayFold fold) {
  fold.clears = false;
  return fold;
}

}  // namespace

TEST(RtlOutputStationary, MultipliesByHand) {
  const auto array = make_rtl_array();
  const ArrayConfig config{.dataflow = ArrayDataflow::OutputStationary, .rows = 2, .cols = 2};
  const std::uint32_t minus_one = 0xffffffff;
  const std::vector<ArrayFold> folds{{.left = {{5, 7}, {0, 1}}, .top = {{1, 2}, {3, minus_one}}}};
  const auto outcomes = run_folds(*array, config, folds);
  // Row 0: 5*1 + 0*3, 5*2 - 0. Row 1: 7*1 + 1*3 = 10, 7*2 - 1 = 13.
  EXPECT_EQ(outcomes[0].results, (Lanes{{5, 10}, {10, 13}}));
}

TEST(RtlOutputStationary, LoneFoldTakesTwiceTheRowsPlusColumnsPlusStepsLessTwo) {
  const auto array = make_rtl_array();
  RandomBits random(1);
  for (const int rows : {1, 2, 3, 15, 16}) {
    for (const int cols : {1, 2, 7, 15, 16}) {
      for (const int steps : {1, 2, rows, 31}) {
        const ArrayConfig config{
            .dataflow = ArrayDataflow::OutputStationary, .rows = rows, .cols = cols};
        const std::vector<ArrayFold> folds{int8_fold(config, steps, random)};
        const FoldOutcome fold = run_folds(*array, config, folds).front();
        EXPECT_EQ(fold.load_start, std::nullopt);
        EXPECT_EQ(fold.start, 0);
        EXPECT_EQ(fold.end, steps);
        EXPECT_EQ(fold.completion, steps + 2 * rows + cols - 2);
        EXPECT_EQ(fold.results, expected_results(config, folds).front());
      }
    }
  }
}

TEST(RtlOutputStationary, FoldsLongerThanTheRowsFollowWithoutAGap) {
  const auto array = make_rtl_array();
  RandomBits random(2);
  const ArrayConfig& config = kThreeByFourOutput;
  const std::vector<ArrayFold> folds{int8_fold(config, 3, random), int8_fold(config, 4, random),
                                     int8_fold(config, 3, random)};
  const auto outcomes = run_folds(*array, config, folds);
  EXPECT_EQ(outcomes[1].start, 3);
  EXPECT_EQ(outcomes[2].start, 3 + 4);
  EXPECT_EQ(outcomes[2].completion, (7 + 3) + 2 * 3 + 4 - 2);
  expect_results(outcomes, config, folds);
}

TEST(RtlOutputStationary, DrainsAreAtLeastTheRowsApart) {
  const auto array = make_rtl_array();
  RandomBits random(3);
  const ArrayConfig& config = kThreeByFourOutput;
  const std::vector<ArrayFold> folds{int8_fold(config, 1, random), int8_fold(config, 2, random),
                                     int8_fold(config, 1, random)};
  const auto outcomes = run_folds(*array, config, folds);
  EXPECT_EQ(outcomes[0].end, 1);
  // Its first phase enters at once; its last is held back for R = 3 cycles between the ends.
  EXPECT_EQ(outcomes[1].start, 1);
  EXPECT_EQ(outcomes[1].end, 1 + 3);
  EXPECT_EQ(outcomes[2].start, 6);  // first and last at once, so it enters in cycle e - 1
  EXPECT_EQ(outcomes[2].end, 4 + 3);
  expect_results(outcomes, config, folds);
}

TEST(RtlOutputStationary, SumsGoOnOverFoldsThatDoNotDrain) {
  const auto array = make_rtl_array();
  RandomBits random(4);
  const ArrayConfig& config = kThreeByFourOutput;
  const std::vector<ArrayFold> folds{
      undrained(int8_fold(config, 1, random)), undrained(continued(int8_fold(config, 2, random))),
      continued(int8_fold(config, 1, random)), int8_fold(config, 4, random)};
  const auto outcomes = run_folds(*array, config, folds);
  EXPECT_EQ(outcomes[0].completion, 1 + 3 + 4 - 2);  // its last sum is in its PE
  EXPECT_EQ(outcomes[1].end, 1 + 2);                 // nothing holds it back
  EXPECT_EQ(outcomes[1].completion, 3 + 3 + 4 - 2);
  EXPECT_EQ(outcomes[2].completion, 4 + 2 * 3 + 4 - 2);
  EXPECT_EQ(outcomes[3].end, 4 + 4);
  expect_results(outcomes, config, folds);
}

TEST(RtlOutputStationary, AFoldThatDrainsAndOneThatDoesNotCompleteInOneCycle) {
  const auto array = make_rtl_array();
  RandomBits random(5);
  const ArrayConfig& config = kThreeByFourOutput;
  const std::vector<ArrayFold> folds{int8_fold(config, 2, random),
                                     undrained(int8_fold(config, 3, random)),
                                     continued(int8_fold(config, 2, random))};
  const auto outcomes = run_folds(*array, config, folds);
  EXPECT_EQ(outcomes[0].completion, 2 + 2 * 3 + 4 - 2);
  EXPECT_EQ(outcomes[1].completion, (2 + 3) + 3 + 4 - 2);
  EXPECT_EQ(outcomes[0].completion, outcomes[1].completion);
  expect_results(outcomes, config, folds);
}

TEST(RtlOutputStationary, WithoutOverlapASequenceTakesTheSumOfItsFolds) {
  const auto array = make_rtl_array();
  RandomBits random(6);
  ArrayConfig config = kThreeByFourOutput;
  config.overlap_none = true;
  const std::vector<ArrayFold> folds{int8_fold(config, 1, random),
                                     undrained(int8_fold(config, 5, random)),
                                     continued(int8_fold(config, 2, random))};
  const auto outcomes = run_folds(*array, config, folds);
  const int drained = 2 * 3 + 4 - 2;
  const int kept = 3 + 4 - 2;
  EXPECT_EQ(outcomes[0].completion, drained + 1);
  EXPECT_EQ(outcomes[1].start, drained + 1);
  EXPECT_EQ(outcomes[1].completion, drained + 1 + kept + 5);
  EXPECT_EQ(outcomes[2].completion, drained + 1 + kept + 5 + drained + 2);
  expect_results(outcomes, config, folds);
}

TEST(RtlOutputStationary, BubblesDelayByThemselvesAndChangeNoResult) {
  const auto array = make_rtl_array();
  RandomBits random(7);
  const ArrayConfig& config = kThreeByFourOutput;
  std::vector<ArrayFold> folds{int8_fold(config, 3, random), int8_fold(config, 2, random)};
  folds[0].phase_bubbles = {1, 0, 2};
  folds[1].phase_bubbles = {0, 1};
  const auto outcomes = run_folds(*array, config, folds);
  EXPECT_EQ(outcomes[0].start, 1);
  EXPECT_EQ(outcomes[0].end, 3 + 3);
  EXPECT_EQ(outcomes[1].end, 6 + 2 + 1);  // a bubble takes the place of the wait for the drain
  expect_results(outcomes, config, folds);
}

TEST(RtlOutputStationary, SixteenBitOperandsTakeTwoOrFourPhasesPerStep) {
  const auto array = make_rtl_array();
  RandomBits random(8);
  const ArrayConfig& config = kThreeByFourOutput;
  const std::vector<std::pair<ArrayFold, int>> cases{
      {random_fold(config, 6, OperandKind::Int16, OperandKind::Int8, random), 2},
      {random_fold(config, 6, OperandKind::Int8, OperandKind::Int16, random), 2},
      {random_fold(config, 6, OperandKind::Int16, OperandKind::Int16, random), 4}};
  for (const auto& [fold, phases] : cases) {
    const std::vector<ArrayFold> folds{fold};
    const auto outcomes = run_folds(*array, config, folds);
    EXPECT_EQ(outcomes[0].completion, 6 * phases + 2 * 3 + 4 - 2);
    expect_results(outcomes, config, folds);
  }
}

TEST(RtlOutputStationary, FloatsAddInTheOrderOfStepsOverAllFolds) {
  const auto array = make_rtl_array();
  const ArrayConfig config{
      .dataflow = ArrayDataflow::OutputStationary, .rows = 1, .cols = 1, .floating = true};
  const auto lane = [](float value) { return std::bit_cast<std::uint32_t>(value); };
  const std::uint32_t one = lane(1);
  const std::uint32_t tiny = lane(0x1p-24F);
  // (1 + 2^-24) + 2^-24 rounds to 1 twice; in the other order the sum is 1 + 2^-23.
  const std::vector<ArrayFold> folds{
      undrained({.left = {{one}, {tiny}}, .top = {{one}, {one}}}),
      continued({.left = {{tiny}}, .top = {{one}}}),
      {.left = {{tiny}, {tiny}, {one}}, .top = {{one}, {one}, {one}}}};
  const auto outcomes = run_folds(*array, config, folds);
  EXPECT_EQ(outcomes[1].results, (Lanes{{one}}));
  EXPECT_EQ(outcomes[2].results, (Lanes{{lane(1 + 0x1p-23F)}}));
}

}  // namespace systole::testing
