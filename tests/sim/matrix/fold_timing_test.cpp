#include "sim/matrix/fold_timing.h"

#include <gtest/gtest.h>

#include "tests/sim/support/program_builder.h"
#include "tests/sim/support/small_chip.h"

namespace systole::testing {
namespace {

TEST(FoldTiming, StreamsOneRowPerPace) {
  const FoldTiming timing = fold_timing(small_chip().matrix, Bytes(8), fold_of(10, 8, 4));
  EXPECT_EQ(timing.stream, CoreCycles(10));
  EXPECT_EQ(timing.accesses, 10);
}

TEST(FoldTiming, WideRowsTakeTwoAccesses) {
  Fold fold = fold_of(10, 5, 4);
  fold.activation_type = DataType::Int16;  // 10 bytes per row
  const FoldTiming timing = fold_timing(small_chip().matrix, Bytes(8), fold);
  EXPECT_EQ(timing.stream, CoreCycles(20));  // one 16-bit operand: pace 2
  EXPECT_EQ(timing.accesses, 20);
}

TEST(FoldTiming, ShiftTakesTheArraysRowsAndDrainBothSkews) {
  EXPECT_EQ(shift_cycles(small_chip().matrix), CoreCycles(8));
  EXPECT_EQ(drain_cycles(small_chip().matrix), CoreCycles((8 - 1) + (4 - 1)));
}

}  // namespace
}  // namespace systole::testing
