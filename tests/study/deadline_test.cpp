#include "study/deadline.h"

#include <gtest/gtest.h>

namespace systole {
namespace {

/// Cycles of 1 ns; a refresh takes 10 + 30 + 5 + 4 + 1 = 50 ns every 100 ns.
ChipSpec chip() {
  ChipSpec chip;
  chip.frequency = Hertz(1'000'000'000);
  DramTiming& timing = chip.dram.standard.timing;
  timing.tCK = Femtoseconds(1'000'000);
  timing.nRC = DramCycles(10);
  timing.nRFC = DramCycles(30);
  timing.nRCD = DramCycles(5);
  timing.nCL = DramCycles(4);
  timing.nBL = DramCycles(1);
  timing.nREFI = DramCycles(100);
  return chip;
}

Femtoseconds ns(std::int64_t count) {
  return Femtoseconds(count * 1'000'000);
}

/// 49 ns: one refresh, 99 ns. 50 ns: one makes 100, in which a second can begin, 150.
/// 120 ns: two make 220, three 270, and 270 holds three.
TEST(WorstCase, ExposesEveryRefreshThatCanFallIntoTheRun) {
  EXPECT_EQ(worst_case(chip(), ns(49)).time, ns(99));
  EXPECT_EQ(worst_case(chip(), ns(50)).time, ns(150));
  const WorstCase worst = worst_case(chip(), ns(120));
  EXPECT_EQ(worst.time, ns(270));
  EXPECT_EQ(worst.refreshes, 3);
  EXPECT_EQ(worst.refresh, ns(50));
}

TEST(WorstCase, WithoutRefreshIsTheRun) {
  ChipSpec still = chip();
  still.dram.standard.timing.nREFI = DramCycles(0);
  EXPECT_EQ(worst_case(still, ns(120)).time, ns(120));
}

TEST(Deadline, IsMetUpToItsLastMoment) {
  Result result;
  result.chip = chip();
  result.counters.elapsed = CoreCycles(120);
  EXPECT_TRUE(check_deadline(result, ns(120)).met());
  EXPECT_FALSE(check_deadline(result, ns(119)).met());
  EXPECT_FALSE(check_deadline(result, ns(269)).always_met());
  EXPECT_TRUE(check_deadline(result, ns(270)).always_met());
}

}  // namespace
}  // namespace systole
