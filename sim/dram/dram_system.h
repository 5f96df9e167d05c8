#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "arch/counters.h"
#include "arch/dram_spec.h"
#include "sim/dram/address_map.h"
#include "sim/dram/channel_controller.h"
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
/// its last part is.
class DramSystem {
 public:
  /// Parts that a channel queues for each initiator: as many reads as the controller of the
  /// reference runs (tests/dram/dram_reference_test.cpp) buffers.
  static constexpr std::int64_t kQueueDepth = 32;

  explicit DramSystem(const DramSpec& spec, std::int64_t queue_depth = kQueueDepth,
                      const DramCommandObserver& observer = {});

  /// True when every channel that the span touches has room for the initiator.
  [[nodiscard]] bool has_room(const DramSpan& span) const;
  /// Queues the span (requires `has_room`); returns the number of its parts. No command of it is
  /// earlier than cycle `arrival`.
  std::int64_t submit(const DramSpan& span, DramCycles arrival);
  /// The cycle of the next decision; submit first what has arrived until then.
  [[nodiscard]] std::optional<DramCycles> next_choice() const;
  /// Makes all decisions of cycle `now`. Returns the parts whose end became known; parts of one
  /// channel in the order in which their bytes move. Valid until the next call.
  const std::vector<FinishedPart>& choose(DramCycles now);
  /// Of all runs chosen so far, and of the refreshes due until `now`.
  [[nodiscard]] DramCounters counters(DramCycles now) const;
  [[nodiscard]] const DramAddressMap& address_map() const { return map_; }

 private:
  DramAddressMap map_;
  std::vector<std::unique_ptr<ChannelController>> channels_;
  std::vector<FinishedPart> finished_;
};

}  // namespace systole
