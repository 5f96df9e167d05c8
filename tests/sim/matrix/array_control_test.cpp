#include "sim/matrix/array_control.h"

#include <gtest/gtest.h>

#include "arch/diag/error.h"

namespace systole::testing {
namespace {

constexpr PhaseFlags kTakes{.first = true, .takes_shadow = true};
constexpr PhaseFlags kGoesOn{};
constexpr PhaseFlags kEnds{.last = true};
constexpr PhaseFlags kLone{.first = true, .last = true};
constexpr PhaseFlags kLoneDrain{.first = true, .last = true, .drains = true};

MatrixUnitSpec array_of(Dataflow dataflow, Overlap overlap = Overlap::Shadow) {
  MatrixUnitSpec spec;
  spec.rows = 2;
  spec.cols = 3;
  spec.dataflow = dataflow;
  spec.overlap = overlap;
  return spec;
}

void load_tile(ArrayControl& control) {
  for (std::uint32_t row = 0; row < 2; ++row) {
    control.begin_cycle(0);
    ASSERT_TRUE(control.load_ready(nullptr));
    ASSERT_EQ(control.enter_row(), row);
  }
}

TEST(ArrayControl, ATileWaitsUntilItsPhaseEntersAndTheNextFollowsInThatCycle) {
  ArrayControl control(array_of(Dataflow::WeightStationary));
  load_tile(control);
  control.begin_cycle(0);
  EXPECT_FALSE(control.load_ready(nullptr));
  EXPECT_FALSE(control.load_ready(&kLone)) << "another phase";
  EXPECT_TRUE(control.load_ready(&kTakes));
  control.enter(kTakes);
  EXPECT_EQ(control.enter_row(), 0U);
}

TEST(ArrayControl, APhaseTakesTheShadowFromTheCycleAfterTheLastRow) {
  ArrayControl control(array_of(Dataflow::InputStationary));
  control.begin_cycle(0);
  EXPECT_FALSE(control.phase_ready(kTakes));
  EXPECT_EQ(control.enter_row(), 0U);
  control.begin_cycle(0);
  EXPECT_FALSE(control.phase_ready(kTakes)) << "row 1 enters in this cycle";
  EXPECT_EQ(control.enter_row(), 1U);
  control.begin_cycle(0);
  EXPECT_TRUE(control.phase_ready(kTakes));
}

TEST(ArrayControl, ATakeMayGoAheadOfItsFold) {
  ArrayControl control(array_of(Dataflow::WeightStationary));
  load_tile(control);
  control.begin_cycle(0);
  control.enter({.takes_shadow = true, .multiplies = false, .is_step = false});
  EXPECT_EQ(control.folds_inside(), 0);
  EXPECT_TRUE(control.load_ready(nullptr));
  control.begin_cycle(0);
  control.enter(kLone);
  EXPECT_EQ(control.folds_inside(), 1);
}

TEST(ArrayControl, DrainingFoldsEndAsManyCyclesApartAsRows) {
  ArrayControl control(array_of(Dataflow::OutputStationary));
  control.begin_cycle(0);
  EXPECT_TRUE(control.phase_ready(kLoneDrain));
  control.enter(kLoneDrain);
  control.begin_cycle(0);
  EXPECT_FALSE(control.phase_ready(kLoneDrain));
  EXPECT_TRUE(control.phase_ready(kLone)) << "sums that stay do not wait";
  control.begin_cycle(0);
  EXPECT_TRUE(control.phase_ready(kLoneDrain));
}

TEST(ArrayControl, WithoutOverlapNothingEntersBeforeTheFoldHasCompleted) {
  ArrayControl control(array_of(Dataflow::WeightStationary, Overlap::None));
  load_tile(control);
  control.begin_cycle(0);
  EXPECT_FALSE(control.load_ready(&kTakes)) << "a load not even with the phase that takes its tile";
  control.enter(kTakes);
  control.begin_cycle(0);
  EXPECT_TRUE(control.phase_ready(kGoesOn));
  control.enter(kEnds);
  control.begin_cycle(0);
  EXPECT_FALSE(control.load_ready(nullptr));
  EXPECT_FALSE(control.phase_ready(kLone));
  control.begin_cycle(1);  // completes now
  EXPECT_TRUE(control.load_ready(nullptr));
  EXPECT_TRUE(control.phase_ready(kLone));
}

TEST(ArrayControl, RefusesWhatNoArrayDoes) {
  ArrayControl loading(array_of(Dataflow::WeightStationary));
  loading.begin_cycle(0);
  EXPECT_THROW(loading.enter(kGoesOn), InternalError) << "no first phase";
  EXPECT_THROW(loading.enter(kLoneDrain), InternalError) << "nothing to drain";
  EXPECT_THROW(loading.enter(kTakes), InternalError) << "nothing to take";
  ArrayControl summing(array_of(Dataflow::OutputStationary));
  summing.begin_cycle(0);
  EXPECT_FALSE(summing.load_ready(nullptr)) << "it loads nothing";
  EXPECT_THROW(summing.enter(kTakes), InternalError);
  EXPECT_THROW(summing.enter({.first = true, .drains = true}), InternalError) << "before its end";
  summing.enter({.first = true});
  EXPECT_THROW(summing.enter({.first = true}), InternalError) << "begins twice";
}

}  // namespace
}  // namespace systole::testing
