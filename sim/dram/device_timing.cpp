#include "sim/dram/device_timing.h"

#include <bit>

namespace systole {
namespace {

int bits_of(std::int64_t count) {
  return std::countr_zero(static_cast<std::uint64_t>(count));
}

}  // namespace

DeviceTiming::DeviceTiming(const DramStandard& standard, RankTurnaround turnaround)
    : banks_per_group_bits_(bits_of(standard.organization.banks_per_group)),
      groups_per_rank_bits_(bits_of(standard.organization.bank_groups)),
      banks_per_rank_bits_(banks_per_group_bits_ + groups_per_rank_bits_),
      ranks_per_pseudo_(static_cast<std::size_t>(standard.organization.ranks)),
      windows_(activate_windows(standard.timing)),
      open_rows_(static_cast<std::size_t>(standard.organization.banks()), kNoRow),
      ranks_(open_rows_.size() >> banks_per_rank_bits_) {
  for (std::size_t command = 0; command < kDramCommandKinds; ++command) {
    bank_ready_[command].resize(open_rows_.size());
    group_ready_[command].resize(open_rows_.size() >> banks_per_group_bits_);
  }
  for (std::size_t scope = 0; scope < kScopes; ++scope) {
    for (std::size_t bank = 0; bank < open_rows_.size(); ++bank) {
      reach_[scope].push_back(reach_of(static_cast<GapScope>(scope), bank));
    }
  }
  for (Rank& rank : ranks_) {
    for (const ActivateWindow& window : windows_) {
      rank.windows.push_back(
          {std::vector<DramCycles>(static_cast<std::size_t>(window.activates)), 0});
    }
  }
  for (const CommandGap& gap : command_gaps(standard, turnaround)) {
    if (gap.scope != GapScope::OtherRank || ranks_per_pseudo_ > 1) {
      gaps_[static_cast<std::size_t>(gap.first)].push_back(
          {static_cast<std::size_t>(gap.second), gap.cycles, gap.scope});
    }
  }
}

DramCycles DeviceTiming::earliest_precharge_all(std::size_t rank) const {
  DramCycles earliest{0};
  const std::size_t first = rank * banks_per_rank();
  for (std::size_t bank = first; bank < first + banks_per_rank(); ++bank) {
    if (open_rows_[bank] != kNoRow) {
      earliest = std::max(earliest, this->earliest(DramCommandKind::Precharge, bank));
    }
  }
  return earliest;
}

void DeviceTiming::raise_groups(std::size_t command, std::size_t first, std::size_t end,
                                DramCycles ready) {
  DramCycles* const groups = group_ready_[command].data();
  for (std::size_t group = first; group < end; ++group) {
    groups[group] = std::max(groups[group], ready);
  }
}

DeviceTiming::Reach DeviceTiming::reach_of(GapScope scope, std::size_t bank) const {
  const std::size_t group = bank >> banks_per_group_bits_;
  const std::size_t rank = bank >> banks_per_rank_bits_;
  const std::size_t pseudo = rank / ranks_per_pseudo_;
  const auto ranks = [&](std::size_t first, std::size_t end) {
    return Reach{static_cast<std::uint32_t>(first << groups_per_rank_bits_),
                 static_cast<std::uint32_t>(end << groups_per_rank_bits_)};
  };
  switch (scope) {
    case GapScope::Bank:
      break;
    case GapScope::BankGroup:
      return {static_cast<std::uint32_t>(group), static_cast<std::uint32_t>(group + 1)};
    case GapScope::Rank:
      return ranks(rank, rank + 1);
    case GapScope::OtherRank:  // less the own rank
    case GapScope::PseudoChannel:
      return ranks(pseudo * ranks_per_pseudo_, (pseudo + 1) * ranks_per_pseudo_);
  }
  return {};
}

void DeviceTiming::raise(const Gap& gap, std::size_t bank, DramCycles when) {
  const DramCycles ready = when + gap.cycles;
  if (gap.scope == GapScope::Bank) {
    DramCycles& own = bank_ready_[gap.second][bank];
    own = std::max(own, ready);
    return;
  }
  const Reach reach = reach_[static_cast<std::size_t>(gap.scope)][bank];
  if (gap.scope == GapScope::OtherRank) {
    const Reach own = reach_[static_cast<std::size_t>(GapScope::Rank)][bank];
    raise_groups(gap.second, reach.first, own.first, ready);
    raise_groups(gap.second, own.end, reach.end, ready);
    return;
  }
  raise_groups(gap.second, reach.first, reach.end, ready);
}

void DeviceTiming::close(std::size_t bank, DramCycles when) {
  open_rows_[bank] = kNoRow;
  Rank& rank = ranks_[rank_of(bank)];
  if (--rank.open_banks == 0) {
    active_cycles_ += when - rank.opened;
  }
}

void DeviceTiming::open(std::size_t bank, RowIndex row, DramCycles when) {
  open_rows_[bank] = row;
  const std::size_t index = rank_of(bank);
  Rank& rank = ranks_[index];
  if (rank.open_banks++ == 0) {
    rank.opened = when;
  }
  for (std::size_t each = 0; each < windows_.size(); ++each) {
    Window& window = rank.windows[each];
    window.ends[window.oldest] = when + windows_[each].cycles;
    window.oldest = window.oldest + 1 == window.ends.size() ? 0 : window.oldest + 1;
    raise_groups(static_cast<std::size_t>(DramCommandKind::Activate),
                 index << groups_per_rank_bits_, (index + 1) << groups_per_rank_bits_,
                 window.ends[window.oldest]);
  }
}

void DeviceTiming::raise_precharged(std::size_t bank, GapScope scope, DramCycles when) {
  for (const Gap& gap : gaps_[static_cast<std::size_t>(DramCommandKind::Precharge)]) {
    if (gap.scope == scope) {
      raise(gap, bank, when);
    }
  }
}

void DeviceTiming::issue(DramCommandKind kind, std::size_t bank, RowIndex row, DramCycles when) {
  if (kind == DramCommandKind::PrechargeAll) {
    const std::size_t first = rank_of(bank) * banks_per_rank();
    for (std::size_t each = first; each < first + banks_per_rank(); ++each) {
      if (open_rows_[each] != kNoRow) {
        raise_precharged(each, GapScope::Bank, when);
        close(each, when);
      }
    }
    raise_precharged(bank, GapScope::Rank, when);
    return;
  }
  for (const Gap& gap : gaps_[static_cast<std::size_t>(kind)]) {
    raise(gap, bank, when);
  }
  if (kind == DramCommandKind::Precharge) {
    close(bank, when);
  } else if (kind == DramCommandKind::Activate) {
    open(bank, row, when);
  }
}

DramCycles DeviceTiming::active_cycles(DramCycles now) const {
  DramCycles sum = active_cycles_;
  for (const Rank& rank : ranks_) {
    if (rank.open_banks > 0) {
      sum += std::max(DramCycles(0), now - rank.opened);
    }
  }
  return sum;
}

}  // namespace systole
