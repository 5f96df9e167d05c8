#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <vector>

#include "arch/counters.h"
#include "arch/dram_spec.h"
#include "sim/dram/address_map.h"
#include "sim/dram/channel_front.h"
#include "sim/dram/dram_types.h"
#include "sim/dram/span_train.h"

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
/// wants to know, and then many bursts at once (channel_engine.h), in the channels that have news.
///
/// Channels in *lockstep* are computed once: those that did the same so far are one group, until a
/// span asks different bursts of them. Groups become one again where both stand still in the same
/// state. Neither can be seen from outside.
///
/// A train of spans (span_train.h) is the same as its spans sent one by one. While all channels are
/// one group and all trains ask as much of each, nothing but the news of whole trains interrupts
/// it.
class DramSystem : ChannelFront::Trains {
 public:
  /// Parts that a channel queues for each initiator.
  static constexpr std::int64_t kQueueDepth = 32;
  /// Alone: each channel is computed by itself.
  enum class Lockstep : std::uint8_t { Together, Alone };

  explicit DramSystem(const DramSpec& spec, std::int64_t queue_depth = kQueueDepth,
                      const DramCommandObserver& observer = {},
                      Lockstep lockstep = Lockstep::Together);

  /// True when every channel that the span touches has room for the initiator, after all cycles
  /// that have been decided.
  [[nodiscard]] bool has_room(const DramSpan& span) const;
  /// Queues the span (requires `has_room`); returns the number of its parts. Cycle `arrival`, in
  /// which its first burst is offered at the earliest, has not been decided.
  std::int64_t submit(const DramSpan& span, DramCycles arrival);
  /// Queues a train of which the first span would arrive in cycle `ready`, which has not been
  /// decided: an initiator that sends trains sends nothing else. Its window is at most the queue's
  /// depth. News of it may be there at once.
  void submit(const DramTrain& train, DramCycles ready);
  /// Of trains, since last cleared; the caller clears it.
  [[nodiscard]] std::vector<TrainNews>& train_news() { return train_news_; }
  /// No end of a part and no news of a train (with `room`: nor a free place in a queue) becomes
  /// known in an earlier cycle, unless something is submitted; none while nothing is under way.
  /// What it names is a bound: it may have to be asked again when that cycle has been decided.
  [[nodiscard]] std::optional<DramCycles> next_news(bool room = false) const;
  /// Decides all cycles up to `now`: submit first what arrives until then. Returns the parts whose
  /// end became known; parts of one channel in the order of their last commands. Valid until the
  /// next call.
  const std::vector<FinishedPart>& decide(DramCycles now);
  /// Of the cycles decided.
  [[nodiscard]] DramCounters counters() const;
  [[nodiscard]] const DramAddressMap& address_map() const { return map_; }
  /// How many channels are computed.
  [[nodiscard]] std::size_t groups() const { return groups_.size(); }

 private:
  /// Channels in lockstep.
  struct Group {
    std::vector<ChannelIndex> channels;   ///< in ascending order
    std::unique_ptr<ChannelFront> front;  ///< the first of them; decided up to its last news
    DramCycles news = kNever;             ///< nothing for outside becomes known before
  };
  /// A span's bursts of one channel, by local address.
  struct Share {
    std::int64_t begin = 0;
    std::int64_t end = 0;

    bool operator==(const Share&) const = default;
  };
  [[nodiscard]] static Share share_of(const DramAddressMap::Cut& begin,
                                      const DramAddressMap::Cut& end, ChannelIndex channel) {
    return {begin.of(channel), end.of(channel)};
  }

  void show(const DramCommand& command) const;
  void split_groups(const DramAddressMap::Cut& begin, const DramAddressMap::Cut& end);
  void join_groups();
  void join(Group& group, Group& same);
  std::int64_t enqueue(const DramSpan& span, DramCycles arrival, std::int32_t train);
  std::int32_t loop_of(InitiatorIndex initiator);
  void send_spans(std::int32_t train);
  void lead_trains();
  [[nodiscard]] bool leads_trains() const;
  [[nodiscard]] DramCycles train_outlook() const;
  [[nodiscard]] DramCycles news_of(const Group& group) const {
    const DramCycles news = group.front->next_news(false);
    return leading_ ? std::min(news, train_outlook()) : news;
  }
  void ended(const FinishedPart& part) override;
  void step(DramCycles now);
  [[nodiscard]] DramCycles shortest_read() const;
  [[nodiscard]] bool has_trains() const {
    return std::any_of(loops_.begin(), loops_.end(),
                       [](const TrainLoop& loop) { return !loop.is_idle(); });
  }
  /// Catches up with the cycles decided, in which no part ends.
  void catch_up(const Group& group) const;
  void collect();

  DramAddressMap map_;
  DramCommandObserver observer_;
  Lockstep lockstep_;
  std::vector<Group> groups_;  ///< in the order of their first channels
  DramCycles decided_{0};      ///< cycles before
  DramCounters apart_;         ///< counted by channels that joined others, beyond what those had
  /// Comparing groups costs about as much as a span, and so does splitting them: at most so many
  /// spans go by without a comparison, and groups that split sooner had better stayed apart.
  static constexpr std::int64_t kMostPatience = 64;
  std::int64_t patience_ = 1;  ///< spans until groups are compared
  std::int64_t waited_ = 0;
  std::int64_t together_ = kMostPatience;  ///< spans since groups were joined
  Clock<DramCycles> clock_;
  DramCycles read_latency_;
  std::int64_t queue_depth_;
  std::deque<TrainLoop> loops_;
  std::vector<std::int32_t> loop_of_initiator_;  ///< kNoTrain: none
  std::vector<TrainNews> train_news_;
  bool leading_ = false;               ///< the only group tells of spans of trains as they end
  std::vector<std::size_t> group_of_;  ///< by channel, for `collect`
  std::vector<std::vector<FinishedPart>> finishing_;  ///< by group
  std::vector<FinishedPart> finished_;
};

}  // namespace systole
