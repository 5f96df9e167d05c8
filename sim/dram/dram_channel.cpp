#include "sim/dram/dram_channel.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "arch/diag/check.h"

namespace systole {
namespace {

/// A bound on the cycles that a refresh and the first burst after it can take.
DramCycles refresh_and_first_burst(const DramTiming& timing) {
  const DramCycles close =
      std::max({timing.nRAS, timing.nRTP, timing.nCWL + timing.nBL + timing.nWR}) + timing.nRP;
  const DramCycles open = std::max({timing.nRFC, timing.nRC, timing.nFAW}) + timing.nRCD;
  const DramCycles turn =
      std::max(timing.nRTW, timing.nCWL + timing.nBL + std::max(timing.nWTR_S, timing.nWTR_L));
  return close + open + turn + timing.nRC;
}

}  // namespace

/// When a run could begin, if no refresh came between.
struct DramChannel::Opening {
  std::optional<DramCycles> precharge;
  std::optional<DramCycles> activate;
  DramCycles column{0};
};

DramChannel::DramChannel(const DramOrganization& organization, const DramTiming& timing,
                         ChannelIndex channel, DramCommandObserver observer)
    : timing_(timing),
      ranks_(organization.ranks),
      banks_(organization.banks()),
      step_(std::max(timing.nCCD_L, timing.nBL)),
      banks_timing_(organization, timing),
      next_refresh_(timing.nREFI),
      channel_(channel),
      observer_(std::move(observer)) {
  SYSTOLE_CHECK(timing.nBL > DramCycles(0), "a burst takes at least a cycle, got nBL {}",
                timing.nBL.count());
  SYSTOLE_CHECK(
      timing.nREFI == DramCycles(0) || timing.nREFI > refresh_and_first_burst(timing),
      "nREFI {} leaves no time for a burst between refreshes: a refresh and a burst take up to {}",
      timing.nREFI.count(), refresh_and_first_burst(timing).count());
}

DramChannel DramChannel::silent_copy() const {
  DramChannel copy = *this;
  copy.observer_ = {};
  return copy;
}

DramChannel::Opening DramChannel::plan_opening(const DramRun& run, DramCycles not_before) const {
  const std::optional<RowIndex> open = banks_timing_.open_row(run.bank);
  const DramCycles column =
      std::max(not_before, banks_timing_.earliest_column(run.bank, run.operation));
  if (open == run.row) {
    return {{}, {}, std::max(column, banks_timing_.row_ready(run.bank))};
  }
  Opening opening;
  DramCycles activate = std::max(not_before, banks_timing_.earliest_activate(run.bank));
  if (open) {
    opening.precharge = std::max(not_before, banks_timing_.earliest_precharge(run.bank));
    activate = std::max(activate, *opening.precharge + timing_.nRP);
  }
  opening.activate = activate;
  opening.column = std::max(column, activate + timing_.nRCD);
  return opening;
}

void DramChannel::open_row(const DramRun& run, const Opening& opening) {
  if (opening.precharge) {
    banks_timing_.precharge(run.bank, *opening.precharge);
    report(DramCommandKind::Precharge, *opening.precharge, run.bank, {});
    ++counters_.precharges;
  }
  if (opening.activate) {
    banks_timing_.activate(run.bank, run.row, *opening.activate);
    report(DramCommandKind::Activate, *opening.activate, run.bank, run.row);
    ++counters_.activates;
  }
  // One burst opened the row (or found it open); the others of the run find it open.
  if (opening.precharge) {
    ++counters_.row_conflicts;
  } else if (opening.activate) {
    ++counters_.row_misses;
  } else {
    ++counters_.row_hits;
  }
}

void DramChannel::move_bursts(const DramRun& run, DramCycles first, std::int64_t bursts) {
  const bool reads = run.operation == DramOperation::Read;
  banks_timing_.columns(run.bank, run.operation, first + step_ * (bursts - 1));
  (reads ? counters_.reads : counters_.writes) += bursts;
  counters_.row_hits += bursts - 1;
  counters_.data_bus_busy += timing_.nBL * bursts;
  for (std::int64_t burst = 0; observer_ && burst < bursts; ++burst) {
    report(reads ? DramCommandKind::Read : DramCommandKind::Write, first + step_ * burst, run.bank,
           run.row);
  }
}

DramChannel::RunTimes DramChannel::serve(const DramRun& run, DramCycles not_before) {
  const DramCycles data =
      (run.operation == DramOperation::Read ? timing_.nCL : timing_.nCWL) + timing_.nBL;
  for (std::int64_t left = run.bursts;;) {
    const Opening opening = plan_opening(run, not_before);
    if (refresh_due_by(opening.column)) {
      refresh();
      continue;
    }
    std::int64_t bursts = left;
    if (refresh_due_by(opening.column + step_ * (left - 1))) {
      bursts = ceil_div((next_refresh_ - opening.column).count(), step_.count());
    }
    open_row(run, opening);
    move_bursts(run, opening.column, bursts);
    left -= bursts;
    if (left == 0) {
      const DramCycles last = opening.column + step_ * (bursts - 1);
      return {last, last + data};
    }
  }
}

void DramChannel::refresh_until(DramCycles now) {
  while (refresh_due_by(now)) {
    refresh();
  }
}

void DramChannel::refresh() {
  if (banks_timing_.any_row_open()) {
    const DramCycles precharge = std::max(next_refresh_, banks_timing_.earliest_precharge_all());
    for (std::int64_t index = 0; index < banks_; ++index) {
      const auto bank = static_cast<BankIndex>(index);
      if (banks_timing_.open_row(bank)) {
        banks_timing_.precharge(bank, precharge);
        report(DramCommandKind::Precharge, precharge, bank, {});
        ++counters_.precharges;
      }
    }
  }
  const DramCycles when = std::max(next_refresh_, banks_timing_.earliest_refresh());
  banks_timing_.refresh(when);
  for (std::int64_t rank = 0; rank < ranks_; ++rank) {
    report(DramCommandKind::Refresh, when, static_cast<BankIndex>(rank * (banks_ / ranks_)), {});
  }
  counters_.refreshes += ranks_;
  next_refresh_ += timing_.nREFI;
}

void DramChannel::report(DramCommandKind kind, DramCycles when, BankIndex bank,
                         RowIndex row) const {
  if (observer_) {
    observer_({kind, when, channel_, bank, row});
  }
}

}  // namespace systole
