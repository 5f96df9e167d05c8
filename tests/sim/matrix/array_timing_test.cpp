#include "sim/matrix/array_timing.h"

#include <gtest/gtest.h>

#include "arch/diag/error.h"

namespace systole {

void PrintTo(const FoldTimes& times, std::ostream* out) {
  *out << "load " << times.load.count() << " start " << times.start.count() << " end "
       << times.end.count() << " completion " << times.completion.count();
}

namespace testing {
namespace {

constexpr std::int64_t kRows = 5;
constexpr std::int64_t kCols = 3;

MatrixUnitSpec array_of(Dataflow dataflow, Overlap overlap = Overlap::Shadow) {
  MatrixUnitSpec spec;
  spec.rows = kRows;
  spec.cols = kCols;
  spec.dataflow = dataflow;
  spec.overlap = overlap;
  return spec;
}

FoldTimes times_of(std::int64_t load, std::int64_t start, std::int64_t end,
                   std::int64_t completion) {
  return {.load = CoreCycles(load),
          .start = CoreCycles(start),
          .end = CoreCycles(end),
          .completion = CoreCycles(completion)};
}

using Times = std::vector<FoldTimes>;

Times sequence(const MatrixUnitSpec& spec, const std::vector<FoldShape>& folds) {
  return fold_sequence_times(spec, folds);
}

constexpr std::int64_t kSkews = (kRows - 1) + (kCols - 1);

class LoadingArray : public ::testing::TestWithParam<Dataflow> {};

TEST_P(LoadingArray, LoneFoldTakesTwiceRowsPlusColsPlusPhasesMinusTwo) {
  const Times times = sequence(array_of(GetParam()), {{.phases = 7}});
  EXPECT_EQ(times[0], times_of(0, kRows, kRows + 7, 2 * kRows + kCols + 7 - 2));
}

TEST_P(LoadingArray, FoldsWithNewTilesFollowByTheLongerOfPhasesAndRows) {
  const Times times = sequence(array_of(GetParam()), {{.phases = 7}, {.phases = 2}, {.phases = 5}});
  // Fold 0 loads in 0..4, streams in 5..11. The next tile loads under it, 5..9, and waits. Fold 1
  // streams in 12..13, the third tile loads in 12..16, fold 2 streams from 17 on.
  EXPECT_EQ(times, (Times{times_of(0, 5, 12, 12 + kSkews), times_of(5, 12, 14, 14 + kSkews),
                          times_of(12, 17, 22, 22 + kSkews)}));
}

TEST_P(LoadingArray, AFoldThatKeepsItsTileFollowsAtOnceAndTheNextTileLoadsUnderIt) {
  const Times times = sequence(array_of(GetParam()),
                               {{.phases = 2}, {.phases = 1, .new_tile = false}, {.phases = 4}});
  // The third fold's tile loads from 5 on, when the first fold takes its own.
  EXPECT_EQ(times, (Times{times_of(0, 5, 7, 7 + kSkews), times_of(7, 7, 8, 8 + kSkews),
                          times_of(5, 10, 14, 14 + kSkews)}));
}

TEST_P(LoadingArray, WithoutOverlapTheFoldsTakeTheSumOfTheirLoneTimes) {
  const Times times = sequence(array_of(GetParam(), Overlap::None),
                               {{.phases = 7}, {.phases = 2, .new_tile = false}, {.phases = 5}});
  const std::int64_t first = 2 * kRows + kCols + 7 - 2;
  const std::int64_t second = first + kRows + kCols + 2 - 2;
  const std::int64_t third = second + 2 * kRows + kCols + 5 - 2;
  EXPECT_EQ(times,
            (Times{times_of(0, kRows, kRows + 7, first), times_of(first, first, first + 2, second),
                   times_of(second, second + kRows, second + kRows + 5, third)}));
}

TEST_P(LoadingArray, WhetherItDrainsChangesNothing) {
  const MatrixUnitSpec spec = array_of(GetParam());
  EXPECT_EQ(sequence(spec, {{.phases = 3, .drains = false}, {.phases = 1, .drains = false}}),
            sequence(spec, {{.phases = 3}, {.phases = 1}}));
}

INSTANTIATE_TEST_SUITE_P(Dataflows, LoadingArray,
                         ::testing::Values(Dataflow::WeightStationary, Dataflow::InputStationary));

TEST(OutputStationaryArray, LoneFoldNeedsNoLoadAndItsSumsMoveDownAllRows) {
  const Times times = sequence(array_of(Dataflow::OutputStationary), {{.phases = 7}});
  // Last sum final in the cycle 7 + skews, then copied, then `rows` steps down.
  EXPECT_EQ(times[0], times_of(0, 0, 7, 7 + kSkews + kRows));
  EXPECT_EQ(times[0].completion.count(), 2 * kRows + kCols + 7 - 2);
}

TEST(OutputStationaryArray, AFoldThatDoesNotDrainCompletesWithItsLastMac) {
  const Times times = sequence(array_of(Dataflow::OutputStationary),
                               {{.phases = 7, .drains = false}, {.phases = 4}});
  EXPECT_EQ(times, (Times{times_of(0, 0, 7, 7 + kSkews), times_of(7, 7, 11, 11 + kSkews + kRows)}));
}

TEST(OutputStationaryArray, TheLastPhaseOfADrainingFoldWaitsForTheSumsBefore) {
  const Times times = sequence(
      array_of(Dataflow::OutputStationary),
      {{.phases = 7}, {.phases = 2}, {.phases = 1}, {.phases = 5}, {.phases = 1, .drains = false}});
  // Ends at least 5 rows apart: 7, 12, 17, 22. Fold 1 starts at 7 all the same; fold 2 is its one
  // phase, held back to cycle 16; fold 3 fills its 5 cycles; fold 4 does not drain and waits not.
  constexpr std::int64_t kOut = kSkews + kRows;
  EXPECT_EQ(times, (Times{times_of(0, 0, 7, 7 + kOut), times_of(7, 7, 12, 12 + kOut),
                          times_of(16, 16, 17, 17 + kOut), times_of(17, 17, 22, 22 + kOut),
                          times_of(22, 22, 23, 23 + kSkews)}));
}

TEST(OutputStationaryArray, WithoutOverlapTheFoldsTakeTheSumOfTheirLoneTimes) {
  const Times times = sequence(array_of(Dataflow::OutputStationary, Overlap::None),
                               {{.phases = 7, .drains = false}, {.phases = 1}, {.phases = 1}});
  const std::int64_t first = kRows + kCols + 7 - 2;
  const std::int64_t second = first + 2 * kRows + kCols + 1 - 2;
  const std::int64_t third = second + 2 * kRows + kCols + 1 - 2;
  EXPECT_EQ(times, (Times{times_of(0, 0, 7, first), times_of(first, first, first + 1, second),
                          times_of(second, second, second + 1, third)}));
}

TEST(ArrayTiming, OnePeMultipliesOnceACycle) {
  MatrixUnitSpec spec = array_of(Dataflow::WeightStationary);
  spec.rows = 1;
  spec.cols = 1;
  // Loaded in cycle 0, multiplied in cycle 1, visible in cycle 2; the next weight follows in 1.
  EXPECT_EQ(sequence(spec, {{.phases = 1}, {.phases = 1}}),
            (Times{times_of(0, 1, 2, 2), times_of(1, 2, 3, 3)}));
  spec.dataflow = Dataflow::OutputStationary;
  // Multiplied in 0, copied in 1, visible at the bottom in 2.
  EXPECT_EQ(sequence(spec, {{.phases = 1}, {.phases = 1}}),
            (Times{times_of(0, 0, 1, 2), times_of(1, 1, 2, 3)}));
}

TEST(ArrayTiming, RefusesAFoldWithoutPhases) {
  EXPECT_THROW(sequence(array_of(Dataflow::WeightStationary), {{.phases = 0}}), InternalError);
}

}  // namespace
}  // namespace testing
}  // namespace systole
