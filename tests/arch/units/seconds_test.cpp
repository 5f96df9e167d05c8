#include "arch/units/seconds.h"

#include <gtest/gtest.h>

namespace systole {
namespace {

TEST(Seconds, AreCyclesTimesThePeriod) {
  const Clock<CoreCycles> clock(Hertz(500'000'000));
  EXPECT_EQ(seconds_of(clock, CoreCycles(4000)), 8e-6);
  EXPECT_EQ(seconds_of(Femtoseconds(8'000'000'000)), 8e-6);
  // 700 MHz has a period of 1,428,571 fs
  EXPECT_DOUBLE_EQ(seconds_of(Clock<CoreCycles>(Hertz(700'000'000)), CoreCycles(7)), 9.999997e-9);
}

TEST(Seconds, OfMoreCyclesThan64BitsOfFemtosecondsHoldAreRight) {
  const Clock<CoreCycles> clock(Hertz(1'000'000));
  EXPECT_DOUBLE_EQ(seconds_of(clock, CoreCycles(1'000'000'000'000)), 1e6);
}

TEST(PerSecond, IsZeroWithoutTime) {
  const Clock<CoreCycles> clock(Hertz(500'000'000));
  EXPECT_EQ(per_second(2.0, clock, CoreCycles(4000)), 250'000.0);
  EXPECT_EQ(per_second(2.0, clock, CoreCycles(0)), 0.0);
}

}  // namespace
}  // namespace systole
