#include "sim/dram/channel_front.h"

#include <algorithm>
#include <bit>

#include "arch/diag/check.h"

namespace systole {

ChannelFront::ChannelFront(const DramAddressMap& map, const DramStandard& standard,
                           const DramControllerSpec& controller, std::int64_t queue_depth,
                           ChannelIndex channel, const DramCommandObserver& observer)
    : channel_(channel),
      queue_depth_(static_cast<std::size_t>(queue_depth)),
      timing_(standard.timing),
      pseudo_channels_(standard.organization.pseudo_channels),
      column_gap_(std::max(timing_.nCCD_S, timing_.nBL)),
      group_gap_(std::max(timing_.nCCD_L, timing_.nBL)),
      map_(map),
      reads_(map, DramOperation::Read),
      writes_(map, DramOperation::Write),
      engine_(standard, controller, channel, {&reads_, &writes_}, *this, observer) {
  SYSTOLE_CHECK(queue_depth > 0, "a queue needs an entry, got {}", queue_depth);
}

ChannelFront::ChannelFront(const ChannelFront& other, ChannelIndex channel)
    : channel_(channel),
      queue_depth_(other.queue_depth_),
      timing_(other.timing_),
      pseudo_channels_(other.pseudo_channels_),
      column_gap_(other.column_gap_),
      group_gap_(other.group_gap_),
      map_(other.map_),
      reads_(other.reads_),
      writes_(other.writes_),
      engine_(other.engine_, channel, {&reads_, &writes_}, *this),
      parts_(other.parts_),
      free_(other.free_),
      under_way_(other.under_way_),
      part_of_span_(other.part_of_span_),
      load_(other.load_),
      left_(other.left_),
      left_in_trains_(other.left_in_trains_),
      left_of_loops_(other.left_of_loops_),
      written_(other.written_),
      exposed_(other.exposed_),
      decided_(other.decided_),
      read_bytes_(other.read_bytes_),
      write_bytes_(other.write_bytes_) {}

DramCycles ChannelFront::soonest(std::int64_t bursts, DramCycles from) const {
  const std::int64_t others = std::max<std::int64_t>(0, bursts - 1);
  // A burst needs a column command, unless the write buffer has its address: of both kinds there is
  // at most one a cycle.
  return from + (serves_writes() ? DramCycles(others / 2) : column_time(bursts));
}

void ChannelFront::describe(std::vector<std::int64_t>& state) const {
  // Numbers are each channel's own; a span has one part in it.
  const auto part = [this](std::int64_t number) -> const Part& {
    return parts_[static_cast<std::size_t>(number)];
  };
  std::vector<std::int64_t> numbers = under_way_;
  std::sort(numbers.begin(), numbers.end(), [&](std::int64_t one, std::int64_t other) {
    return std::pair(part(one).part.loop, part(one).part.span) <
           std::pair(part(other).part.loop, part(other).part.span);
  });
  std::vector<std::int64_t> names(parts_.size());
  for (std::size_t index = 0; index < numbers.size(); ++index) {
    const Part& each = part(numbers[index]);
    names[static_cast<std::size_t>(numbers[index])] = static_cast<std::int64_t>(index);
    state.insert(state.end(), {each.part.loop, each.part.span, each.part.bytes.count(), each.queued,
                               each.left, std::max(DramCycles(0), each.end - decided_).count(),
                               static_cast<std::int64_t>(each.exposed)});
  }
  if (serves_writes()) {
    state.insert(state.end(), {written_.begin, written_.end});
  }
  reads_.describe(decided_, names, state);
  writes_.describe(decided_, names, state);
  engine_.controller().describe(decided_, names, state);
}

void ChannelFront::watch_as(const ChannelFront& other) {
  for (const std::int64_t number : other.under_way_) {
    const Part& part = other.parts_[static_cast<std::size_t>(number)];
    if (part.watched) {
      watch(part.part.span);
    }
  }
}

bool ChannelFront::has_room(InitiatorIndex initiator) const {
  return reads_.queued(initiator) + writes_.queued(initiator) < queue_depth_;
}

void ChannelFront::enqueue(const DramPart& part) {
  SYSTOLE_CHECK(has_room(part.initiator), "the queue of initiator {} is full",
                static_cast<int>(part.initiator));
  SYSTOLE_CHECK(part.arrival >= decided_ || feed(part.operation).queued_bursts(part.initiator) > 0,
                "a part arrives in cycle {}, {} have been decided", part.arrival.count(),
                decided_.count());
  if (free_.empty()) {
    free_.push_back(static_cast<std::int64_t>(parts_.size()));
    parts_.emplace_back();
  }
  const std::int64_t number = free_.back();
  free_.pop_back();
  Part& entered = parts_[static_cast<std::size_t>(number)];
  entered = {part, part.bursts, part.bursts, DramCycles(0), under_way_.size()};
  if (serves_writes() && written_.overlaps(part)) {
    expose(entered);
  }
  if (part.operation == DramOperation::Write) {
    write(part);
  }
  under_way_.push_back(number);
  load_ += part.bursts;
  if (part.loop == kNoTrain) {
    const auto span = static_cast<std::size_t>(part.span);
    part_of_span_.resize(std::max(part_of_span_.size(), span + 1), kNone);
    part_of_span_[span] = number;
  } else {
    enter_train(entered);
  }
  feed(part.operation).enqueue(part, number);
  engine_.wake(std::max(part.arrival, decided_));
}

void ChannelFront::enter_train(Part& part) {
  left_in_trains_.add(part.left);
  const auto loop = static_cast<std::size_t>(part.part.loop);
  while (left_of_loops_.size() <= loop) {
    left_of_loops_.push_back({0, std::vector<LeftOfTrain>(std::bit_ceil(queue_depth_ + 2))});
  }
  left_of_loops_[loop].all += part.left;
  LeftOfTrain& train = left_of_loops_[loop].of(part.part.train);
  part.group = group_of(part.part);
  train.all += part.left;
  train.of_group = (part.group == train.group ? train.of_group : 0) + part.left;
  train.group = part.group;
}

void ChannelFront::leave_train(const Part& part, std::int64_t bursts) {
  LeftOfLoop& loop = left_of_loops_[static_cast<std::size_t>(part.part.loop)];
  loop.all -= bursts;
  LeftOfTrain& train = loop.of(part.part.train);
  train.all -= bursts;
  if (part.group == train.group) {
    train.of_group = std::max<std::int64_t>(0, train.of_group - bursts);
  }
}

/// kNone: of several.
std::int64_t ChannelFront::group_of(const DramPart& part) const {
  return part.bursts <= map_.run_length(part.first_burst) ? map_.bank_group(part.first_burst)
                                                          : kNone;
}

DramCycles ChannelFront::soonest_of(std::int32_t loop, std::int64_t train) const {
  const LeftOfTrain& left = left_of_loops_[static_cast<std::size_t>(loop)].of(train);
  if (may_meet_writes()) {
    return soonest(left.all, engine_.next());
  }
  const DramCycles of_group = left.group == kNone
                                  ? DramCycles(0)
                                  : group_gap_ * std::max<std::int64_t>(0, left.of_group - 1);
  return engine_.next() + std::max(column_time(left.all), of_group);
}

void ChannelFront::watch(std::int64_t span) {
  Part& part = parts_[static_cast<std::size_t>(part_of_span_[static_cast<std::size_t>(span)])];
  if (!part.watched) {
    part.watched = true;
    left_.add(part.left);
  }
}

void ChannelFront::expose(Part& part) {
  exposed_ += part.exposed ? 0 : 1;
  part.exposed = true;
}

/// A part that is not under way yet.
void ChannelFront::write(const DramPart& part) {
  const Bursts bursts{part.first_burst, part.first_burst + part.bursts};
  written_ = serves_writes() ? Bursts{std::min(written_.begin, bursts.begin),
                                      std::max(written_.end, bursts.end)}
                             : bursts;
  for (const std::int64_t number : under_way_) {
    Part& other = parts_[static_cast<std::size_t>(number)];
    if (bursts.overlaps(other.part)) {
      expose(other);
    }
  }
}

void ChannelFront::advance(DramCycles until, std::vector<Ended>& ended) {
  ended_ = &ended;
  engine_.advance(until);
  decided_ = std::max(decided_, until);
  count_accepted(reads_);
  count_accepted(writes_);
  ended_ = nullptr;
}

void ChannelFront::count_accepted(PartFeed& feed) {
  for (const PartFeed::Accepted& accepted : feed.accepted()) {
    parts_[static_cast<std::size_t>(accepted.number)].queued -= accepted.bursts;
  }
  feed.accepted().clear();
}

void ChannelFront::completed(const CompletedSeries& series) {
  const DramCycles data = series.operation == DramOperation::Write && !series.from_buffer
                              ? timing_.nCWL + timing_.nBL
                              : DramCycles(0);
  if (series.bursts.id_step == 0) {
    complete(series.bursts.id, series.bursts.bursts, series.last() + data);
    return;
  }
  for (std::int64_t index = 0; index < series.bursts.bursts; ++index) {
    const CompletedBurst burst = series.burst(index);
    complete(burst.id, 1, burst.at + data);
  }
}

void ChannelFront::complete(std::int64_t number, std::int64_t bursts, DramCycles end) {
  Part& done = parts_[static_cast<std::size_t>(number)];
  done.left -= bursts;
  done.end = std::max(done.end, end);
  if (done.part.loop != kNoTrain) {
    leave_train(done, bursts);
  }
  load_ -= bursts;
  LeftBound* const left = left_with(done);
  if (done.left > 0) {
    if (left != nullptr) {
      left->change(done.left + bursts, done.left);
    }
    return;
  }
  if (left != nullptr) {
    left->remove(bursts);
  }
  if (done.part.loop == kNoTrain) {
    part_of_span_[static_cast<std::size_t>(done.part.span)] = kNone;
  }
  exposed_ -= done.exposed ? 1 : 0;
  count_accepted(feed(done.part.operation));
  const Ended over{done.part.span, done.part.loop, done.end, done.watched};
  (done.part.operation == DramOperation::Read ? read_bytes_ : write_bytes_) += done.part.bytes;
  free_.push_back(number);
  parts_[static_cast<std::size_t>(under_way_.back())].position = done.position;
  under_way_[done.position] = under_way_.back();
  under_way_.pop_back();
  ended_->push_back(over);
}

/// `bursts` column commands of the channel take at least this from the first to the last.
DramCycles ChannelFront::column_time(std::int64_t bursts) const {
  const std::int64_t gaps = std::max<std::int64_t>(0, bursts - 1);
  return column_gap_ * (pseudo_channels_ == 1 ? gaps : gaps / pseudo_channels_);
}

DramCycles ChannelFront::next_news(bool room) const {
  if (is_idle()) {
    return kNever;
  }
  engine_.check_goes_on();
  if (!room && (exposed_ == 0 || left_.is_empty())) {
    return left_.is_empty() ? kNever : engine_.next() + column_time(left_.fewest());
  }
  DramCycles soonest = kNever;
  for (const std::int64_t number : under_way_) {
    const Part& part = parts_[static_cast<std::size_t>(number)];
    if (!room && !part.watched) {
      continue;
    }
    DramCycles wait(part.queued - 1);
    if (!room || part.queued == 0) {
      const std::int64_t buffered = part.exposed ? part.left - part.queued : part.left;
      wait = std::max(wait, column_time(buffered));
    }
    soonest = std::min(soonest, wait);
    if (soonest <= DramCycles(0)) {
      break;
    }
  }
  return engine_.next() + std::max(soonest, DramCycles(0));
}

DramCycles ChannelFront::next_train_news() const {
  if (left_in_trains_.is_empty()) {
    return kNever;
  }
  engine_.check_goes_on();
  return engine_.next() +
         (may_meet_writes() ? DramCycles(0) : column_time(left_in_trains_.fewest()));
}

DramCounters ChannelFront::counters() const {
  const CommandCounts& counts = engine_.controller().counts();
  DramCounters counters;
  counters.activates = counts.of(DramCommandKind::Activate);
  counters.precharges = counts.rows_closed;
  counters.reads = counts.of(DramCommandKind::Read);
  counters.writes = counts.of(DramCommandKind::Write);
  counters.refreshes = counts.of(DramCommandKind::Refresh);
  counters.bank_refreshes = counts.of(DramCommandKind::RefreshBank);
  counters.row_hits = counters.reads + counters.writes - counters.activates;
  counters.row_misses = counts.row_misses;
  counters.row_conflicts = counts.row_conflicts;
  counters.forwarded = counts.forwarded;
  counters.merged = counts.merged;
  counters.read_bytes = read_bytes_.count();
  counters.write_bytes = write_bytes_.count();
  const PowerDownCycles down = engine_.controller().power_down_cycles(decided_);
  counters.active_power_down = down.active;
  counters.precharged_power_down = down.precharged;
  counters.data_bus_busy = timing_.nBL * (counters.reads + counters.writes);
  return counters;
}

}  // namespace systole
