#include "sim/matrix/phase_plan.h"

#include <string>

#include <gtest/gtest.h>

namespace systole::testing {
namespace {

/// `left slice` x `other slice` of each phase: l, h or w; `-` multiplies nothing.
std::string plan_of(DataType left, DataType other, std::int64_t pace) {
  const auto letter = [](OperandSlice slice) {
    return slice == OperandSlice::Whole ? 'w' : slice == OperandSlice::Low ? 'l' : 'h';
  };
  std::string text;
  for (const PhaseSlices& phase : phase_slices(left, other, CoreCycles(pace))) {
    text += text.empty() ? "" : " ";
    text += phase.multiplies ? std::string{letter(phase.left), letter(phase.other)} : "-";
  }
  return text;
}

TEST(PhasePlan, NarrowOperandsTakeOnePhase) {
  EXPECT_EQ(plan_of(DataType::Int8, DataType::Int8, 1), "ww");
  EXPECT_EQ(plan_of(DataType::Bf16, DataType::Bf16, 1), "ww");
}

TEST(PhasePlan, WideOperandsGoSliceBySliceTheLeftOneFirst) {
  EXPECT_EQ(plan_of(DataType::Int16, DataType::Int8, 2), "lw hw");
  EXPECT_EQ(plan_of(DataType::Int8, DataType::Int16, 2), "wl wh");
  EXPECT_EQ(plan_of(DataType::Int16, DataType::Int16, 4), "ll hl lh hh");
}

TEST(PhasePlan, SlowerChipsMultiplyNothingInTheCyclesLeftOver) {
  EXPECT_EQ(plan_of(DataType::Fp16, DataType::Fp16, 3), "ww - -");
  EXPECT_EQ(plan_of(DataType::Int16, DataType::Int8, 3), "lw hw -");
}

TEST(PhasePlan, PesOfFasterChipsMultiplyWholeOperands) {
  EXPECT_EQ(plan_of(DataType::Int16, DataType::Int16, 1), "ww");
  EXPECT_EQ(plan_of(DataType::Int16, DataType::Int16, 2), "ww -");
}

}  // namespace
}  // namespace systole::testing
