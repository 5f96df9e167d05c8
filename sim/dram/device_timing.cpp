#include "sim/dram/device_timing.h"

#include "arch/diag/check.h"

namespace systole {

DeviceTiming::DeviceTiming(const DramStandard& standard, RankTurnaround turnaround)
    : ranks_per_pseudo_(static_cast<std::size_t>(standard.organization.ranks)),
      windows_(activate_windows(standard.timing)) {
  const DramOrganization& shape = standard.organization;
  const auto per_group = static_cast<std::uint32_t>(shape.banks_per_group);
  const auto groups_per_rank = static_cast<std::uint32_t>(shape.bank_groups);
  banks_.resize(static_cast<std::size_t>(shape.banks()));
  for (std::size_t index = 0; index < banks_.size(); ++index) {
    Bank& bank = banks_[index];
    bank.group = static_cast<std::uint32_t>(index) / per_group;
    bank.rank = bank.group / groups_per_rank;
    bank.pseudo = bank.rank / static_cast<std::uint32_t>(ranks_per_pseudo_);
  }
  groups_.resize(banks_.back().group + std::size_t{1});
  ranks_.resize(banks_.back().rank + std::size_t{1});
  pseudos_.resize(banks_.back().pseudo + std::size_t{1});
  for (Rank& rank : ranks_) {
    for (const ActivateWindow& window : windows_) {
      rank.windows.push_back(
          {std::vector<DramCycles>(static_cast<std::size_t>(window.activates)), 0});
    }
  }
  for (const CommandGap& gap : command_gaps(standard, turnaround)) {
    Reach& reach = gaps_[static_cast<std::size_t>(gap.first)];
    const Gap entry{static_cast<std::size_t>(gap.second), gap.cycles};
    switch (gap.scope) {
      case GapScope::Bank:
        reach.bank.push_back(entry);
        break;
      case GapScope::BankGroup:
        reach.group.push_back(entry);
        break;
      case GapScope::Rank:
        reach.rank.push_back(entry);
        break;
      case GapScope::OtherRank:
        reach.other_rank.push_back(entry);
        break;
      case GapScope::PseudoChannel:
        reach.pseudo.push_back(entry);
        break;
    }
  }
}

DramCycles DeviceTiming::earliest_precharge_all(std::size_t rank) const {
  DramCycles earliest{0};
  const std::size_t first = rank * banks_per_rank();
  for (std::size_t bank = first; bank < first + banks_per_rank(); ++bank) {
    if (banks_[bank].open_row != kNoRow) {
      earliest = std::max(earliest, this->earliest(DramCommandKind::Precharge, bank));
    }
  }
  return earliest;
}

void DeviceTiming::raise_other_ranks(const Bank& bank, const std::vector<Gap>& gaps,
                                     DramCycles when) {
  const std::size_t first = bank.pseudo * ranks_per_pseudo_;
  for (std::size_t rank = first; rank < first + ranks_per_pseudo_; ++rank) {
    if (rank != bank.rank) {
      raise(ranks_[rank].ready, gaps, when);
    }
  }
}

void DeviceTiming::close(Bank& bank, DramCycles when) {
  raise(bank.ready, gaps_[static_cast<std::size_t>(DramCommandKind::Precharge)].bank, when);
  bank.open_row = kNoRow;
  Rank& rank = ranks_[bank.rank];
  if (--rank.open_banks == 0) {
    active_cycles_ += when - rank.opened;
  }
}

void DeviceTiming::issue(DramCommandKind kind, std::size_t index, RowIndex row, DramCycles when) {
  Bank& bank = banks_[index];
  Rank& rank = ranks_[bank.rank];
  if (kind == DramCommandKind::PrechargeAll) {
    const std::size_t first = bank.rank * banks_per_rank();
    for (std::size_t each = first; each < first + banks_per_rank(); ++each) {
      if (banks_[each].open_row != kNoRow) {
        close(banks_[each], when);
      }
    }
    raise(rank.ready, gaps_[static_cast<std::size_t>(DramCommandKind::Precharge)].rank, when);
    return;
  }
  const Reach& reach = gaps_[static_cast<std::size_t>(kind)];
  if (kind == DramCommandKind::Precharge) {
    close(bank, when);
  } else {
    raise(bank.ready, reach.bank, when);
  }
  raise(groups_[bank.group], reach.group, when);
  raise(rank.ready, reach.rank, when);
  raise(pseudos_[bank.pseudo], reach.pseudo, when);
  if (ranks_per_pseudo_ > 1) {
    raise_other_ranks(bank, reach.other_rank, when);
  }
  if (kind == DramCommandKind::Activate) {
    bank.open_row = row;
    if (rank.open_banks++ == 0) {
      rank.opened = when;
    }
    DramCycles& ready = rank.ready[static_cast<std::size_t>(DramCommandKind::Activate)];
    for (std::size_t each = 0; each < windows_.size(); ++each) {
      Window& window = rank.windows[each];
      window.ends[window.oldest] = when + windows_[each].cycles;
      window.oldest = window.oldest + 1 == window.ends.size() ? 0 : window.oldest + 1;
      ready = std::max(ready, window.ends[window.oldest]);
    }
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
