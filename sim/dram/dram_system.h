#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "arch/counters.h"
#include "arch/dram_spec.h"
#include "sim/dram/address_map.h"
#include "sim/dram/channel_front.h"
#include "sim/dram/dram_types.h"

namespace systole {

/// A contiguous read or write of system addresses.
struct DramSpan {
  SpanId id{};
  InitiatorIndex initiator{};
  DramOperation operation = DramOperation::Read;
  std::int64_t address = 0;
  Bytes length{0};
};

/// All channels of the chip's DRAM, without a simulator: the caller brings the current cycle.
/// A span is split into at most one part a channel, all with the same arrival; it is over when
/// its last part is. Cycles are *decided* in order, lazily: nothing is computed before somebody
/// wants to know, and then many bursts at once (channel_engine.h).
class DramSystem {
 public:
  /// Parts that a channel queues for each initiator.
  static constexpr std::int64_t kQueueDepth = 32;

  explicit DramSystem(const DramSpec& spec, std::int64_t queue_depth = kQueueDepth,
                      const DramCommandObserver& observer = {});

  /// True when every channel that the span touches has room for the initiator, after all cycles
  /// that have been decided.
  [[nodiscard]] bool has_room(const DramSpan& span) const;
  /// Queues the span (requires `has_room`); returns the number of its parts. Cycle `arrival`, in
  /// which its first burst is offered at the earliest, has not been decided.
  std::int64_t submit(const DramSpan& span, DramCycles arrival);
  /// No end of a part (with `room`: nor a free place in a queue) becomes known in an earlier cycle,
  /// unless something is submitted; none while nothing is under way. What it names is a bound: it
  /// may have to be asked again when that cycle has been decided.
  [[nodiscard]] std::optional<DramCycles> next_news(bool room = false) const;
  /// Decides all cycles up to `now`: submit first what arrives until then. Returns the parts whose
  /// end became known; parts of one channel in the order of their last commands. Valid until the
  /// next call.
  const std::vector<FinishedPart>& decide(DramCycles now);
  /// Of the cycles decided.
  [[nodiscard]] DramCounters counters() const;
  [[nodiscard]] const DramAddressMap& address_map() const { return map_; }

 private:
  DramAddressMap map_;
  std::vector<std::unique_ptr<ChannelFront>> channels_;
  std::vector<FinishedPart> finished_;
};

}  // namespace systole
