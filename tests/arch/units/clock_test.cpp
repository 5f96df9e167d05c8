#include "arch/units/clock.h"

#include <gtest/gtest.h>

namespace systole {
namespace {

constexpr Clock<CoreCycles> kGigahertz(Hertz(1'000'000'000));  // 10^6 fs a cycle

TEST(Clock, PeriodIsTheNearestFemtosecond) {
  // 10^15 / 7e8 = 1,428,571.43; 10^15 / 6e8 = 1,666,666.67
  EXPECT_EQ(Clock<CoreCycles>(Hertz(700'000'000)).period(), Femtoseconds(1'428'571));
  EXPECT_EQ(Clock<CoreCycles>(Hertz(600'000'000)).period(), Femtoseconds(1'666'667));
  EXPECT_EQ(kGigahertz.period(), Femtoseconds(1'000'000));
}

TEST(Clock, PeriodCanBeGivenAsATime) {
  EXPECT_EQ(Clock<DramCycles>(Femtoseconds(937'500)).period(), Femtoseconds(937'500));
}

TEST(Clock, EdgesStartAtTimeZero) {
  EXPECT_EQ(kGigahertz.time_of(CoreCycles(0)), Femtoseconds(0));
  EXPECT_EQ(kGigahertz.time_of(CoreCycles(3)), Femtoseconds(3'000'000));
}

TEST(Clock, EdgesAroundATime) {
  EXPECT_EQ(kGigahertz.edge_at_or_after(Femtoseconds(2'999'999)), CoreCycles(3));
  EXPECT_EQ(kGigahertz.edge_at_or_after(Femtoseconds(3'000'000)), CoreCycles(3));
  EXPECT_EQ(kGigahertz.edge_at_or_after(Femtoseconds(3'000'001)), CoreCycles(4));
  EXPECT_EQ(kGigahertz.edge_at_or_before(Femtoseconds(2'999'999)), CoreCycles(2));
  EXPECT_EQ(kGigahertz.edge_at_or_before(Femtoseconds(3'000'000)), CoreCycles(3));
}

TEST(Clock, TimeAndBackIsExactWhateverThePeriodLost) {
  const Clock<CoreCycles> clock(Hertz(700'000'000));
  for (const std::int64_t cycle : {0, 1, 7, 699'999'999}) {
    const Femtoseconds edge = clock.time_of(CoreCycles(cycle));
    EXPECT_EQ(clock.edge_at_or_after(edge), CoreCycles(cycle));
    EXPECT_EQ(clock.edge_at_or_before(edge), CoreCycles(cycle));
  }
}

}  // namespace
}  // namespace systole
