#include "sim/dram/device_timing.h"

#include <algorithm>

#include "sim/dram/bits.h"

namespace systole {
DeviceTiming::DeviceTiming(const DramStandard& standard, RankTurnaround turnaround)
    : banks_per_group_bits_(bits_of(standard.organization.banks_per_group)),
      groups_per_rank_bits_(bits_of(standard.organization.bank_groups)),
      banks_per_rank_bits_(banks_per_group_bits_ + groups_per_rank_bits_),
      ranks_per_pseudo_(static_cast<std::size_t>(standard.organization.ranks)),
      banks_(static_cast<std::size_t>(standard.organization.banks())),
      groups_(banks_ >> banks_per_group_bits_),
      group_gaps_(kDramCommandKinds * groups_),
      windows_(activate_windows(standard.timing)),
      bank_ready_(kDramCommandKinds * banks_),
      group_ready_(kDramCommandKinds * groups_),
      open_rows_(banks_, kNoRow),
      ranks_(banks_ >> banks_per_rank_bits_) {
  for (Rank& rank : ranks_) {
    for (const ActivateWindow& window : windows_) {
      rank.windows.push_back(
          {std::vector<DramCycles>(static_cast<std::size_t>(window.activates)), 0});
    }
  }
  for (const CommandGap& gap : command_gaps(standard, turnaround)) {
    add_gap(gap);
  }
  find_column_gaps();
}

void DeviceTiming::find_column_gaps() {
  for (const DramCommandKind kind : {DramCommandKind::Read, DramCommandKind::Write}) {
    const std::size_t entries = static_cast<std::size_t>(kind) * groups_;
    std::vector<DramCycles>& gaps = column_gaps_[operation_of(kind)];
    gaps.resize(groups_ * groups_);
    for (std::size_t from = 0; from < groups_; ++from) {
      for (const Gap& gap : group_gaps(kind, from)) {
        if (gap.second >= entries && gap.second < entries + groups_) {
          gaps[from * groups_ + gap.second - entries] = gap.cycles;
        }
      }
    }
  }
}

void DeviceTiming::add_groups(const CommandGap& gap, std::size_t from, std::size_t first,
                              std::size_t end) {
  std::vector<Gap>& known = group_gaps(gap.first, from);
  const std::size_t per_rank = std::size_t{1} << groups_per_rank_bits_;
  // Of a rank's refresh only the first bank group is asked.
  const std::size_t step = gap.second == DramCommandKind::Refresh ? per_rank : 1;
  for (std::size_t to = first; to < end; to += step) {
    const std::size_t second = static_cast<std::size_t>(gap.second) * groups_ + to;
    const auto same = std::find_if(known.begin(), known.end(),
                                   [second](const Gap& other) { return other.second == second; });
    if (same == known.end()) {
      known.push_back({second, gap.cycles});
    } else {
      same->cycles = std::max(same->cycles, gap.cycles);
    }
  }
}

void DeviceTiming::add_gap(const CommandGap& gap) {
  if (gap.scope == GapScope::Bank) {
    bank_gaps_[static_cast<std::size_t>(gap.first)].push_back(
        {static_cast<std::size_t>(gap.second) * banks_, gap.cycles});
    return;
  }
  const std::size_t per_rank = std::size_t{1} << groups_per_rank_bits_;
  const std::size_t per_pseudo = per_rank * ranks_per_pseudo_;
  for (std::size_t group = 0; group < groups_; ++group) {
    const std::size_t rank = group / per_rank * per_rank;
    const std::size_t pseudo = group / per_pseudo * per_pseudo;
    switch (gap.scope) {
      case GapScope::Bank:
        break;
      case GapScope::BankGroup:
        add_groups(gap, group, group, group + 1);
        break;
      case GapScope::Rank:
        add_groups(gap, group, rank, rank + per_rank);
        break;
      case GapScope::OtherRank:
        add_groups(gap, group, pseudo, rank);
        add_groups(gap, group, rank + per_rank, pseudo + per_pseudo);
        break;
      case GapScope::PseudoChannel:
        add_groups(gap, group, pseudo, pseudo + per_pseudo);
        break;
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

void DeviceTiming::raise_banks(DramCommandKind kind, std::size_t bank, DramCycles when) {
  DramCycles* const entries = bank_ready_.data() + bank;
  for (const Gap& gap : bank_gaps_[static_cast<std::size_t>(kind)]) {
    entries[gap.second] = std::max(entries[gap.second], when + gap.cycles);
  }
}

void DeviceTiming::raise_groups(DramCommandKind kind, std::size_t bank, DramCycles when) {
  DramCycles* const entries = group_ready_.data();
  for (const Gap& gap : group_gaps(kind, bank >> banks_per_group_bits_)) {
    entries[gap.second] = std::max(entries[gap.second], when + gap.cycles);
  }
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
  const std::size_t entries = static_cast<std::size_t>(DramCommandKind::Activate) * groups_;
  for (std::size_t each = 0; each < windows_.size(); ++each) {
    Window& window = rank.windows[each];
    window.ends[window.oldest] = when + windows_[each].cycles;
    window.oldest = window.oldest + 1 == window.ends.size() ? 0 : window.oldest + 1;
    const DramCycles end = window.ends[window.oldest];
    DramCycles* const first = &group_ready_[entries + (index << groups_per_rank_bits_)];
    DramCycles* const past = first + (std::size_t{1} << groups_per_rank_bits_);
    for (DramCycles* ready = first; ready != past; ++ready) {
      *ready = std::max(*ready, end);
    }
  }
}

void DeviceTiming::issue(DramCommandKind kind, std::size_t bank, RowIndex row, DramCycles when) {
  if (kind == DramCommandKind::PrechargeAll) {
    const std::size_t first = rank_of(bank) * banks_per_rank();
    for (std::size_t each = first; each < first + banks_per_rank(); ++each) {
      if (open_rows_[each] != kNoRow) {
        raise_banks(DramCommandKind::Precharge, each, when);
        close(each, when);
      }
    }
    raise_groups(DramCommandKind::Precharge, bank, when);
    return;
  }
  raise_banks(kind, bank, when);
  raise_groups(kind, bank, when);
  if (kind == DramCommandKind::Precharge) {
    close(bank, when);
  } else if (kind == DramCommandKind::Activate) {
    open(bank, row, when);
  }
}

void DeviceTiming::hold(std::size_t rank, DramCycles until) {
  for (std::size_t kind = 0; kind < kDramCommandKinds; ++kind) {
    DramCycles* const first = &group_ready_[kind * groups_ + (rank << groups_per_rank_bits_)];
    std::for_each(first, first + (std::size_t{1} << groups_per_rank_bits_),
                  [until](DramCycles& ready) { ready = std::max(ready, until); });
  }
}

void DeviceTiming::describe(DramCycles now, std::vector<std::int64_t>& state) const {
  const auto add = [&](DramCycles time) {
    state.push_back(std::max(DramCycles(0), time - now).count());
  };
  std::for_each(bank_ready_.begin(), bank_ready_.end(), add);
  std::for_each(group_ready_.begin(), group_ready_.end(), add);
  for (const Rank& rank : ranks_) {
    for (const Window& window : rank.windows) {
      const auto oldest = window.ends.begin() + static_cast<std::ptrdiff_t>(window.oldest);
      std::for_each(oldest, window.ends.end(), add);
      std::for_each(window.ends.begin(), oldest, add);
    }
  }
}

void DeviceTiming::shift(DramCycles now, DramCycles by) {
  const auto move = [&](DramCycles& time) { time += time > now ? by : DramCycles(0); };
  std::for_each(bank_ready_.begin(), bank_ready_.end(), move);
  std::for_each(group_ready_.begin(), group_ready_.end(), move);
}

void DeviceTiming::space_columns(DramCommandKind kind, std::size_t bank, DramCycles when) {
  DramCycles* const ready = &group_ready_[static_cast<std::size_t>(kind) * groups_];
  const DramCycles* const gaps =
      &column_gaps_[operation_of(kind)][(bank >> banks_per_group_bits_) * groups_];
  for (std::size_t group = 0; group < groups_; ++group) {
    ready[group] = std::max(ready[group], when + gaps[group]);
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
