/// The checker that everything else relies on sees each broken rule of every standard that ships.
#include "tests/sim/dram/command_checker.h"

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "arch/read_dram.h"
#include "sim/dram/gap_table.h"

namespace systole::testing {
namespace {

std::vector<DramStandard> shipped_standards() {
  std::vector<DramStandard> standards;
  const std::string directory = std::string(SYSTOLE_SOURCE_DIR) + "/configs/dram";
  for (const std::string& name : dram_names({directory})) {
    standards.push_back(read_dram_standard(directory + "/" + name + ".yaml").standard);
  }
  return standards;
}

/// A bank that a gap of this scope from bank 0 reaches; none where the standard has no such bank.
std::optional<std::int64_t> reached(GapScope scope, const DramOrganization& shape) {
  switch (scope) {
    case GapScope::Bank:
      return 0;
    case GapScope::BankGroup:
      return shape.banks_per_group > 1 ? std::optional<std::int64_t>(1) : std::nullopt;
    case GapScope::Rank:
    case GapScope::PseudoChannel:
      return shape.banks_per_rank() - 1;
    case GapScope::OtherRank:
      return shape.ranks > 1 ? std::optional(shape.banks_per_rank()) : std::nullopt;
  }
  return std::nullopt;
}

/// What is wrong with two commands so many cycles apart (that no row was opened before, too).
std::int64_t violations(const DramStandard& standard, const CommandGap& gap, std::int64_t second,
                        DramCycles apart) {
  CommandChecker checker(standard);
  const DramCycles first{100'000};
  checker.observe({gap.first, first, {}, BankIndex{0}, RowIndex{1}});
  checker.observe({gap.second, first + apart, {}, static_cast<BankIndex>(second), RowIndex{1}});
  return checker.violations();
}

TEST(CommandChecker, SeesEveryGapOfEveryStandardBrokenByACycle) {
  for (const DramStandard& standard : shipped_standards()) {
    std::int64_t gaps = 0;
    for (const CommandGap& gap : command_gaps(standard, RankTurnaround::Separate)) {
      const std::optional<std::int64_t> second = reached(gap.scope, standard.organization);
      // RD to WR of another rank keeps more than the data bus asks for: a policy, no rule.
      const bool policy = gap.scope == GapScope::OtherRank && gap.first == DramCommandKind::Read &&
                          gap.second == DramCommandKind::Write;
      if (!second || gap.cycles <= DramCycles(1) || policy) {
        continue;
      }
      EXPECT_GT(violations(standard, gap, *second, gap.cycles - DramCycles(1)),
                violations(standard, gap, *second, gap.cycles))
          << standard.name << ' ' << gap.name << " scope " << static_cast<int>(gap.scope)
          << " from " << static_cast<int>(gap.first) << " to " << static_cast<int>(gap.second);
      ++gaps;
    }
    EXPECT_GT(gaps, 15) << standard.name;
  }
}

TEST(CommandChecker, SeesTheFifthActivateInAWindowOfFour) {
  for (const DramStandard& standard : shipped_standards()) {
    const DramTiming& t = standard.timing;
    if (standard.organization.banks_per_rank() < 5 || t.nFAW <= t.nRRD_L * 4) {
      continue;
    }
    const auto after = [&](DramCycles fifth) {
      CommandChecker checker(standard);
      for (int bank = 0; bank < 4; ++bank) {
        checker.observe({DramCommandKind::Activate,
                         t.nRRD_L * bank,
                         {},
                         static_cast<BankIndex>(bank),
                         RowIndex{1}});
      }
      checker.observe({DramCommandKind::Activate, fifth, {}, BankIndex{4}, RowIndex{1}});
      return checker.violations();
    };
    EXPECT_EQ(after(t.nFAW), 0) << standard.name;
    EXPECT_EQ(after(t.nFAW - DramCycles(1)), 1) << standard.name;
  }
}

}  // namespace
}  // namespace systole::testing
