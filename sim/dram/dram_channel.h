#pragma once

#include <cstdint>

#include "arch/counters.h"
#include "arch/dram_spec.h"
#include "sim/dram/bank_timing.h"
#include "sim/dram/dram_types.h"

namespace systole {

/// The memory devices of one channel and their refresh: computes when the commands of a run are.
///
/// Open page: a row stays open until another row of its bank is wanted or a refresh closes it.
/// A run is served with the earliest commands that `BankTiming` allows, none before `not_before`:
///   row open (hit)          first RD/WR at once
///   no row open (miss)      ACT, first RD/WR at least nRCD later
///   another open (conflict) PRE, ACT at least nRP later, first RD/WR at least nRCD later
///   next bursts             every max(nCCD_L, nBL) cycles
/// Refresh of all banks of all ranks is due at k * nREFI, k = 1, 2, ... From a due cycle on no
/// command of a run is issued before the refresh is done: all banks are precharged together as
/// soon as they may be, REF follows, the next ACT comes at least nRFC after REF. A run continues
/// after the refresh with its remaining bursts (a miss); a run whose first RD/WR would not be
/// earlier than the due cycle issues none of its commands before it.
/// Not modelled: postponed, pulled-in and per-bank refresh, power-down, temperature, ECC,
/// ZQ calibration, on-die termination.
class DramChannel {
 public:
  struct RunTimes {
    DramCycles last_column{0};
    DramCycles data_end{0};  ///< the edge after the last beat of the last burst
  };

  DramChannel(const DramOrganization& organization, const DramTiming& timing,
              ChannelIndex channel = {}, DramCommandObserver observer = {});

  RunTimes serve(const DramRun& run, DramCycles not_before);
  /// Carries out every refresh that is due at or before `now`.
  void refresh_until(DramCycles now);
  /// Commands only; the bytes asked for are the controller's to count.
  [[nodiscard]] const DramCounters& counters() const { return counters_; }
  /// The same channel, seen by nobody: to look ahead without effect.
  [[nodiscard]] DramChannel silent_copy() const;

 private:
  struct Opening;

  [[nodiscard]] Opening plan_opening(const DramRun& run, DramCycles not_before) const;
  void open_row(const DramRun& run, const Opening& opening);
  void move_bursts(const DramRun& run, DramCycles first, std::int64_t bursts);
  void refresh();
  void report(DramCommandKind kind, DramCycles when, BankIndex bank, RowIndex row) const;
  [[nodiscard]] bool refresh_due_by(DramCycles cycle) const {
    return timing_.nREFI > DramCycles(0) && next_refresh_ <= cycle;
  }

  DramTiming timing_;
  std::int64_t ranks_;
  std::int64_t banks_;
  DramCycles step_;  ///< between the bursts of a run
  BankTiming banks_timing_;
  DramCycles next_refresh_;  ///< due cycle
  DramCounters counters_;
  ChannelIndex channel_;
  DramCommandObserver observer_;
};

}  // namespace systole
