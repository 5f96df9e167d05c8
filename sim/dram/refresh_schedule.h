#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "arch/dram_controller_spec.h"
#include "arch/dram_spec.h"
#include "sim/dram/device_timing.h"

namespace systole {

/// What must be refreshed when. All ranks owe one refresh more from cycle k * nREFI - 1 on,
/// k = 1, 2, ... (the last cycle of each interval); with per-bank refresh one bank in turn at
/// k * nREFI / banks - 1. Up to `postponed_refreshes` may be owed before one is forced; an idle
/// rank (bank) pays as soon as it owes. Not modelled: refreshes ahead of time, temperature.
class RefreshSchedule {
 public:
  RefreshSchedule(const DramStandard& standard, const DramControllerSpec& spec);

  /// Counts what has fallen due up to `now`; true when something has.
  bool advance(DramCycles now);
  /// The next cycle in which something falls due.
  [[nodiscard]] DramCycles next_due() const { return next_due_; }
  [[nodiscard]] bool per_bank() const { return per_bank_; }
  [[nodiscard]] bool owes(std::size_t rank) const { return owed_[rank] > 0; }
  [[nodiscard]] bool owes_any() const { return total_owed_ > 0; }
  [[nodiscard]] bool is_forced(std::size_t rank) const { return owed_[rank] > postponed_; }
  /// Of a rank with per-bank refresh: the bank whose turn it is, counted in the rank.
  [[nodiscard]] std::size_t bank_in_turn(std::size_t rank) const { return turn_[rank]; }
  void refreshed(std::size_t rank);
  /// Adds what is owed and whose turn it is.
  void describe(std::vector<std::int64_t>& state) const;
  /// nREFI, after which all of this repeats where nothing is owed.
  [[nodiscard]] DramCycles interval() const { return DramCycles(interval_); }
  /// The refresh that falls due next is the first of an interval.
  [[nodiscard]] bool begins_interval() const { return due_ % steps_ == 0; }
  /// Goes over whole intervals, everything in them due and done.
  void skip(std::int64_t intervals);

 private:
  bool per_bank_;
  std::int64_t postponed_;
  std::int64_t interval_;  ///< nREFI
  std::int64_t steps_;     ///< refreshes of a rank in an interval
  std::int64_t due_ = 0;   ///< refreshes of a rank that have fallen due
  DramCycles next_due_ = kNever;
  std::vector<std::int64_t> owed_;
  std::int64_t total_owed_ = 0;
  std::vector<std::size_t> turn_;

  [[nodiscard]] DramCycles due_at(std::int64_t refresh) const {
    return DramCycles(refresh * interval_ / steps_ - 1);
  }
};

}  // namespace systole
