#include "tests/dram/timing_rules.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>

namespace systole::testing {

TimingRules::TimingRules(const DramOrganization& organization, const DramTiming& timing)
    : organization_(organization), timing_(timing) {
  using enum DramCommandKind;
  const std::int64_t burst = timing.nBL.count();
  const std::int64_t write_data = timing.nCWL.count() + burst;
  const std::int64_t turn = timing.nCL.count() - timing.nCWL.count();
  const std::int64_t switch_rank = 2;
  rules_ = {
      {"nRCD", Activate, Read, Scope::Bank, timing.nRCD.count()},
      {"nRCD", Activate, Write, Scope::Bank, timing.nRCD.count()},
      {"nRAS", Activate, Precharge, Scope::Bank, timing.nRAS.count()},
      {"nRC", Activate, Activate, Scope::Bank, timing.nRC.count()},
      {"nRRD_L", Activate, Activate, Scope::Group, timing.nRRD_L.count()},
      {"nRRD_S", Activate, Activate, Scope::Rank, timing.nRRD_S.count()},
      {"nRP", Precharge, Activate, Scope::Bank, timing.nRP.count()},
      {"nRTP", Read, Precharge, Scope::Bank, timing.nRTP.count()},
      {"nWR", Write, Precharge, Scope::Bank, write_data + timing.nWR.count()},
      {"nCCD_L", Read, Read, Scope::Group, timing.nCCD_L.count()},
      {"nCCD_L", Write, Write, Scope::Group, timing.nCCD_L.count()},
      {"nCCD_S", Read, Read, Scope::Rank, timing.nCCD_S.count()},
      {"nCCD_S", Write, Write, Scope::Rank, timing.nCCD_S.count()},
      {"nWTR_L", Write, Read, Scope::Group, write_data + timing.nWTR_L.count()},
      {"nWTR_S", Write, Read, Scope::Rank, write_data + timing.nWTR_S.count()},
      {"nRTW", Read, Write, Scope::Channel, timing.nRTW.count()},
      {"data bus", Read, Read, Scope::Rank, burst},
      {"data bus", Write, Write, Scope::Rank, burst},
      {"data bus", Read, Write, Scope::Rank, burst + turn},
      {"data bus", Write, Read, Scope::Rank, burst - turn},
      {"data bus", Read, Read, Scope::OtherRank, burst + switch_rank},
      {"data bus", Write, Write, Scope::OtherRank, burst + switch_rank},
      {"data bus", Read, Write, Scope::OtherRank, burst + switch_rank + turn},
      {"data bus", Write, Read, Scope::OtherRank, burst + switch_rank - turn},
      {"order", Read, Read, Scope::Channel, 1},
      {"order", Read, Write, Scope::Channel, 1},
      {"order", Write, Read, Scope::Channel, 1},
      {"order", Write, Write, Scope::Channel, 1},
      {"nRP", Precharge, Refresh, Scope::Rank, timing.nRP.count()},
      {"nRC", Activate, Refresh, Scope::Rank, timing.nRC.count()},
      {"nRFC", Refresh, Activate, Scope::Rank, timing.nRFC.count()},
      {"nRFC", Refresh, Refresh, Scope::Rank, timing.nRFC.count()},
  };
  longest_ = timing.nFAW.count();
  for (const Rule& rule : rules_) {
    longest_ = std::max(longest_, rule.gap);
  }
}

std::int64_t TimingRules::group(const DramCommand& command) const {
  return static_cast<std::int64_t>(command.bank) / organization_.banks_per_group;
}

std::int64_t TimingRules::rank(const DramCommand& command) const {
  return group(command) / organization_.bank_groups;
}

bool TimingRules::applies(const Rule& rule, const DramCommand& first,
                          const DramCommand& second) const {
  if (rule.first != first.kind || rule.second != second.kind) {
    return false;
  }
  switch (rule.scope) {
    case Scope::Bank:
      return first.bank == second.bank;
    case Scope::Group:
      return group(first) == group(second);
    case Scope::Rank:
      return rank(first) == rank(second);
    case Scope::OtherRank:
      return rank(first) != rank(second);
    case Scope::Channel:
      return true;
  }
  return false;
}

bool TimingRules::four_activates_ahead(const std::vector<DramCommand>& before,
                                       const DramCommand& command) const {
  const auto in_window = [&](const DramCommand& other) {
    return other.kind == DramCommandKind::Activate && rank(other) == rank(command) &&
           other.at <= command.at && command.at < other.at + timing_.nFAW;
  };
  return std::count_if(before.begin(), before.end(), in_window) >= 4;
}

std::int64_t TimingRules::earliest(const std::vector<DramCommand>& before, DramCommand command,
                                   std::int64_t from) const {
  command.at = DramCycles(from);
  for (const DramCommand& other : before) {
    if (other.at + DramCycles(longest_) <= DramCycles(from)) {
      continue;  // too old to matter
    }
    for (const Rule& rule : rules_) {
      if (applies(rule, other, command)) {
        command.at = std::max(command.at, other.at + DramCycles(rule.gap));
      }
    }
  }
  while (command.kind == DramCommandKind::Activate && four_activates_ahead(before, command)) {
    command.at += DramCycles(1);
  }
  return command.at.count();
}

void TimingRules::check_gaps(const std::vector<DramCommand>& commands,
                             std::vector<std::string>& lines) const {
  for (std::size_t second = 0; second < commands.size(); ++second) {
    std::vector<DramCommand> before;
    for (std::size_t first = second; first-- > 0;) {
      if (commands[first].at + DramCycles(longest_) < commands[second].at) {
        break;
      }
      before.push_back(commands[first]);
      for (const Rule& rule : rules_) {
        if (applies(rule, commands[first], commands[second]) &&
            commands[second].at < commands[first].at + DramCycles(rule.gap)) {
          lines.push_back(fmt::format("{}: {} after {}", rule.name, describe(commands[second]),
                                      describe(commands[first])));
        }
      }
    }
    if (commands[second].kind == DramCommandKind::Activate &&
        four_activates_ahead(before, commands[second])) {
      lines.push_back(fmt::format("nFAW: {}", describe(commands[second])));
    }
  }
}

void TimingRules::check_states(const std::vector<DramCommand>& commands,
                               std::vector<std::string>& lines) const {
  std::map<BankIndex, RowIndex> open;
  std::map<std::int64_t, std::int64_t> refreshes;
  for (const DramCommand& command : commands) {
    const auto row = open.find(command.bank);
    bool legal = true;
    switch (command.kind) {
      case DramCommandKind::Precharge:
        legal = row != open.end();
        open.erase(command.bank);
        break;
      case DramCommandKind::Activate:
        legal = row == open.end();
        open[command.bank] = command.row;
        break;
      case DramCommandKind::Read:
      case DramCommandKind::Write:
        legal = row != open.end() && row->second == command.row;
        break;
      case DramCommandKind::Refresh:
        legal = std::none_of(open.begin(), open.end(), [&](const auto& entry) {
          return rank({.bank = entry.first}) == rank(command);
        });
        // Never before it is due.
        legal = legal && command.at >= timing_.nREFI * ++refreshes[rank(command)];
        break;
      case DramCommandKind::PrechargeAll:
      case DramCommandKind::RefreshBank:
        legal = false;  // DramChannel sends neither
        break;
    }
    if (!legal) {
      lines.push_back(fmt::format("state: {}", describe(command)));
    }
  }
}

std::vector<std::string> TimingRules::violations(std::vector<DramCommand> commands) const {
  std::stable_sort(commands.begin(), commands.end(),
                   [](const DramCommand& a, const DramCommand& b) { return a.at < b.at; });
  std::vector<std::string> lines;
  check_gaps(commands, lines);
  check_states(commands, lines);
  return lines;
}

std::string describe(const DramCommand& command) {
  const char* names[] = {"PRE", "ACT", "RD", "WR", "REF", "PREA", "REFpb"};
  return fmt::format("{} bank {} row {} at {}", names[static_cast<std::size_t>(command.kind)],
                     static_cast<std::int64_t>(command.bank),
                     static_cast<std::int64_t>(command.row), command.at.count());
}

}  // namespace systole::testing
