#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>

#include "sim/dram/burst_buffer.h"

namespace systole {

/// Bursts with ascending columns of one row, the next to be offered to a channel's controller.
struct OfferedRun {
  BurstRequest first;
  std::int64_t id_step = 1;
  std::int64_t bursts = 0;  ///< 0: there is nothing to offer
  DramCycles from{0};       ///< none is offered before
};

/// Bursts of a feed that go round several banks: of the next `bursts`, the first of which is the
/// run's, each is `ways` bursts after one of its bank and row, in the next column, and carries the
/// number of that one plus `ways` times the run's step. They follow one another if the last of them
/// is accepted before `until`.
struct Rotation {
  std::int64_t ways = 1;
  std::int64_t bursts = 0;
  DramCycles until = kNever;
};

/// An in-order queue of bursts in front of a channel, seen run by run.
class BurstFeed {
 public:
  BurstFeed() = default;
  BurstFeed& operator=(const BurstFeed&) = delete;
  virtual ~BurstFeed() = default;

  [[nodiscard]] const OfferedRun& run() const { return run_; }
  [[nodiscard]] bool is_empty() const { return run_.bursts == 0; }
  /// The operation of all bursts, if there is but one: then more may arrive in a stream of it.
  [[nodiscard]] std::optional<DramOperation> only() const { return only_; }
  /// The first `bursts` of the run have been accepted, the last of them in cycle `last`.
  void take(std::int64_t bursts, DramCycles last) {
    run_.first.id += run_.id_step * bursts;
    run_.first.column += bursts;
    run_.bursts -= bursts;
    refused_ = false;
    taken(bursts, last);
  }
  [[nodiscard]] virtual Rotation rotation() const { return {.bursts = run_.bursts}; }
  /// Some, not all, of the bursts of the rotation have been accepted, the last in cycle `last`.
  virtual void take_rotating(std::int64_t bursts, DramCycles last) { take(bursts, last); }
  /// Makes a run of what waits, if there is none; everything that arrives until `now` is known.
  void prepare(DramCycles now) {
    if (is_empty() && arrives_ <= now) {
      choose(now);
    }
  }
  /// Where there is no run: when the first burst arrives, kNever where none is known.
  [[nodiscard]] DramCycles arrives() const { return arrives_; }
  /// The first cycle, not before `now`, in which the first burst may be offered, as far as known.
  [[nodiscard]] DramCycles opens(DramCycles now) const {
    const DramCycles from = std::max(now, run_.from);
    return gated_ ? std::max(from, gate_opens()) : from;
  }
  /// True when `opens` depends on completions: bursts are offered one by one.
  [[nodiscard]] bool is_gated() const { return gated_; }
  /// The controller had no room for the first burst.
  [[nodiscard]] bool was_refused() const { return refused_; }
  void set_refused(bool refused) { refused_ = refused; }

 protected:
  BurstFeed(const BurstFeed&) = default;

  /// Bursts of `run_` have been accepted; where none is left of it, sets the next if there is one.
  virtual void taken(std::int64_t bursts, DramCycles last) = 0;
  /// There is no run and something has arrived: sets `run_`.
  virtual void choose(DramCycles /*now*/) {}
  /// Of gated feeds: the first cycle in which completions known so far let the first burst go.
  [[nodiscard]] virtual DramCycles gate_opens() const { return DramCycles(0); }

  OfferedRun run_;
  DramCycles arrives_ = kNever;  ///< the first arrival of what is not in `run_`
  bool gated_ = false;
  std::optional<DramOperation> only_;

 private:
  bool refused_ = false;
};

}  // namespace systole
