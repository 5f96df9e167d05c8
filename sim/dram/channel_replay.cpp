#include "sim/dram/channel_replay.h"

#include <algorithm>
#include <array>
#include <deque>
#include <optional>

#include "sim/dram/channel_engine.h"

namespace systole {
namespace {

/// The bursts of a source that fall to one channel, with a window if there is one.
class ReplayFeed : public BurstFeed {
 public:
  ReplayFeed(const BitFieldMap& map, std::int64_t channel, std::int64_t window, BurstSource& source)
      : map_(map), channel_(channel), window_(window), source_(source) {
    gated_ = window > 0;
    fetch();
  }

  void completed(const CompletedSeries& series) {
    for (std::int64_t index = 0; window_ > 0 && index < series.bursts.bursts; ++index) {
      ends_[kind_of(series)].push_back(series.burst(index).at);
    }
  }
  [[nodiscard]] const std::array<std::int64_t, 2>& taken() const { return taken_; }
  /// Forgets bursts that completed before `now`.
  void shrink_window(DramCycles now) {
    if (!is_gated()) {
      return;
    }
    for (std::deque<DramCycles>& ends : ends_) {
      while (!ends.empty() && ends.front() < now) {
        ends.pop_front();
        --outstanding_;
      }
    }
  }

 private:
  /// Bursts that completed before a cycle are out of the window in it.
  [[nodiscard]] DramCycles gate_opens() const override {
    if (outstanding_ < window_) {
      return DramCycles(0);
    }
    DramCycles first = kNever - DramCycles(1);
    for (const std::deque<DramCycles>& ends : ends_) {
      first = ends.empty() ? first : std::min(first, ends.front());
    }
    return first + DramCycles(1);
  }

  void taken(std::int64_t bursts, DramCycles /*last*/) override {
    outstanding_ += bursts;
    fetch();  // a run is one burst
  }

  void fetch() {
    while (const std::optional<TimedBurst> timed = source_.next()) {
      const BurstFields fields = map_.fields(timed->burst.address);
      if (field_of(fields, AddressField::Channel) == channel_) {
        run_.first = {next_id_++, map_.bank(fields),
                      static_cast<RowIndex>(field_of(fields, AddressField::Row)),
                      field_of(fields, AddressField::Column), timed->burst.operation};
        run_.bursts = 1;
        run_.from = timed->cycle;
        ++taken_[timed->burst.operation == DramOperation::Read ? 0 : 1];
        return;
      }
    }
  }

  /// Within each kind bursts end in the order in which their ends become known.
  static std::size_t kind_of(const CompletedSeries& series) {
    if (series.from_buffer) {
      return 2;
    }
    return series.operation == DramOperation::Read ? 0 : 1;
  }

  const BitFieldMap& map_;
  std::int64_t channel_;
  std::int64_t window_;
  BurstSource& source_;
  std::int64_t next_id_ = 0;
  std::array<std::int64_t, 2> taken_{};  ///< reads, writes
  std::int64_t outstanding_ = 0;
  std::array<std::deque<DramCycles>, 3> ends_;  ///< of bursts in the window, by kind
};

}  // namespace

class ChannelReplay::Replay : public CompletionSink {
 public:
  Replay(const DramStandard& standard, const DramControllerSpec& spec, const BitFieldMap& map,
         std::int64_t channel, std::int64_t window, BurstSource& source,
         const DramCommandObserver& commands, const CompletionObserver& completions)
      : channel_(static_cast<ChannelIndex>(channel)),
        completions_(completions),
        feed_(map, channel, window, source),
        engine_(standard, spec, channel_, {&feed_}, *this, commands) {}

  DramCycles run() {
    while (!feed_.is_empty() || !engine_.controller().is_idle()) {
      feed_.shrink_window(engine_.next());
      engine_.check_goes_on();
      engine_.go_on(kNever);
    }
    return result_.cycles;
  }

  DramRunResult finish(DramCycles end) {
    engine_.advance(end + DramCycles(1));
    result_.read_requests = feed_.taken()[0];
    result_.write_requests = feed_.taken()[1];
    take_counts(end);
    return result_;
  }

  void completed(const CompletedSeries& series) override {
    feed_.completed(series);
    result_.cycles = std::max(result_.cycles, series.last());
    if (series.operation == DramOperation::Read) {
      add_latencies(series);
    }
    for (std::int64_t index = 0; completions_ && index < series.bursts.bursts; ++index) {
      completions_(channel_, series.burst(index));
    }
  }

 private:
  void add_latencies(const CompletedSeries& series) {
    if (series.at_step == series.bursts.arrival_step) {
      result_.read_latency.add(series.at - series.bursts.arrival, series.bursts.bursts);
      return;
    }
    for (std::int64_t index = 0; index < series.bursts.bursts; ++index) {
      const CompletedBurst burst = series.burst(index);
      result_.read_latency.add(burst.at - burst.accepted);
    }
  }

  void take_counts(DramCycles end) {
    const CommandCounts& counts = engine_.controller().counts();
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
    result_.active_cycles = engine_.controller().active_cycles(end);
    const PowerDownCycles down = engine_.controller().power_down_cycles(end);
    result_.active_power_down_cycles = down.active;
    result_.precharged_power_down_cycles = down.precharged;
    result_.rank_cycles = end * engine_.controller().ranks();
    for (std::size_t bank = 0; bank < engine_.controller().banks(); ++bank) {
      const auto count = [&](DramCommandKind kind) {
        return engine_.controller().count(bank, kind);
      };
      result_.banks.push_back({count(DramCommandKind::Activate), count(DramCommandKind::Read),
                               count(DramCommandKind::Write)});
    }
  }

  ChannelIndex channel_;
  const CompletionObserver& completions_;
  ReplayFeed feed_;
  ChannelEngine engine_;
  DramRunResult result_;
};

ChannelReplay::ChannelReplay(const DramStandard& standard, const DramControllerSpec& spec,
                             const BitFieldMap& map, std::int64_t channel, std::int64_t window,
                             BurstSource& source, const DramCommandObserver& commands,
                             const CompletionObserver& completions)
    : replay_(std::make_unique<Replay>(standard, spec, map, channel, window, source, commands,
                                       completions)) {}

ChannelReplay::~ChannelReplay() = default;
ChannelReplay::ChannelReplay(ChannelReplay&&) noexcept = default;

DramCycles ChannelReplay::run() {
  return replay_->run();
}

DramRunResult ChannelReplay::finish(DramCycles end) {
  return replay_->finish(end);
}

DramRunResult replay_channel(const DramStandard& standard, const DramControllerSpec& spec,
                             const BitFieldMap& map, std::int64_t channel, std::int64_t window,
                             BurstSource& source, const DramCommandObserver& commands,
                             const CompletionObserver& completions) {
  ChannelReplay replay(standard, spec, map, channel, window, source, commands, completions);
  return replay.finish(replay.run());
}

}  // namespace systole
