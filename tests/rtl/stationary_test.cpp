// Weight- and input-stationary folds on the RTL. R rows, C columns, T steps, s load start, f first
// phase, e end of streaming, in cycles.
#include <vector>

#include <gtest/gtest.h>

#include "tests/rtl/rtl_array.h"
#include "tests/rtl/rtl_folds.h"
#include "tests/support_array/fold_oracle.h"

namespace systole::testing {

namespace {

constexpr ArrayConfig kThreeByFourWeight{
    .dataflow = ArrayDataflow::WeightStationary, .rows = 3, .cols = 4};

ArrayFold keeping_tile(ArrayFold fold) {
  fold.tile.clear();
  return fold;
}

}  // namespace

TEST(RtlStationary, MultipliesByHand) {
  const auto array = make_rtl_array();
  const ArrayConfig config{.dataflow = ArrayDataflow::WeightStationary, .rows = 2, .cols = 2};
  const std::uint32_t minus_one = 0xffffffff;
  const std::vector<ArrayFold> folds{{.tile = {{1, 2}, {3, minus_one}}, .left = {{5, 7}, {0, 1}}}};
  const auto outcomes = run_folds(*array, config, folds);
  // 5*1 + 7*3 = 26, 5*2 - 7 = 3; 0*1 + 1*3 = 3, 0*2 - 1 = -1.
  EXPECT_EQ(outcomes[0].results, (Lanes{{26, 3}, {3, minus_one}}));
}

TEST(RtlStationary, LoneFoldTakesTwiceTheRowsPlusColumnsPlusStepsLessTwo) {
  const auto array = make_rtl_array();
  RandomBits random(1);
  for (const auto dataflow : {ArrayDataflow::WeightStationary, ArrayDataflow::InputStationary}) {
    for (const int rows : {1, 2, 3, 15, 16}) {
      for (const int cols : {1, 2, 7, 15, 16}) {
        for (const int steps : {1, 2, rows, 31}) {
          const ArrayConfig config{.dataflow = dataflow, .rows = rows, .cols = cols};
          const std::vector<ArrayFold> folds{int8_fold(config, steps, random)};
          const FoldOutcome fold = run_folds(*array, config, folds).front();
          EXPECT_EQ(fold.load_start, 0);
          EXPECT_EQ(fold.start, rows);
          EXPECT_EQ(fold.end, rows + steps);
          EXPECT_EQ(fold.completion, 2 * rows + cols + steps - 2);
          EXPECT_EQ(fold.results, expected_results(config, folds).front());
        }
      }
    }
  }
}

TEST(RtlStationary, LongFoldsBackToBackHideTheLoad) {
  const auto array = make_rtl_array();
  RandomBits random(2);
  const ArrayConfig& config = kThreeByFourWeight;
  const std::vector<ArrayFold> folds{int8_fold(config, 5, random), int8_fold(config, 5, random),
                                     int8_fold(config, 5, random)};
  const auto outcomes = run_folds(*array, config, folds);
  // The load starts when the tile before is taken; T = 5 > R = 3, so folds follow without a gap.
  EXPECT_EQ(outcomes[0].load_start, 0);
  EXPECT_EQ(outcomes[0].start, 3);
  EXPECT_EQ(outcomes[1].load_start, 3);
  EXPECT_EQ(outcomes[1].start, 3 + 5);
  EXPECT_EQ(outcomes[2].load_start, 8);
  EXPECT_EQ(outcomes[2].start, 8 + 5);
  EXPECT_EQ(outcomes[2].completion, (13 + 5) + 3 + 4 - 2);
  expect_results(outcomes, config, folds);
}

TEST(RtlStationary, ShortFoldsBackToBackWaitForTheLoad) {
  const auto array = make_rtl_array();
  RandomBits random(3);
  const ArrayConfig& config = kThreeByFourWeight;
  const std::vector<ArrayFold> folds{int8_fold(config, 1, random), int8_fold(config, 2, random),
                                     int8_fold(config, 3, random), int8_fold(config, 1, random)};
  const auto outcomes = run_folds(*array, config, folds);
  // T <= R = 3: one fold each three cycles.
  for (int i = 0; i < 4; ++i) {
    EXPECT_EQ(outcomes[static_cast<std::size_t>(i)].load_start, 3 * i);
    EXPECT_EQ(outcomes[static_cast<std::size_t>(i)].start, 3 + 3 * i);
  }
  EXPECT_EQ(outcomes[3].completion, (12 + 1) + 3 + 4 - 2);
  expect_results(outcomes, config, folds);
}

TEST(RtlStationary, FoldThatKeepsItsTileFollowsWithoutAGapAndTheNextTileLoadsUnderIt) {
  const auto array = make_rtl_array();
  RandomBits random(4);
  const ArrayConfig& config = kThreeByFourWeight;
  const std::vector<ArrayFold> folds{int8_fold(config, 1, random),
                                     keeping_tile(int8_fold(config, 4, random)),
                                     int8_fold(config, 2, random)};
  const auto outcomes = run_folds(*array, config, folds);
  EXPECT_EQ(outcomes[1].load_start, std::nullopt);
  EXPECT_EQ(outcomes[1].start, 3 + 1);
  EXPECT_EQ(outcomes[2].load_start, 3);  // the shadow is free since the first fold took its tile
  EXPECT_EQ(outcomes[2].start, 4 + 4);
  expect_results(outcomes, config, folds);
}

TEST(RtlStationary, WithoutOverlapASequenceTakesTheSumOfItsFolds) {
  const auto array = make_rtl_array();
  RandomBits random(5);
  ArrayConfig config = kThreeByFourWeight;
  config.overlap_none = true;
  const std::vector<ArrayFold> folds{int8_fold(config, 5, random),
                                     keeping_tile(int8_fold(config, 1, random)),
                                     int8_fold(config, 1, random), int8_fold(config, 7, random)};
  const auto outcomes = run_folds(*array, config, folds);
  const int with_tile = 2 * 3 + 4 - 2;
  const int without_tile = 3 + 4 - 2;
  EXPECT_EQ(outcomes[0].completion, with_tile + 5);
  EXPECT_EQ(outcomes[1].completion, with_tile + 5 + without_tile + 1);
  EXPECT_EQ(outcomes[2].load_start, outcomes[1].completion);
  EXPECT_EQ(outcomes[2].completion, 2 * with_tile + 5 + without_tile + 1 + 1);
  EXPECT_EQ(outcomes[3].completion, 3 * with_tile + 5 + without_tile + 1 + 1 + 7);
  expect_results(outcomes, config, folds);
}

TEST(RtlStationary, BubblesBetweenPhasesDelayByThemselvesAndChangeNoResult) {
  const auto array = make_rtl_array();
  RandomBits random(6);
  const ArrayConfig& config = kThreeByFourWeight;
  std::vector<ArrayFold> folds{int8_fold(config, 4, random), int8_fold(config, 4, random)};
  folds[0].phase_bubbles = {0, 2, 0, 1};
  folds[1].load_bubbles = {0, 1, 1};
  const auto outcomes = run_folds(*array, config, folds);
  EXPECT_EQ(outcomes[0].start, 3);
  EXPECT_EQ(outcomes[0].end, 3 + 4 + 3);
  EXPECT_EQ(outcomes[0].completion, 10 + 3 + 4 - 2);
  EXPECT_EQ(outcomes[1].load_start, 3);  // its five cycles end before the fold before does
  EXPECT_EQ(outcomes[1].start, 10);
  expect_results(outcomes, config, folds);
}

TEST(RtlStationary, BubblesBetweenRowsOfATileDelayItsFold) {
  const auto array = make_rtl_array();
  RandomBits random(7);
  const ArrayConfig& config = kThreeByFourWeight;
  std::vector<ArrayFold> folds{int8_fold(config, 1, random)};
  folds[0].load_bubbles = {4, 0, 2};
  const auto outcomes = run_folds(*array, config, folds);
  EXPECT_EQ(outcomes[0].load_start, 4);
  EXPECT_EQ(outcomes[0].start, 4 + 3 + 2);
  expect_results(outcomes, config, folds);
}

TEST(RtlStationary, SixteenBitOperandsTakeTwoOrFourPhasesPerStep) {
  const auto array = make_rtl_array();
  RandomBits random(8);
  const ArrayConfig& config = kThreeByFourWeight;
  const std::vector<std::pair<ArrayFold, int>> cases{
      {random_fold(config, 6, OperandKind::Int16, OperandKind::Int8, random), 2},
      {random_fold(config, 6, OperandKind::Int8, OperandKind::Int16, random), 2},
      {random_fold(config, 6, OperandKind::Int16, OperandKind::Int16, random), 4}};
  for (const auto& [fold, phases] : cases) {
    const std::vector<ArrayFold> folds{fold};
    const auto outcomes = run_folds(*array, config, folds);
    EXPECT_EQ(outcomes[0].completion, 2 * 3 + 4 + 6 * phases - 2);
    expect_results(outcomes, config, folds);
  }
}

TEST(RtlStationary, FloatsAddDownTheRowsAndRoundAfterEachStep) {
  const auto array = make_rtl_array();
  const ArrayConfig config{.rows = 4, .cols = 1, .floating = true};
  const auto lane = [](float value) { return std::bit_cast<std::uint32_t>(value); };
  // 1 + 2^-24 rounds to 1, twice; 2^-24 + 2^-24 + 1 would be 1 + 2^-23.
  const std::uint32_t tiny = lane(0x1p-24F);
  const std::vector<ArrayFold> folds{
      {.tile = {{lane(1)}, {tiny}, {tiny}, {lane(0)}},
       .left = {{lane(1), lane(1), lane(1), lane(1)}, {lane(0), lane(1), lane(1), lane(3)}}}};
  const auto outcomes = run_folds(*array, config, folds);
  EXPECT_EQ(outcomes[0].results, (Lanes{{lane(1)}, {lane(0x1p-23F)}}));
}

}  // namespace systole::testing
