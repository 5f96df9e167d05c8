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
/// span asks different bursts of them. Groups become one again where both are in the same state,
/// with bursts of the same spans under way. Neither can be seen from outside.
///
/// A train of spans (span_train.h) is the same as its spans sent one by one, but only the news of
/// whole trains are for outside. Inside, channels go on without looking at each other as far as no
/// span that is still to be sent can matter.
class DramSystem {
 public:
  /// Parts that a channel queues for each initiator, unless told otherwise.
  static constexpr std::int64_t kQueueDepth = 32;
  /// Alone: each channel is computed by itself.
  enum class Lockstep : std::uint8_t { Together, Alone };

  explicit DramSystem(const DramSpec& spec, std::int64_t queue_depth = kQueueDepth,
                      const DramCommandObserver& observer = {},
                      Lockstep lockstep = Lockstep::Together);

  /// True when every channel that the span touches has room for the initiator, after all cycles
  /// that have been decided.
  [[nodiscard]] bool has_room(const DramSpan& span);
  /// Queues the span (requires `has_room`). Cycle `arrival`, in which its first burst is offered at
  /// the earliest, has not been decided.
  void submit(const DramSpan& span, DramCycles arrival);
  /// Queues a train of which the first span would arrive in cycle `ready`, which has not been
  /// decided: an initiator that sends trains sends nothing else. Its window is at most the queue's
  /// depth. News of it may be there at once.
  void submit(const DramTrain& train, DramCycles ready);
  /// Of trains, since last cleared; the caller clears it.
  [[nodiscard]] std::vector<TrainNews>& train_news() { return train_news_; }
  /// No end of a span and no news of a train (with `room`: nor a free place in a queue) becomes
  /// known in an earlier cycle, unless something is submitted; none while nothing is under way.
  /// What it names is a bound: it may have to be asked again when that cycle has been decided.
  [[nodiscard]] std::optional<DramCycles> next_news(bool room = false);
  /// Decides all cycles up to `now`: submit first what arrives until then. Returns the spans whose
  /// ends became known, in the order of these ends and of their names. Valid until the next call.
  const std::vector<FinishedSpan>& decide(DramCycles now);
  /// Of the cycles decided.
  [[nodiscard]] DramCounters counters();
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
  std::int64_t enqueue(const DramSpan& span, DramPart part);
  void watch(std::int64_t span);
  void watch_others();
  std::int32_t loop_of(InitiatorIndex initiator);
  void send_spans(std::int32_t index);
  [[nodiscard]] DramCycles horizon() const;
  /// No news before cycle `at`, nor before these channels have got there.
  struct Outlook {
    DramCycles at{0};
    Group* group = nullptr;

    bool operator<(const Outlook& other) const { return at < other.at; }
  };
  [[nodiscard]] Outlook outlook_of(std::int32_t index, std::optional<DramCycles> next);
  [[nodiscard]] Outlook outlook_of_trains();
  [[nodiscard]] std::int64_t least_of(Bytes bytes) const;
  void look_at_trains();
  [[nodiscard]] bool awaits_spans() const;
  void run(DramCycles until);
  void step(DramCycles until);
  [[nodiscard]] DramCycles shortest_read() const;
  [[nodiscard]] bool has_trains() const {
    return std::any_of(loops_.begin(), loops_.end(),
                       [](const TrainLoop& loop) { return !loop.is_idle(); });
  }
  void advance(Group& group, DramCycles until);
  void catch_up(Group& group);
  void catch_up();

  DramAddressMap map_;
  DramCommandObserver observer_;
  Lockstep lockstep_;
  std::vector<Group> groups_;    ///< in the order of their first channels
  DramCycles decided_{0};        ///< cycles before: nothing may be asked for in them any more
  DramCycles reached_{0};        ///< groups may go so far; while spans are awaited all have
  DramCycles outlook_ = kNever;  ///< no news of a train become known before
  DramCounters apart_;           ///< counted by channels that joined others, beyond what those had
  /// Comparing groups costs about as much as a span, and so does splitting them: at most so many
  /// spans go by without a comparison, and groups that split sooner had better stayed apart.
  static constexpr std::int64_t kMostPatience = 16;
  std::int64_t patience_ = 1;  ///< spans until groups are compared
  std::int64_t waited_ = 0;
  std::int64_t together_ = kMostPatience;  ///< spans since groups were joined
  Clock<DramCycles> clock_;
  DramCycles read_latency_;
  std::int64_t queue_depth_;
  std::deque<TrainLoop> loops_;
  std::vector<std::int32_t> loop_of_initiator_;  ///< kNoTrain: none
  std::vector<std::int64_t> most_of_spans_;  ///< by loop: bursts of a span in a channel, at most
  std::vector<TrainNews> train_news_;
  std::int64_t channels_;
  /// Of no train, under way.
  struct Span {
    SpanId id{};
    std::int64_t channels = 0;  ///< that have not done their part
    DramCycles end{0};
  };
  std::vector<Span> spans_;
  std::vector<std::int64_t> free_spans_;  ///< numbers
  std::vector<std::int64_t> unwatched_;   ///< numbers
  std::vector<FinishedSpan> finished_;
  std::vector<ChannelFront::Ended> ended_;
};

}  // namespace systole
