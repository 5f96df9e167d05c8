#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "arch/dram_controller_spec.h"
#include "arch/dram_spec.h"
#include "sim/dram/dram_types.h"

namespace systole {

/// Rank cycles in power-down, by what the rank's rows were.
struct PowerDownCycles {
  DramCycles active{0};      ///< a row was open (IDD3P)
  DramCycles precharged{0};  ///< none was (IDD2P)
};

/// The ranks' power states. A rank *rests* while no burst of it waits or is active, no refresh of
/// it is owed and the page policy closes no row of it. It goes down in the first cycle in which it
/// rests and that is `power_down` cycles after its last command's work is done,
///   entry = max over commands (cycle + work) + power_down
///   work: RD nCL + nBL; WR nCWL + nBL + nWR; REF nRFC; REFpb nRFCpb; PRE, ACT 1
/// It comes up for a burst that is accepted or a refresh that falls due in cycle w, in cycle
/// max(w, entry + nCKE), and takes commands nXP later. Rows stay as they are.
/// The clock-enable pin is each rank's own: neither change takes a slot of a command bus.
/// Not modelled: self-refresh, slow exit (DLL off), the pin's setup beside nCKE and nXP.
class PowerDown {
 public:
  PowerDown(const DramStandard& standard, const DramControllerSpec& spec, std::size_t ranks);

  /// False: no rank ever goes down.
  [[nodiscard]] bool is_on() const { return after_ > DramCycles(0); }
  void issued(DramCommandKind kind, std::size_t rank, DramCycles when) {
    Rank& of = ranks_[rank];
    of.done = std::max(of.done, when + work_[static_cast<std::size_t>(kind)]);
  }
  [[nodiscard]] bool is_down(std::size_t rank) const { return ranks_[rank].down; }
  /// When the rank goes down if it rests by then.
  [[nodiscard]] DramCycles entry(std::size_t rank) const { return ranks_[rank].done + after_; }
  void enter(std::size_t rank, DramCycles now, bool row_open);
  /// A rank that is down is wanted in cycle `now`: returns when it comes up.
  DramCycles leave(std::size_t rank, DramCycles now);
  /// From coming up to the first command.
  [[nodiscard]] DramCycles wake_up() const { return wake_up_; }
  /// Of the ranks that came up, until then.
  [[nodiscard]] const PowerDownCycles& over() const { return over_; }
  /// Adds what decides from `now` on, in differences of time, and what `shift` moves.
  void describe(DramCycles now, std::vector<std::int64_t>& state) const;
  /// Adds what decides from `now` on, in differences of time.
  void describe_outlook(DramCycles now, std::vector<std::int64_t>& state) const;
  /// As if everything had happened `by` later, after power-downs of `more` in between.
  void shift(DramCycles by, const PowerDownCycles& more);
  /// Until `now`, summed over ranks.
  [[nodiscard]] PowerDownCycles cycles(DramCycles now) const;

 private:
  struct Rank {
    DramCycles done{0};  ///< the work of all commands so far
    bool down = false;
    bool row_open = false;
    DramCycles since{0};
  };

  static void count(const Rank& rank, DramCycles until, PowerDownCycles& sum);

  DramCycles after_;
  DramCycles shortest_;
  DramCycles wake_up_;
  std::array<DramCycles, kDramCommandKinds> work_{};
  std::vector<Rank> ranks_;
  PowerDownCycles over_;
};

}  // namespace systole
