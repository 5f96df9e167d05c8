#include "sim/dram/channel_replay.h"

#include <algorithm>
#include <array>
#include <deque>
#include <optional>

namespace systole {
namespace {

class Replay {
 public:
  Replay(const DramStandard& standard, const DramControllerSpec& spec, const BitFieldMap& map,
         std::int64_t channel, std::int64_t window, BurstSource& source,
         const DramCommandObserver& commands, const CompletionObserver& completions)
      : map_(map),
        channel_(channel),
        window_(window),
        source_(source),
        completions_(completions),
        controller_(standard, spec, static_cast<ChannelIndex>(channel), commands) {}

  DramRunResult run() {
    fetch();
    DramCycles now = head_ ? head_->cycle : DramCycles(0);
    while (head_ || !controller_.is_idle() || now <= result_.cycles) {
      inject(now);
      if (event_ <= now || controller_.is_stale()) {
        controller_.step(now);
        event_ = controller_.next_event(now);
      }
      take_completions();
      now = next(now);
    }
    take_counts();
    return result_;
  }

 private:
  /// The next burst of this channel.
  void fetch() {
    head_.reset();
    while (const std::optional<TimedBurst> timed = source_.next()) {
      const BurstFields fields = map_.fields(timed->burst.address);
      if (field_of(fields, AddressField::Channel) == channel_) {
        head_ = timed;
        request_ = {next_id_++, map_.bank(fields),
                    static_cast<RowIndex>(field_of(fields, AddressField::Row)),
                    field_of(fields, AddressField::Column), timed->burst.operation};
        return;
      }
    }
  }

  /// Room in the window: bursts that completed before `now` are out of it.
  bool window_open(DramCycles now) {
    if (window_ == 0) {
      return true;
    }
    for (std::deque<DramCycles>& ends : ends_) {
      while (!ends.empty() && ends.front() < now) {
        ends.pop_front();
        --outstanding_;
      }
    }
    return outstanding_ < window_;
  }

  void inject(DramCycles now) {
    if (!head_ || head_->cycle > now || !window_open(now)) {
      return;
    }
    if (!controller_.offer(request_, now)) {
      refused_ = true;
      return;
    }
    refused_ = false;
    ++(request_.operation == DramOperation::Read ? result_.read_requests : result_.write_requests);
    ++outstanding_;
    fetch();
  }

  void take_completions() {
    for (const CompletedBurst& burst : controller_.completions()) {
      result_.cycles = std::max(result_.cycles, burst.at);
      if (burst.operation == DramOperation::Read) {
        result_.read_latency.add(burst.at - burst.accepted);
      }
      if (window_ > 0) {
        ends_[kind_of(burst)].push_back(burst.at);
      }
      if (completions_) {
        completions_(static_cast<ChannelIndex>(channel_), burst);
      }
    }
    controller_.completions().clear();
  }
  void take_counts() {
    const CommandCounts& counts = controller_.counts();
    result_.activates = counts.of(DramCommandKind::Activate);
    result_.precharges = counts.of(DramCommandKind::Precharge);
    result_.precharges_all = counts.of(DramCommandKind::PrechargeAll);
    result_.reads = counts.of(DramCommandKind::Read);
    result_.writes = counts.of(DramCommandKind::Write);
    result_.refreshes = counts.of(DramCommandKind::Refresh);
    result_.bank_refreshes = counts.of(DramCommandKind::RefreshBank);
    result_.rows_closed = counts.rows_closed;
    result_.row_misses = counts.row_misses;
    result_.row_conflicts = counts.row_conflicts;
    result_.forwarded = counts.forwarded;
    result_.merged = counts.merged;
    result_.active_cycles = controller_.active_cycles(result_.cycles);
    result_.rank_cycles = result_.cycles * controller_.ranks();
  }

  /// Within each kind bursts end in the order in which their ends become known.
  static std::size_t kind_of(const CompletedBurst& burst) {
    if (burst.from_buffer) {
      return 2;
    }
    return burst.operation == DramOperation::Read ? 0 : 1;
  }

  DramCycles next(DramCycles now) {
    if (!head_) {
      return event_;
    }
    DramCycles offer = std::max(now + DramCycles(1), head_->cycle);
    if (!window_open(offer)) {
      offer = kNever;
      for (const std::deque<DramCycles>& ends : ends_) {
        offer = ends.empty() ? offer : std::min(offer, ends.front() + DramCycles(1));
      }
    } else if (refused_ && !controller_.has_room(request_.operation)) {
      offer = kNever;  // and what the write buffer does not hold it will not hold later
    }
    return std::min(event_, offer);
  }

  const BitFieldMap& map_;
  std::int64_t channel_;
  std::int64_t window_;
  BurstSource& source_;
  const CompletionObserver& completions_;
  CommandController controller_;
  std::optional<TimedBurst> head_;
  BurstRequest request_;
  DramCycles event_{0};   ///< of the controller, unless a burst is offered
  bool refused_ = false;  ///< the head, because its buffer was full
  std::int64_t next_id_ = 0;
  std::int64_t outstanding_ = 0;
  std::array<std::deque<DramCycles>, 3> ends_;  ///< of bursts in the window, by kind
  DramRunResult result_;
};

}  // namespace

DramRunResult replay_channel(const DramStandard& standard, const DramControllerSpec& spec,
                             const BitFieldMap& map, std::int64_t channel, std::int64_t window,
                             BurstSource& source, const DramCommandObserver& commands,
                             const CompletionObserver& completions) {
  return Replay(standard, spec, map, channel, window, source, commands, completions).run();
}

}  // namespace systole
