#pragma once

#include <cstdint>
#include <vector>

#include "arch/counters.h"
#include "arch/dram_controller_spec.h"
#include "arch/dram_spec.h"
#include "sim/dram/address_map.h"
#include "sim/dram/channel_engine.h"
#include "sim/dram/left_bound.h"
#include "sim/dram/part_feed.h"

namespace systole {

/// A channel that serves parts: queues of reads and of writes in front of the controller, each of
/// which offers one burst a cycle (part_feed.h, channel_engine.h), and the parts under way.
///
/// A part is over when the last beat of its last burst has been moved: RD + nCL + nBL, WR + nCWL +
/// nBL; for a burst that the write buffer answers or absorbs, in the cycle after its acceptance.
class ChannelFront : public CompletionSink {
 public:
  /// Hears of spans of trains.
  class Trains {
   public:
    Trains() = default;
    Trains(const Trains&) = delete;
    Trains& operator=(const Trains&) = delete;
    virtual ~Trains() = default;

    /// A part is over; may enqueue others.
    virtual void ended(const FinishedPart& part) = 0;
  };

  ChannelFront(const DramAddressMap& map, const DramStandard& standard,
               const DramControllerSpec& controller, std::int64_t queue_depth, ChannelIndex channel,
               const DramCommandObserver& observer);
  /// Another channel, in the same state and with the same parts under way.
  ChannelFront(const ChannelFront& other, ChannelIndex channel);

  /// No part is under way.
  [[nodiscard]] bool is_idle() const { return under_way_.empty(); }
  /// Adds what decides from the first cycle on that has not been decided; requires `is_idle`. Two
  /// channels that describe themselves alike, decided up to the same cycle, serve the same parts
  /// alike from there on.
  void describe(std::vector<std::int64_t>& state) const;
  /// From now on parts of trains are told to `trains` when their ends become known, and neither
  /// returned by `advance` nor counted by `next_news(false)`; null: they are as others.
  void lead_trains(Trains* trains);
  /// Bursts without a command of a train's parts.
  [[nodiscard]] std::int64_t left_of(std::int32_t train) const {
    const auto index = static_cast<std::size_t>(train);
    return index < left_of_trains_.size() ? left_of_trains_[index] : 0;
  }
  /// A read may be answered from the write buffer, in the cycle after its acceptance.
  [[nodiscard]] bool serves_writes() const {
    return !engine_.controller().is_idle_of_writes() || !writes_.is_drained();
  }
  /// So many bursts cannot all have had their commands before this cycle.
  [[nodiscard]] DramCycles soonest(std::int64_t bursts) const;
  [[nodiscard]] bool has_room(InitiatorIndex initiator) const;
  /// Requires `has_room`. `part.arrival` is a cycle that has not been decided.
  void enqueue(const DramPart& part);
  /// Decides all cycles before `until`; adds the parts whose end became known.
  void advance(DramCycles until, std::vector<FinishedPart>& finished);
  /// No end of a part (with `room`: nor a free place in a queue) becomes known in an earlier cycle.
  [[nodiscard]] DramCycles next_news(bool room) const;
  /// Of the cycles decided.
  [[nodiscard]] DramCounters counters() const;

  void completed(const CompletedSeries& series) override;

 private:
  /// A part under way.
  struct Part {
    DramPart part;
    std::int64_t queued = 0;  ///< bursts that the controller has not accepted
    std::int64_t left = 0;    ///< bursts without a command, those included
    DramCycles end{0};
    std::size_t position = 0;  ///< in `under_way_`
  };

  /// News of the part are for `advance`.
  [[nodiscard]] bool is_own(const DramPart& part) const {
    return trains_ == nullptr || part.train == kNoTrain;
  }
  [[nodiscard]] PartFeed& feed(DramOperation operation) {
    return operation == DramOperation::Read ? reads_ : writes_;
  }
  void count_accepted(PartFeed& feed);
  void complete(std::int64_t number, std::int64_t bursts, DramCycles end);
  [[nodiscard]] DramCycles column_time(std::int64_t bursts) const;

  ChannelIndex channel_;
  std::size_t queue_depth_;
  DramTiming timing_;
  std::int64_t pseudo_channels_;
  DramCycles column_gap_;  ///< between two of a pseudo-channel, at least
  PartFeed reads_;
  PartFeed writes_;
  ChannelEngine engine_;
  std::vector<Part> parts_;              ///< by number
  std::vector<std::int64_t> free_;       ///< numbers
  std::vector<std::int64_t> under_way_;  ///< numbers, in any order
  LeftBound left_;                       ///< of the parts under way whose news are for `advance`
  std::vector<std::int64_t> left_of_trains_;  ///< bursts without a command
  Trains* trains_ = nullptr;
  DramCycles decided_{0};  ///< cycles before
  std::vector<FinishedPart>* finished_ = nullptr;
  Bytes read_bytes_{0};
  Bytes write_bytes_{0};
};

}  // namespace systole
