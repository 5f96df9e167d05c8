/// The equations of silicon/energy/dram_energy.h against those of DRAMsim3, DRAMPower 4 and
/// DRAMPower 5.1 on the same work (data/energy_crosscheck.csv, in nJ).
#include "silicon/energy/dram_energy.h"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/sim/dram/reference_data.h"

namespace systole::testing {
namespace {

struct CrossCheck {
  ReferenceRun run;
  std::string source;
  double time_ns = 0, act_pre = 0, read = 0, write = 0, refresh = 0, standby = 0, total = 0;
  std::int64_t acts = 0, reads = 0, writes = 0, refreshes = 0;
};

std::vector<CrossCheck> cross_checks() {
  std::ifstream file(std::string(SYSTOLE_SOURCE_DIR) +
                     "/tests/sim/dram/data/energy_crosscheck.csv");
  std::vector<CrossCheck> checks;
  std::string line;
  std::getline(file, line);
  while (std::getline(file, line)) {
    std::istringstream cells(line);
    CrossCheck check;
    std::string requests;
    for (std::string* text :
         {&check.run.config, &check.run.mapping, &check.run.pattern, &requests, &check.source}) {
      std::getline(cells, *text, ',');
    }
    std::string numbers;
    std::getline(cells, numbers);
    std::replace(numbers.begin(), numbers.end(), ',', ' ');
    std::istringstream(numbers) >> check.time_ns >> check.act_pre >> check.read >> check.write >>
        check.refresh >> check.standby >> check.total >> check.acts >> check.reads >>
        check.writes >> check.refreshes;
    check.run.requests = std::stoll(requests);
    checks.push_back(check);
  }
  return checks;
}

constexpr double kPicojoulesPerNanojoule = 1e3;

TEST(DramEnergy, OfEveryCommandIsWithinOnePerCentOfTheThreeSetsOfEquations) {
  const std::vector<CrossCheck> checks = cross_checks();
  ASSERT_EQ(checks.size(), 35U);
  for (const CrossCheck& check : checks) {
    const DramStandard standard = shipped_standard(check.run.config);
    DramRunResult run;
    run.activates = check.acts;
    run.rows_closed = check.acts;
    run.reads = check.reads;
    run.writes = check.writes;
    run.refreshes = check.refreshes;
    const DramEnergy energy = dram_energy(standard, run);
    const auto expect = [&](double ours, double theirs, const char* what) {
      EXPECT_NEAR(ours / kPicojoulesPerNanojoule, theirs, 0.01 * theirs)
          << what << " of " << check.run << " by " << check.source;
    };
    expect(energy.read, check.read, "read");
    expect(energy.write, check.write, "write");
    expect(energy.refresh, check.refresh, "refresh");
    if (check.source.starts_with("DRAMsim3")) {  // charges the pair with the activate
      expect(energy.activate + energy.precharge, check.act_pre, "activate and precharge");
      continue;
    }
    // DRAMPower charges a precharge when it happens: up to all banks stand open at the end.
    run.rows_closed = check.acts - standard.organization.banks();
    const double least = energy.activate + dram_energy(standard, run).precharge;
    EXPECT_GE(check.act_pre * kPicojoulesPerNanojoule, 0.99 * least) << check.run;
    EXPECT_LE(check.act_pre * kPicojoulesPerNanojoule, 1.01 * (energy.activate + energy.precharge))
        << check.run;
  }
}

/// DRAMPower 5.1 was given R's own commands: the same work, so that totals compare too.
TEST(DramEnergy, OfTheWholeRunIsWithinOnePerCentOfDrampowerOnTheSameCommands) {
  std::int64_t compared = 0;
  for (const CrossCheck& check : cross_checks()) {
    if (!check.source.starts_with("DRAMPower5.1")) {
      continue;
    }
    const DramStandard standard = as_reference_knew_it(shipped_standard(check.run.config));
    const DramRunResult run = replay(standard, shipped_controller("ramulator2"), check.run);
    const DramEnergy energy = dram_energy(standard, run);
    const double standby =
        (energy.active_standby + energy.precharged_standby) / kPicojoulesPerNanojoule;
    const double total = (energy.total() - energy.io) / kPicojoulesPerNanojoule;
    EXPECT_NEAR((energy.activate + energy.precharge) / kPicojoulesPerNanojoule, check.act_pre,
                0.01 * check.act_pre)
        << check.run;
    // It counts precharge and time of a refresh as active, we as standing precharged.
    const DramTiming& timing = standard.timing;
    const double refreshing = static_cast<double>((timing.nRFC + timing.nRP).count()) /
                              static_cast<double>(timing.nREFI.count());
    const double gap = 1 - static_cast<double>(standard.power->IDD2N.count()) /
                               static_cast<double>(standard.power->IDD3N.count());
    EXPECT_NEAR(standby / check.standby, 1.0 - refreshing * gap / 2, refreshing * gap / 2 + 0.001)
        << check.run;
    EXPECT_NEAR(total / check.total, 1.0, 0.01) << check.run;
    ++compared;
  }
  EXPECT_EQ(compared, 10);
}

TEST(DramEnergy, FollowsItsEquationsTermByTerm) {
  DramStandard standard;
  standard.organization.bus_bits = 64;
  standard.organization.device_bits = 16;  // four devices
  standard.timing.tCK = Femtoseconds(1'000'000);
  standard.timing.nBL = DramCycles(4);
  standard.timing.nRAS = DramCycles(30);
  standard.timing.nRP = DramCycles(10);
  standard.timing.nRC = DramCycles(42);
  standard.timing.nRFC = DramCycles(100);
  standard.timing.nRFCpb = DramCycles(50);
  const auto mA = [](std::int64_t value) { return Microamperes(value * 1000); };
  standard.power = DramPower{.VDD = Microvolts(1'500'000),
                             .IDD0 = mA(50),
                             .IDD2P = mA(10),
                             .IDD2N = mA(20),
                             .IDD3P = mA(25),
                             .IDD3N = mA(30),
                             .IDD4W = mA(130),
                             .IDD4R = mA(150),
                             .IDD5AB = mA(230),
                             .IDD5PB = mA(80),
                             .io_read = Femtojoules(2'000),
                             .io_write = Femtojoules(3'000)};
  DramRunResult run;
  run.activates = 2;
  run.rows_closed = 1;
  run.reads = 3;
  run.writes = 5;
  run.refreshes = 7;
  run.bank_refreshes = 11;
  run.active_cycles = DramCycles(1000);
  run.rank_cycles = DramCycles(1500);
  run.active_power_down_cycles = DramCycles(300);
  run.precharged_power_down_cycles = DramCycles(100);
  const DramEnergy energy = dram_energy(standard, run);
  // 1.5 V x 4 devices x 1 ns = 6 pJ for every mA and cycle
  EXPECT_DOUBLE_EQ(energy.activate, 6.0 * (20 * 30 + 30 * 2) * 2);
  EXPECT_DOUBLE_EQ(energy.precharge, 6.0 * 30 * 10);
  EXPECT_DOUBLE_EQ(energy.read, 6.0 * 120 * 4 * 3);
  EXPECT_DOUBLE_EQ(energy.write, 6.0 * 100 * 4 * 5);
  EXPECT_DOUBLE_EQ(energy.refresh, 6.0 * 200 * 100 * 7 + 6.0 * 50 * 50 * 11);
  standard.organization.banks_per_group = 8;
  standard.power->IDD5PB = Microamperes(0);
  EXPECT_DOUBLE_EQ(dram_energy(standard, run).refresh,
                   6.0 * 200 * 100 * 7 + 6.0 * 200 * 100 / 8 * 11);
  EXPECT_DOUBLE_EQ(energy.active_standby, 6.0 * 30 * (1000 - 300));
  EXPECT_DOUBLE_EQ(energy.precharged_standby, 6.0 * 20 * (500 - 100));
  EXPECT_DOUBLE_EQ(energy.active_power_down, 6.0 * 25 * 300);
  EXPECT_DOUBLE_EQ(energy.precharged_power_down, 6.0 * 10 * 100);
  EXPECT_DOUBLE_EQ(energy.io, 512.0 * (3 * 2 + 5 * 3));
}

}  // namespace
}  // namespace systole::testing
