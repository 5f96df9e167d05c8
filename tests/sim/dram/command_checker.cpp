#include "tests/sim/dram/command_checker.h"

#include <algorithm>

#include <fmt/format.h>

namespace systole::testing {

CommandChecker::CommandChecker(const DramStandard& standard)
    : standard_(standard),
      banks_per_group_(static_cast<std::size_t>(standard.organization.banks_per_group)),
      banks_per_rank_(static_cast<std::size_t>(standard.organization.banks_per_rank())),
      ranks_per_pseudo_(static_cast<std::size_t>(standard.organization.ranks)) {
  using enum DramCommandKind;
  const DramTiming& t = standard.timing;
  const std::int64_t written = (t.nCWL + t.nBL).count();
  rules_ = {
      {"tRCD", Activate, Read, Among::Bank, t.nRCD.count()},
      {"tRCDWR", Activate, Write, Among::Bank, t.nRCDWR.count()},
      {"tRAS", Activate, Precharge, Among::Bank, t.nRAS.count()},
      {"tRC", Activate, Activate, Among::Bank, t.nRC.count()},
      {"tRC", Activate, Refresh, Among::Rank, t.nRC.count()},
      {"tRC", Activate, RefreshBank, Among::Bank, t.nRC.count()},
      {"tRRD_S", Activate, RefreshBank, Among::Rank, t.nRRD_S.count()},
      {"tRRD_S", RefreshBank, Activate, Among::Rank, t.nRRD_S.count()},
      {"tRP", Precharge, Activate, Among::Bank, t.nRP.count()},
      {"tRP", Precharge, Refresh, Among::Rank, t.nRP.count()},
      {"tRP", Precharge, RefreshBank, Among::Bank, t.nRP.count()},
      {"tRTP", Read, Precharge, Among::Bank, t.nRTP.count()},
      {"tWR", Write, Precharge, Among::Bank, written + t.nWR.count()},
      {"tRRD_L", Activate, Activate, Among::Group, t.nRRD_L.count()},
      {"tRRD_S", Activate, Activate, Among::Rank, t.nRRD_S.count()},
      {"tCCD_L", Read, Read, Among::Group, t.nCCD_L.count()},
      {"tCCD_L", Write, Write, Among::Group, t.nCCD_L.count()},
      {"tCCD_S", Read, Read, Among::Rank, t.nCCD_S.count()},
      {"tCCD_S", Write, Write, Among::Rank, t.nCCD_S.count()},
      {"tWTR_L", Write, Read, Among::Group, written + t.nWTR_L.count()},
      {"tWTR_S", Write, Read, Among::Rank, written + t.nWTR_S.count()},
      {"tRTW", Read, Write, Among::Rank, t.nRTW.count()},
      {"tPPD", Precharge, Precharge, Among::Rank, t.nPPD.count()},
      {"tRFC", Refresh, Activate, Among::Rank, t.nRFC.count()},
      {"tRFC", Refresh, Refresh, Among::Rank, t.nRFC.count()},
      {"tRFC", Refresh, RefreshBank, Among::Rank, t.nRFC.count()},
      {"tRFCpb", RefreshBank, Activate, Among::Bank, t.nRFCpb.count()},
      {"tRFCpb", RefreshBank, Refresh, Among::Rank, t.nRFCpb.count()},
      {"tRFCpb", RefreshBank, RefreshBank, Among::Bank, t.nRFCpb.count()},
      {"tPBR2PBR", RefreshBank, RefreshBank, Among::Rank, t.nPBR2PBR.count()},
  };
  const auto banks = static_cast<std::size_t>(standard.organization.banks());
  for (std::vector<std::int64_t>& last : last_) {
    last.assign(banks, kLongAgo);
  }
  row_.assign(banks, -1);
  activates_.resize(banks / banks_per_rank_);
  data_.resize(activates_.size() / ranks_per_pseudo_);
  power_.resize(activates_.size());
}

std::int64_t CommandChecker::length(DramCommandKind kind) const {
  switch (kind) {
    case DramCommandKind::Activate:
      return standard_.bus.activate.count();
    case DramCommandKind::Read:
    case DramCommandKind::Write:
      return standard_.bus.column.count();
    case DramCommandKind::Precharge:
    case DramCommandKind::PrechargeAll:
      return standard_.bus.precharge.count();
    case DramCommandKind::Refresh:
    case DramCommandKind::RefreshBank:
      return standard_.bus.refresh.count();
    case DramCommandKind::PowerDown:
    case DramCommandKind::PowerUp:
      return 0;
  }
  return 1;
}

/// The cycle from which gaps of the row commands count: the last on the bus.
std::int64_t CommandChecker::counted(DramCommandKind kind, std::int64_t at) const {
  return at + length(kind) - 1;
}

void CommandChecker::violate(const DramCommand& command, const std::string& rule) {
  constexpr std::size_t kLines = 20;
  ++violations_;
  if (lines_.size() < kLines) {
    lines_.push_back(fmt::format("{}: command {} of bank {} row {} at {}", rule,
                                 static_cast<int>(command.kind), static_cast<int>(command.bank),
                                 static_cast<std::int64_t>(command.row), command.at.count()));
  }
}

void CommandChecker::check_gaps(const DramCommand& command) {
  const auto bank = static_cast<std::size_t>(command.bank);
  for (const Rule& rule : rules_) {
    if (rule.second != command.kind || rule.cycles == 0) {
      continue;
    }
    const std::size_t block = rule.among == Among::Bank    ? 1
                              : rule.among == Among::Group ? banks_per_group_
                                                           : banks_per_rank_;
    const std::size_t first = bank / block * block;
    const std::vector<std::int64_t>& last = last_[static_cast<std::size_t>(rule.first)];
    const std::int64_t latest =
        *std::max_element(last.begin() + static_cast<std::ptrdiff_t>(first),
                          last.begin() + static_cast<std::ptrdiff_t>(first + block));
    const bool columns =
        rule.first == DramCommandKind::Read || rule.first == DramCommandKind::Write;
    // Between a column command and what follows, first cycle to first cycle.
    const std::int64_t at =
        columns ? command.at.count() : counted(command.kind, command.at.count());
    const std::int64_t before = columns ? latest - length(rule.first) + 1 : latest;
    if (at < before + rule.cycles) {
      violate(command, rule.name);
    }
  }
}

void CommandChecker::check_windows(const DramCommand& command) {
  if (command.kind != DramCommandKind::Activate) {
    return;
  }
  std::deque<std::int64_t>& times =
      activates_[static_cast<std::size_t>(command.bank) / banks_per_rank_];
  const auto check = [&](std::size_t activates, DramCycles window, const char* name) {
    if (window > DramCycles(0) && times.size() >= activates &&
        command.at.count() < times[times.size() - activates] + window.count()) {
      violate(command, name);
    }
  };
  check(4, standard_.timing.nFAW, "tFAW");
  check(32, standard_.timing.n32AW, "t32AW");
  times.push_back(command.at.count());
  if (times.size() > 32) {
    times.pop_front();
  }
}

void CommandChecker::check_buses(const DramCommand& command) {
  const bool column =
      command.kind == DramCommandKind::Read || command.kind == DramCommandKind::Write;
  std::int64_t& free = bus_free_[standard_.bus.split && column ? 1 : 0];
  if (command.at.count() < free) {
    violate(command, "command bus");
  }
  free = command.at.count() + length(command.kind);
  if (!column) {
    return;
  }
  const std::size_t rank = static_cast<std::size_t>(command.bank) / banks_per_rank_;
  Data& data = data_[rank / ranks_per_pseudo_];
  const DramTiming& t = standard_.timing;
  const DramCycles latency = command.kind == DramCommandKind::Read ? t.nCL : t.nCWL;
  const std::int64_t begin = (command.at + latency).count();
  if (begin < data.end + (rank == data.rank ? 0 : t.nRTRS.count())) {
    violate(command, "data bus");
  }
  data = {begin + t.nBL.count(), rank};
}

void CommandChecker::record(DramCommandKind kind, std::size_t bank, std::int64_t at) {
  last_[static_cast<std::size_t>(kind)][bank] = counted(kind, at);
}

void CommandChecker::check_rows(const DramCommand& command) {
  const auto bank = static_cast<std::size_t>(command.bank);
  const std::size_t first = bank / banks_per_rank_ * banks_per_rank_;
  const auto rank_begin = row_.begin() + static_cast<std::ptrdiff_t>(first);
  const auto rank_end = rank_begin + static_cast<std::ptrdiff_t>(banks_per_rank_);
  bool legal = true;
  switch (command.kind) {
    case DramCommandKind::Precharge:
      legal = row_[bank] >= 0;
      row_[bank] = -1;
      break;
    case DramCommandKind::Activate:
      legal = row_[bank] < 0;
      row_[bank] = static_cast<std::int64_t>(command.row);
      break;
    case DramCommandKind::Read:
    case DramCommandKind::Write:
      legal = row_[bank] == static_cast<std::int64_t>(command.row);
      break;
    case DramCommandKind::Refresh:
      legal = std::all_of(rank_begin, rank_end, [](std::int64_t row) { return row < 0; });
      break;
    case DramCommandKind::RefreshBank:
      legal = row_[bank] < 0;
      break;
    case DramCommandKind::PrechargeAll:
    case DramCommandKind::PowerDown:
    case DramCommandKind::PowerUp:
      break;
  }
  if (!legal) {
    violate(command, "row state");
  }
}

/// tCKE up and down, tXP to the first command, data moved before the clock stops, no command while
/// it stands.
void CommandChecker::check_power(const DramCommand& command) {
  const DramTiming& t = standard_.timing;
  const std::int64_t at = command.at.count();
  const std::size_t rank = static_cast<std::size_t>(command.bank) / banks_per_rank_;
  Power& power = power_[rank];
  if (command.kind != DramCommandKind::PowerDown && command.kind != DramCommandKind::PowerUp) {
    if (power.down || at < power.changed + t.nXP.count()) {
      violate(command, "tXP");
    }
    return;
  }
  const bool enters = command.kind == DramCommandKind::PowerDown;
  if (power.down == enters || at < power.changed + t.nCKE.count()) {
    violate(command, "tCKE");
  }
  const auto moved = [&](DramCommandKind column, DramCycles data) {
    const std::vector<std::int64_t>& last = last_[static_cast<std::size_t>(column)];
    const auto first = last.begin() + static_cast<std::ptrdiff_t>(rank * banks_per_rank_);
    const std::int64_t begin =
        *std::max_element(first, first + static_cast<std::ptrdiff_t>(banks_per_rank_)) -
        length(column) + 1;
    return at >= begin + data.count();
  };
  if (enters && (!moved(DramCommandKind::Read, t.nCL + t.nBL) ||
                 !moved(DramCommandKind::Write, t.nCWL + t.nBL + t.nWR))) {
    violate(command, "tPDEN");
  }
  power = {enters, at};
}

void CommandChecker::observe(const DramCommand& command) {
  ++commands_;
  check_power(command);
  if (command.kind == DramCommandKind::PowerDown || command.kind == DramCommandKind::PowerUp) {
    return;
  }
  check_buses(command);
  if (command.kind == DramCommandKind::PrechargeAll) {
    const auto bank = static_cast<std::size_t>(command.bank);
    const std::size_t first = bank / banks_per_rank_ * banks_per_rank_;
    std::vector<DramCommand> each;
    for (std::size_t open = first; open < first + banks_per_rank_; ++open) {
      if (row_[open] >= 0) {
        each.push_back(
            {DramCommandKind::Precharge, command.at, {}, static_cast<BankIndex>(open), {}});
      }
    }
    std::for_each(each.begin(), each.end(), [&](const DramCommand& one) { check_gaps(one); });
    for (const DramCommand& one : each) {
      check_rows(one);
      record(one.kind, static_cast<std::size_t>(one.bank), one.at.count());
    }
    return;
  }
  check_gaps(command);
  check_windows(command);
  check_rows(command);
  record(command.kind, static_cast<std::size_t>(command.bank), command.at.count());
}

}  // namespace systole::testing
