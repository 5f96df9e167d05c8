#include "sim/dram/bank_timing.h"

#include <algorithm>

namespace systole {
namespace {

void raise(DramCycles& earliest, DramCycles to) {
  earliest = std::max(earliest, to);
}

}  // namespace

BankTiming::BankTiming(const DramOrganization& organization, const DramTiming& timing)
    : timing_(timing),
      banks_per_group_(static_cast<std::size_t>(organization.banks_per_group)),
      groups_per_rank_(static_cast<std::size_t>(organization.bank_groups)),
      banks_(static_cast<std::size_t>(organization.banks())),
      groups_(static_cast<std::size_t>(organization.ranks * organization.bank_groups)),
      ranks_(static_cast<std::size_t>(organization.ranks)) {}

bool BankTiming::any_row_open() const {
  return std::any_of(banks_.begin(), banks_.end(),
                     [](const Bank& bank) { return bank.open_row.has_value(); });
}

DramCycles BankTiming::earliest_activate(BankIndex bank) const {
  const Rank& rank = ranks_[rank_of(bank)];
  return std::max({at(bank).activate, groups_[group_of(bank)].activate, rank.shared.activate,
                   rank.fifth_activate[rank.oldest]});
}

DramCycles BankTiming::earliest_column(BankIndex bank, DramOperation operation) const {
  const bool reads = operation == DramOperation::Read;
  const Shared& group = groups_[group_of(bank)];
  const std::size_t rank_index = rank_of(bank);
  const Shared& rank = ranks_[rank_index].shared;
  const DramCycles bus =
      bus_free_ + (rank_index == bus_rank_ ? DramCycles(0) : kRankSwitch) - latency(operation);
  return std::max({next_column_, reads ? DramCycles(0) : next_write_,
                   reads ? group.read : group.write, reads ? rank.read : rank.write, bus});
}

DramCycles BankTiming::earliest_precharge_all() const {
  DramCycles earliest{0};
  for (const Bank& bank : banks_) {
    if (bank.open_row) {
      raise(earliest, bank.precharge);
    }
  }
  return earliest;
}

DramCycles BankTiming::earliest_refresh() const {
  DramCycles earliest{0};
  for (const Bank& bank : banks_) {
    raise(earliest, bank.activate);
  }
  return earliest;
}

void BankTiming::precharge(BankIndex bank, DramCycles when) {
  at(bank).open_row.reset();
  raise(at(bank).activate, when + timing_.nRP);
}

void BankTiming::activate(BankIndex bank, RowIndex row, DramCycles when) {
  Bank& state = at(bank);
  state.open_row = row;
  state.row_ready = when + timing_.nRCD;
  raise(state.precharge, when + timing_.nRAS);
  raise(state.activate, when + timing_.nRC);
  groups_[group_of(bank)].activate = when + timing_.nRRD_L;
  Rank& rank = ranks_[rank_of(bank)];
  rank.shared.activate = when + timing_.nRRD_S;
  rank.fifth_activate[rank.oldest] = when + timing_.nFAW;
  rank.oldest = (rank.oldest + 1) % rank.fifth_activate.size();
}

void BankTiming::columns(BankIndex bank, DramOperation operation, DramCycles last) {
  Shared& group = groups_[group_of(bank)];
  const std::size_t rank_index = rank_of(bank);
  Shared& rank = ranks_[rank_index].shared;
  const DramCycles data_end = last + latency(operation) + timing_.nBL;
  if (operation == DramOperation::Read) {
    raise(group.read, last + timing_.nCCD_L);
    raise(rank.read, last + timing_.nCCD_S);
    raise(next_write_, last + timing_.nRTW);
    raise(at(bank).precharge, last + timing_.nRTP);
  } else {
    raise(group.write, last + timing_.nCCD_L);
    raise(rank.write, last + timing_.nCCD_S);
    raise(group.read, data_end + timing_.nWTR_L);
    raise(rank.read, data_end + timing_.nWTR_S);
    raise(at(bank).precharge, data_end + timing_.nWR);
  }
  next_column_ = last + DramCycles(1);
  bus_free_ = data_end;
  bus_rank_ = rank_index;
}

void BankTiming::refresh(DramCycles when) {
  for (Bank& bank : banks_) {
    raise(bank.activate, when + timing_.nRFC);
  }
}

}  // namespace systole
