// What the RTL says of offers that break the rules of ArrayPort, and when it is ready.
#include <string>

#include <gtest/gtest.h>

#include "arch/diag/error.h"
#include "tests/rtl/rtl_array.h"
#include "tests/support_array/array_driver.h"

namespace systole::testing {

namespace {

constexpr ArrayConfig kWeightStationary{.rows = 2, .cols = 2};
constexpr ArrayConfig kOutputStationary{
    .dataflow = ArrayDataflow::OutputStationary, .rows = 2, .cols = 2};
const std::vector<std::uint32_t> kRow{1, 2};

PhaseInput lone_phase() {
  return {.left = {1, 1}, .first = true, .last = true};
}

/// The error that ends the run when the phase is offered and some cycles pass.
std::string error_of(const ArrayConfig& config, const PhaseInput& phase) {
  const auto array = make_rtl_array();
  array->reset(config);
  try {
    array->cycle(nullptr, &phase);
    for (int i = 0; i < 8; ++i) {
      array->cycle(nullptr, nullptr);
    }
  } catch (const InternalError& error) {
    return error.what();
  }
  return "none";
}

bool mentions(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST(RtlRules, ATileIsTakenTheCycleAfterItsLastRowAndTheNextTileEntersThen) {
  const auto array = make_rtl_array();
  array->reset(kWeightStationary);
  PhaseInput phase = lone_phase();
  phase.takes_shadow = true;
  const auto taken = [&] {
    const CycleOutput output = array->cycle(&kRow, &phase);
    return std::pair(output.load_taken, output.phase_taken);
  };
  EXPECT_EQ(taken(), std::pair(true, false));  // row 0
  EXPECT_EQ(taken(), std::pair(true, false));  // row 1: not ready in the cycle in which it enters
  EXPECT_EQ(taken(), std::pair(true, true));   // ready; row 0 of the next tile in the same cycle
}

TEST(RtlRules, ATileThatWaitsKeepsTheNextOneOut) {
  const auto array = make_rtl_array();
  array->reset(kWeightStationary);
  EXPECT_TRUE(array->cycle(&kRow, nullptr).load_taken);
  EXPECT_TRUE(array->cycle(&kRow, nullptr).load_taken);
  for (int i = 0; i < 4; ++i) {
    EXPECT_FALSE(array->cycle(&kRow, nullptr).load_taken);
  }
}

TEST(RtlRules, TakingATileThatNeverCameWaits) {
  const auto array = make_rtl_array();
  array->reset(kWeightStationary);
  PhaseInput phase = lone_phase();
  phase.takes_shadow = true;
  for (int i = 0; i < 8; ++i) {
    EXPECT_FALSE(array->cycle(nullptr, &phase).phase_taken);
  }
}

TEST(RtlRules, ResetForgetsWhatWasUnderWay) {
  const auto array = make_rtl_array();
  array->reset(kWeightStationary);
  const PhaseInput phase = lone_phase();
  array->cycle(&kRow, &phase);
  array->reset(kWeightStationary);
  for (int i = 0; i < 8; ++i) {
    EXPECT_EQ(array->cycle(nullptr, nullptr), CycleOutput{});
  }
}

TEST(RtlRules, LanesThatAreNotActiveAreNotLookedAt) {
  const auto array = make_rtl_array();
  // Leaves operands that fit no slice on lanes which the case after it does not drive.
  array->reset({.rows = 4, .cols = 4});
  const std::vector<std::uint32_t> wide(4, 0x7fffffff);
  const PhaseInput phase{.left = wide, .first = true, .last = true};
  array->cycle(&wide, &phase);
  const std::vector<ArrayFold> folds{{.tile = {{1, 2}, {3, 4}}, .left = {{5, 7}}}};
  const auto outcomes = run_folds(*array, kWeightStationary, folds);
  EXPECT_EQ(outcomes[0].results, (Lanes{{5 * 1 + 7 * 3, 5 * 2 + 7 * 4}}));
}

TEST(RtlRules, FlagsOfTheOtherDataflowAreAnError) {
  PhaseInput phase = lone_phase();
  phase.drains = true;
  EXPECT_TRUE(mentions(error_of(kWeightStationary, phase), "cycle 0: an offer breaks the rules"));
}

TEST(RtlRules, TakingAShadowIsAnErrorWhereNothingIsLoaded) {
  PhaseInput phase = lone_phase();
  phase.top = {1, 1};
  phase.takes_shadow = true;
  EXPECT_TRUE(mentions(error_of(kOutputStationary, phase), "cycle 0: an offer breaks the rules"));
}

TEST(RtlRules, AFoldThatDoesNotBeginIsAnError) {
  PhaseInput phase = lone_phase();
  phase.first = false;
  EXPECT_TRUE(mentions(error_of(kWeightStationary, phase), "cycle 0: an offer breaks the rules"));
}

TEST(RtlRules, ASliceOfAnOperandThatIsNotSlicedIsAnError) {
  PhaseInput phase = lone_phase();
  phase.left_slice = 1;
  EXPECT_TRUE(mentions(error_of(kWeightStationary, phase), "cycle 0: an offer breaks the rules"));
}

TEST(RtlRules, ASliceOfAFloatIsAnError) {
  PhaseInput phase = lone_phase();
  phase.sliced_left = true;
  EXPECT_TRUE(mentions(error_of({.rows = 2, .cols = 2, .floating = true}, phase),
                       "cycle 0: an offer breaks the rules"));
}

TEST(RtlRules, ASizeBeyondTheElaboratedOneIsAnError) {
  const auto array = make_rtl_array(RtlSize::Wide5x19);
  EXPECT_NO_THROW(array->reset({.rows = 5, .cols = 19}));
  EXPECT_THROW(array->reset({.rows = 6, .cols = 19}), InternalError);
  EXPECT_THROW(array->reset({.rows = 5, .cols = 20}), InternalError);
}

TEST(RtlRules, AnOperandWiderThanItsSliceIsAnErrorACycleAfterItIsMultiplied) {
  PhaseInput phase = lone_phase();
  phase.left = {0, 256};  // nine signed bits end at 255; row 1 multiplies in cycle 1
  EXPECT_TRUE(mentions(error_of(kWeightStationary, phase), "cycle 2: an operand does not fit"));
}

TEST(RtlRules, AnOperandThatFitsItsSliceIsNone) {
  PhaseInput phase = lone_phase();
  phase.left = {0, 255};
  EXPECT_EQ(error_of(kWeightStationary, phase), "none");
}

}  // namespace systole::testing
