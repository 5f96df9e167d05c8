#pragma once

#include <algorithm>
#include <cstdint>

#include "sim/dram/burst_buffer.h"

namespace systole {

/// Bursts with ascending columns of one row, the next to be offered to a channel's controller.
struct OfferedRun {
  BurstRequest first;
  std::int64_t id_step = 1;
  std::int64_t bursts = 0;  ///< 0: there is nothing to offer
  DramCycles from{0};       ///< none is offered before
};

/// An in-order queue of bursts in front of a channel, seen run by run.
class BurstFeed {
 public:
  BurstFeed() = default;
  BurstFeed(const BurstFeed&) = delete;
  BurstFeed& operator=(const BurstFeed&) = delete;
  virtual ~BurstFeed() = default;

  [[nodiscard]] const OfferedRun& run() const { return run_; }
  [[nodiscard]] bool is_empty() const { return run_.bursts == 0; }
  /// The first `bursts` of the run have been accepted.
  void take(std::int64_t bursts) {
    run_.first.id += run_.id_step * bursts;
    run_.first.column += bursts;
    run_.bursts -= bursts;
    refused_ = false;
    if (run_.bursts == 0) {
      refill();
    }
  }
  /// The first cycle, not before `now`, in which the first burst may be offered, as far as known.
  [[nodiscard]] virtual DramCycles opens(DramCycles now) const { return std::max(now, run_.from); }
  /// True when `opens` depends on completions: bursts are offered one by one.
  [[nodiscard]] virtual bool is_gated() const { return false; }
  /// The controller had no room for the first burst.
  [[nodiscard]] bool was_refused() const { return refused_; }
  void set_refused(bool refused) { refused_ = refused; }

 protected:
  /// Sets `run_`, which has come to its end.
  virtual void refill() = 0;

  OfferedRun run_;

 private:
  bool refused_ = false;
};

}  // namespace systole
