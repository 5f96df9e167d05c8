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

/// Two postponed ones more: 49 + 3 x 50 = 199, in which a second can begin, 249, a third, 299.
TEST(WorstCase, CountsPostponedRefreshes) {
  ChipSpec late = chip();
  late.dram.controller.postponed_refreshes = 2;
  EXPECT_EQ(worst_case(late, ns(49)).time, ns(49 + 5 * 50));
}

/// Four banks, each 10 + 2 + 5 + 4 + 1 = 22 ns in every 100 ns.
TEST(WorstCase, CountsEveryBankThatIsRefreshedAlone) {
  ChipSpec banks = chip();
  banks.dram.controller.refresh = RefreshKind::PerBank;
  banks.dram.standard.organization.bank_groups = 2;
  banks.dram.standard.organization.banks_per_group = 2;
  banks.dram.standard.timing.nRFCpb = DramCycles(2);
  EXPECT_EQ(worst_case(banks, ns(10)).time, ns(10 + 88));
  EXPECT_EQ(worst_case(banks, ns(10)).refreshes, 4);
  banks.dram.standard.timing.nRFCpb = DramCycles(5);  // 4 x 25 = 100
  EXPECT_FALSE(worst_case(banks, ns(10)).bounded);
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
