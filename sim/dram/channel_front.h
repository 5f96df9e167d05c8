#pragma once

#include <algorithm>
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
///
/// A span is over when the last of its parts is. So it is enough to look out for one that is not,
/// a *watched* one: nothing else of the channel's is news.
class ChannelFront : public CompletionSink {
 public:
  struct Ended {
    std::int64_t span = 0;
    std::int32_t loop = kNoTrain;
    DramCycles at{0};
    bool was_watched = false;
  };

  ChannelFront(const DramAddressMap& map, const DramStandard& standard,
               const DramControllerSpec& controller, std::int64_t queue_depth, ChannelIndex channel,
               const DramCommandObserver& observer);
  /// Another channel, in the same state and with the same parts under way.
  ChannelFront(const ChannelFront& other, ChannelIndex channel);

  /// No part is under way.
  [[nodiscard]] bool is_idle() const { return under_way_.empty(); }
  /// Adds what decides from the first cycle on that has not been decided. Two channels that
  /// describe themselves alike, decided up to the same cycle, have parts of the same spans under
  /// way and serve them, and all later ones, alike from there on.
  void describe(std::vector<std::int64_t>& state) const;
  /// Watches what such a channel watches, too.
  void watch_as(const ChannelFront& other);
  /// Bursts without a command of all trains of a loop.
  [[nodiscard]] std::int64_t left_of(std::int32_t loop) const {
    const auto index = static_cast<std::size_t>(loop);
    return index < left_of_loops_.size() ? left_of_loops_[index].all : 0;
  }
  /// Of one of its trains, which is not over.
  [[nodiscard]] std::int64_t left_of(std::int32_t loop, std::int64_t train) const {
    const auto index = static_cast<std::size_t>(loop);
    return index < left_of_loops_.size() ? left_of_loops_[index].of(train).all : 0;
  }
  /// Of which there are any: they cannot all have had their commands before this cycle.
  [[nodiscard]] DramCycles soonest_of(std::int32_t loop, std::int64_t train) const;
  /// The write buffer may answer or absorb a burst under way, in the cycle after its acceptance.
  [[nodiscard]] bool may_meet_writes() const { return exposed_ > 0; }
  /// The first cycle in which anything may happen.
  [[nodiscard]] DramCycles next() const { return engine_.next(); }
  /// So many bursts, of which some may not be under way, cannot all have had their commands before
  /// this cycle, the first in cycle `from` or later.
  [[nodiscard]] DramCycles soonest(std::int64_t bursts, DramCycles from) const;
  [[nodiscard]] bool has_room(InitiatorIndex initiator) const;
  /// Cycles before have been decided.
  [[nodiscard]] DramCycles decided() const { return decided_; }
  /// Requires `has_room`. `part.arrival` is a cycle that has not been decided, or the initiator has
  /// other bursts that no cycle decided accepts: what stands behind them cannot have mattered.
  /// Parts of no train: one of each span that is not over, with numbers as few as can be.
  void enqueue(const DramPart& part);
  /// A part of the span, which is of no train, is under way.
  [[nodiscard]] bool has(std::int64_t span) const {
    const auto index = static_cast<std::size_t>(span);
    return index < part_of_span_.size() && part_of_span_[index] != kNone;
  }
  /// Requires it.
  void watch(std::int64_t span);
  /// Bursts without a command.
  [[nodiscard]] std::int64_t load() const { return load_; }
  /// No later part of this initiator can matter before this cycle, whenever it arrives: before it,
  /// not all bursts that wait in front of it can be accepted, one a cycle.
  [[nodiscard]] DramCycles occupied_by(InitiatorIndex initiator) const {
    return decided_ + DramCycles(std::max<std::int64_t>(reads_.queued_bursts(initiator), 1) - 1);
  }
  /// Decides all cycles before `until`; adds the parts whose end became known.
  void advance(DramCycles until, std::vector<Ended>& ended);
  /// No end of a watched part (with `room`: nor of any part, nor a free place in a queue) becomes
  /// known in an earlier cycle.
  [[nodiscard]] DramCycles next_news(bool room) const;
  /// The same of parts of trains.
  [[nodiscard]] DramCycles next_train_news() const;
  /// Of the cycles decided.
  [[nodiscard]] DramCounters counters() const;

  void completed(const CompletedSeries& series) override;

 private:
  static constexpr std::int64_t kNone = -1;

  /// A part under way.
  struct Part {
    DramPart part;
    std::int64_t queued = 0;  ///< bursts that the controller has not accepted
    std::int64_t left = 0;    ///< bursts without a command, those included
    DramCycles end{0};
    std::size_t position = 0;  ///< in `under_way_`
    bool exposed = false;      ///< a burst of it may meet a write of another part in the buffer
    bool watched = false;
    std::int64_t group = kNone;  ///< of trains: bank group of all bursts, if it is one
  };
  /// Bursts without a command. Of the trains that are not over there is a span under way of all but
  /// one, so their numbers are different modulo the depth of the queue and one more.
  struct LeftOfTrain {
    std::int64_t all = 0;
    std::int64_t group = kNone;  ///< bank group of the last part
    std::int64_t of_group = 0;   ///< of it, not less than this; its commands are nCCD_L apart
  };
  struct LeftOfLoop {
    std::int64_t all = 0;
    std::vector<LeftOfTrain> trains;  ///< a power of two of them

    [[nodiscard]] const LeftOfTrain& of(std::int64_t train) const {
      return trains[static_cast<std::size_t>(train) & (trains.size() - 1)];
    }
    [[nodiscard]] LeftOfTrain& of(std::int64_t train) {
      return trains[static_cast<std::size_t>(train) & (trains.size() - 1)];
    }
  };
  /// Bursts, by local number.
  struct Bursts {
    std::int64_t begin = 0;
    std::int64_t end = 0;

    [[nodiscard]] bool overlaps(const DramPart& part) const {
      return part.first_burst < end && part.first_burst + part.bursts > begin;
    }
  };

  [[nodiscard]] bool serves_writes() const {
    return !engine_.controller().is_idle_of_writes() || !writes_.is_drained();
  }
  void expose(Part& part);
  void enter_train(Part& part);
  void leave_train(const Part& part, std::int64_t bursts);
  [[nodiscard]] std::int64_t group_of(const DramPart& part) const;
  void write(const DramPart& part);

  /// Where the part is counted, if it is.
  [[nodiscard]] LeftBound* left_with(const Part& part) {
    if (part.part.loop != kNoTrain) {
      return &left_in_trains_;
    }
    return part.watched ? &left_ : nullptr;
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
  DramCycles group_gap_;   ///< between two of a bank group, at least
  DramAddressMap map_;
  PartFeed reads_;
  PartFeed writes_;
  ChannelEngine engine_;
  std::vector<Part> parts_;                 ///< by number
  std::vector<std::int64_t> free_;          ///< numbers
  std::vector<std::int64_t> under_way_;     ///< numbers, in any order
  std::vector<std::int64_t> part_of_span_;  ///< number; of spans of no train
  std::int64_t load_ = 0;
  LeftBound left_;            ///< of the watched parts
  LeftBound left_in_trains_;  ///< of those of trains
  std::vector<LeftOfLoop> left_of_loops_;
  Bursts written_;            ///< all writes since there was none are of these
  std::int64_t exposed_ = 0;  ///< parts under way
  DramCycles decided_{0};     ///< cycles before
  std::vector<Ended>* ended_ = nullptr;
  Bytes read_bytes_{0};
  Bytes write_bytes_{0};
};

}  // namespace systole
