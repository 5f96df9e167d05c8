/// The checker can fail: every rule, one cycle too early and just in time.
#include "tests/dram/timing_rules.h"

#include <ostream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/dram/dram_specs.h"

namespace systole::testing {
namespace {

using enum DramCommandKind;

DramCommand command(DramCommandKind kind, int bank, std::int64_t at, std::int64_t row = 0) {
  return {kind, DramCycles(at), {}, static_cast<BankIndex>(bank), static_cast<RowIndex>(row)};
}

/// `last` is legal at its cycle and breaks exactly `broken` a cycle earlier.
struct Case {
  std::string name;
  std::vector<DramCommand> before;
  DramCommand last;
  std::vector<std::string> broken;

  friend std::ostream& operator<<(std::ostream& out, const Case& rule) { return out << rule.name; }
};

class EveryRule : public ::testing::TestWithParam<Case> {};

TEST_P(EveryRule, IsTight) {
  DramStandard standard = two_ranks_with_groups();
  standard.timing.nREFI = DramCycles(300);
  const TimingRules rules(standard.organization, standard.timing);
  std::vector<DramCommand> commands = GetParam().before;
  DramCommand last = GetParam().last;
  EXPECT_EQ(rules.earliest(commands, last, 0), last.at.count());
  commands.push_back(last);
  EXPECT_EQ(rules.violations(commands), std::vector<std::string>{});
  commands.back().at -= DramCycles(1);
  std::vector<std::string> names;
  for (const std::string& line : rules.violations(commands)) {
    names.push_back(line.substr(0, line.find(':')));
  }
  EXPECT_EQ(names, GetParam().broken);
}

std::vector<Case> cases() {
  // nBL 4, nCL 17, nCWL 12, nRCD 16, nRP 15, nRAS 39, nRC 57, nRRD 5/7, nFAW 31, nCCD 4/6,
  // nWTR 3/9, nWR 18, nRTP 10, nRTW 11, nRFC 210. Bank = 4 * rank + 2 * group + bank.
  const DramCommand open0 = command(Activate, 0, 0);
  const DramCommand open1 = command(Activate, 1, 20);
  const DramCommand open2 = command(Activate, 2, 30);
  const DramCommand open4 = command(Activate, 4, 0);
  const DramCommand read = command(Read, 0, 100);
  const DramCommand write = command(Write, 0, 100);
  return {
      {"nRCD_read", {open0}, command(Read, 0, 16), {"nRCD"}},
      {"nRCD_write", {open0}, command(Write, 0, 16), {"nRCD"}},
      {"nRAS", {open0}, command(Precharge, 0, 39), {"nRAS"}},
      {"nRC", {open0, command(Precharge, 0, 39)}, command(Activate, 0, 57), {"nRC"}},
      {"nRP", {open0, command(Precharge, 0, 45)}, command(Activate, 0, 60), {"nRP"}},
      {"nRTP", {open0, read}, command(Precharge, 0, 110), {"nRTP"}},
      {"nWR", {open0, write}, command(Precharge, 0, 134), {"nWR"}},
      {"nRRD_L", {open0}, command(Activate, 1, 7), {"nRRD_L"}},
      {"nRRD_S", {open0}, command(Activate, 2, 5), {"nRRD_S"}},
      {"nCCD_L", {open0, open1, read}, command(Read, 1, 106), {"nCCD_L"}},
      {"nCCD_S", {open0, open2, read}, command(Read, 2, 104), {"nCCD_S", "data bus"}},
      {"bus_between_ranks", {open0, open4, read}, command(Read, 4, 106), {"data bus"}},
      {"nWTR_L", {open0, open1, write}, command(Read, 1, 125), {"nWTR_L"}},
      {"nWTR_S", {open0, open2, write}, command(Read, 2, 119), {"nWTR_S"}},
      {"write_read_between_ranks",
       {open0, open4, write},
       command(Read, 4, 101),
       {"data bus", "order"}},
      {"nRTW", {open0, read}, command(Write, 0, 111), {"nRTW"}},
      {"nRP_before_refresh",
       {open0, command(Precharge, 0, 290)},
       command(Refresh, 0, 305),
       {"nRP"}},
      {"nRFC", {command(Refresh, 0, 300)}, command(Activate, 0, 510), {"nRFC"}},
  };
}

INSTANTIATE_TEST_SUITE_P(Dram, EveryRule, ::testing::ValuesIn(cases()),
                         [](const auto& rule) { return rule.param.name; });

TEST(TimingRules, FifthActivateWaitsForTheWindow) {
  DramStandard standard = two_ranks_with_groups();
  standard.organization.banks_per_group = 4;
  const TimingRules rules(standard.organization, standard.timing);
  std::vector<DramCommand> commands = {command(Activate, 0, 0), command(Activate, 4, 5),
                                       command(Activate, 1, 10), command(Activate, 5, 15)};
  EXPECT_EQ(rules.earliest(commands, command(Activate, 2, 0), 20), 31);
  commands.push_back(command(Activate, 2, 31));
  EXPECT_EQ(rules.violations(commands), std::vector<std::string>{});
  commands.back().at = DramCycles(30);
  EXPECT_EQ(rules.violations(commands), (std::vector<std::string>{"nFAW: ACT bank 2 row 0 at 30"}));
}

TEST(TimingRules, CommandsMustFitTheStateOfTheirBank) {
  DramStandard standard = two_ranks_with_groups();
  standard.timing.nREFI = DramCycles(900);
  const TimingRules rules(standard.organization, standard.timing);
  using Lines = std::vector<std::string>;
  EXPECT_EQ(rules.violations({command(Read, 0, 5)}), (Lines{"state: RD bank 0 row 0 at 5"}));
  EXPECT_EQ(rules.violations({command(Precharge, 0, 5)}), (Lines{"state: PRE bank 0 row 0 at 5"}));
  EXPECT_EQ(rules.violations({command(Activate, 0, 0, 1), command(Write, 0, 50, 2)}),
            (Lines{"state: WR bank 0 row 2 at 50"}));
  EXPECT_EQ(rules.violations({command(Activate, 0, 0, 1), command(Activate, 0, 100, 2)}),
            (Lines{"state: ACT bank 0 row 2 at 100"}));
  EXPECT_EQ(rules.violations({command(Activate, 0, 0, 1), command(Refresh, 0, 900)}),
            (Lines{"state: REF bank 0 row 0 at 900"}));
  // Not yet due.
  EXPECT_EQ(rules.violations({command(Refresh, 0, 899)}),
            (Lines{"state: REF bank 0 row 0 at 899"}));
}

}  // namespace
}  // namespace systole::testing
