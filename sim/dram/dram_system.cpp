#include "sim/dram/dram_system.h"

#include <algorithm>
#include <utility>

#include "arch/diag/check.h"

namespace systole {
namespace {

void add(DramCounters& sum, const DramCounters& counters, std::int64_t times) {
  sum.activates += counters.activates * times;
  sum.precharges += counters.precharges * times;
  sum.reads += counters.reads * times;
  sum.writes += counters.writes * times;
  sum.refreshes += counters.refreshes * times;
  sum.bank_refreshes += counters.bank_refreshes * times;
  sum.row_hits += counters.row_hits * times;
  sum.row_misses += counters.row_misses * times;
  sum.row_conflicts += counters.row_conflicts * times;
  sum.forwarded += counters.forwarded * times;
  sum.merged += counters.merged * times;
  sum.read_bytes += counters.read_bytes * times;
  sum.write_bytes += counters.write_bytes * times;
  sum.active_power_down += counters.active_power_down * times;
  sum.precharged_power_down += counters.precharged_power_down * times;
  sum.data_bus_busy += counters.data_bus_busy * times;
}

}  // namespace

DramSystem::DramSystem(const DramSpec& spec, std::int64_t queue_depth,
                       const DramCommandObserver& observer, Lockstep lockstep)
    : map_(spec),
      observer_(observer),
      lockstep_(lockstep),
      clock_(spec.standard.timing.tCK),
      read_latency_(spec.standard.timing.nCL + spec.standard.timing.nBL),
      queue_depth_(queue_depth),
      group_of_(static_cast<std::size_t>(spec.channels)) {
  const DramCommandObserver shown =
      observer ? [this](const DramCommand& command) { show(command); } : DramCommandObserver();
  for (std::int64_t index = 0; index < spec.channels; ++index) {
    const auto channel = static_cast<ChannelIndex>(index);
    if (index == 0 || lockstep == Lockstep::Alone) {
      groups_.push_back({{channel},
                         std::make_unique<ChannelFront>(map_, spec.standard, spec.controller,
                                                        queue_depth, channel, shown)});
    } else {
      groups_.front().channels.push_back(channel);
    }
  }
}

/// A command of a group is one of each of its channels.
void DramSystem::show(const DramCommand& command) const {
  const auto group = std::find_if(groups_.begin(), groups_.end(), [&](const Group& each) {
    return each.channels.front() == command.channel;
  });
  DramCommand shown = command;
  for (const ChannelIndex channel : group->channels) {
    shown.channel = channel;
    observer_(shown);
  }
}

void DramSystem::catch_up(const Group& group) const {
  std::vector<FinishedPart> none;
  group.front->advance(decided_, none);
  SYSTOLE_CHECK(none.empty(), "{} parts end before the news of cycle {}", none.size(),
                group.news.count());
}

bool DramSystem::has_room(const DramSpan& span) const {
  const DramAddressMap::Cut begin = map_.cut(span.address);
  const DramAddressMap::Cut end = map_.cut(span.address + span.length.count());
  return std::all_of(groups_.begin(), groups_.end(), [&](const Group& group) {
    if (group.front->has_room(span.initiator) ||
        std::all_of(group.channels.begin(), group.channels.end(),
                    [&](ChannelIndex channel) { return begin.of(channel) == end.of(channel); })) {
      return true;
    }
    catch_up(group);
    return group.front->has_room(span.initiator);
  });
}

/// Afterwards the span asks the same of all channels of a group.
void DramSystem::split_groups(const DramAddressMap::Cut& begin, const DramAddressMap::Cut& end) {
  if (begin.is_even() && end.is_even()) {
    return;
  }
  std::vector<Group> split;
  for (Group& group : groups_) {
    const Share first = share_of(begin, end, group.channels.front());
    std::vector<std::pair<Share, std::vector<ChannelIndex>>> others;
    std::vector<ChannelIndex> same;
    for (const ChannelIndex channel : group.channels) {
      const Share share = share_of(begin, end, channel);
      // What it does not touch it leaves alone, wherever that is.
      if (share == first || (share.begin == share.end && first.begin == first.end)) {
        same.push_back(channel);
        continue;
      }
      auto other = std::find_if(others.begin(), others.end(), [&](const auto& each) {
        return each.first == share ||
               (share.begin == share.end && each.first.begin == each.first.end);
      });
      if (other == others.end()) {
        other = others.insert(others.end(), {share, {}});
      }
      other->second.push_back(channel);
    }
    for (auto& [share, channels] : others) {
      auto front = std::make_unique<ChannelFront>(*group.front, channels.front());
      split.push_back({std::move(channels), std::move(front), group.news});
    }
    group.channels = std::move(same);
  }
  if (!split.empty()) {
    patience_ = together_ < kMostPatience ? std::min(2 * patience_, kMostPatience) : 1;
    waited_ = 0;
  }
  groups_.insert(groups_.end(), std::make_move_iterator(split.begin()),
                 std::make_move_iterator(split.end()));
  std::sort(groups_.begin(), groups_.end(), [](const Group& one, const Group& other) {
    return one.channels.front() < other.channels.front();
  });
}

void DramSystem::join(Group& group, Group& same) {
  add(apart_, same.front->counters(), static_cast<std::int64_t>(same.channels.size()));
  add(apart_, group.front->counters(), -static_cast<std::int64_t>(same.channels.size()));
  group.channels.insert(group.channels.end(), same.channels.begin(), same.channels.end());
  std::sort(group.channels.begin(), group.channels.end());
  same.channels.clear();
}

/// Groups that stand still alike become one.
void DramSystem::join_groups() {
  ++together_;
  if (lockstep_ == Lockstep::Alone || groups_.size() == 1 || ++waited_ < patience_) {
    return;
  }
  waited_ = 0;
  std::vector<std::pair<Group*, std::vector<std::int64_t>>> idle;
  for (Group& group : groups_) {
    if (group.front->is_idle()) {
      catch_up(group);
      group.front->describe(idle.emplace_back(&group, std::vector<std::int64_t>()).second);
    }
  }
  bool joined = false;
  for (std::size_t index = 0; index < idle.size(); ++index) {
    for (std::size_t other = index + 1; other < idle.size(); ++other) {
      if (!idle[index].first->channels.empty() && !idle[other].first->channels.empty() &&
          idle[index].second == idle[other].second) {
        join(*idle[index].first, *idle[other].first);
        joined = true;
      }
    }
  }
  if (joined) {
    together_ = 0;
  } else {
    patience_ = std::min(2 * patience_, kMostPatience);
  }
  std::erase_if(groups_, [](const Group& group) { return group.channels.empty(); });
}

std::int64_t DramSystem::submit(const DramSpan& span, DramCycles arrival) {
  return enqueue(span, arrival, kNoTrain);
}

std::int64_t DramSystem::enqueue(const DramSpan& span, DramCycles arrival, std::int32_t train) {
  SYSTOLE_CHECK(span.length > Bytes(0), "an empty span at address {}", span.address);
  const DramAddressMap::Cut begin = map_.cut(span.address);
  const DramAddressMap::Cut end = map_.cut(span.address + span.length.count());
  join_groups();
  if (leading_) {
    catch_up(groups_.front());  // spans of trains that ended, but are no news, are known
  }
  split_groups(begin, end);
  lead_trains();
  std::int64_t parts = 0;
  for (Group& group : groups_) {
    const Share share = share_of(begin, end, group.channels.front());
    if (share.begin == share.end) {
      continue;
    }
    const std::int64_t first = share.begin / map_.burst_bytes();
    const std::int64_t last = ceil_div(share.end, map_.burst_bytes());
    catch_up(group);  // what arrives may bring others' news forward, but not before it
    group.front->enqueue({span.id, span.initiator, span.operation, first, last - first,
                          Bytes(share.end - share.begin), arrival, train});
    group.news = news_of(group);
    parts += static_cast<std::int64_t>(group.channels.size());
  }
  return parts;
}

std::int32_t DramSystem::loop_of(InitiatorIndex initiator) {
  const auto index = static_cast<std::size_t>(initiator);
  if (index >= loop_of_initiator_.size()) {
    loop_of_initiator_.resize(index + 1, kNoTrain);
  }
  std::int32_t& loop = loop_of_initiator_[index];
  if (loop == kNoTrain) {
    loop = static_cast<std::int32_t>(loops_.size());
    loops_.emplace_back(initiator, clock_);
  }
  return loop;
}

void DramSystem::submit(const DramTrain& train, DramCycles ready) {
  SYSTOLE_CHECK(train.window <= queue_depth_, "a train of {} spans at a time, a queue of {}",
                train.window, queue_depth_);
  if (leading_) {
    catch_up(groups_.front());  // before it, since it may be one that no group can lead
  }
  const std::int32_t loop = loop_of(train.initiator);
  loops_[static_cast<std::size_t>(loop)].add(train, ready);
  lead_trains();
  send_spans(loop);
  if (leading_) {
    groups_.front().news = news_of(groups_.front());
  }
}

/// What is known of a loop's next spans.
void DramSystem::send_spans(std::int32_t train) {
  TrainLoop& loop = loops_[static_cast<std::size_t>(train)];
  while (const std::optional<TrainLoop::Span> span = loop.next(train_news_)) {
    const DramSpan asked{static_cast<SpanId>(span->number), loop.initiator(), DramOperation::Read,
                         span->address, span->length};
    loop.sent(span->number, enqueue(asked, span->arrival, train));
  }
}

/// Whether spans of trains go on without anybody asking: what ends in one group ends in all.
bool DramSystem::leads_trains() const {
  const std::int64_t stripe = map_.interleave() * static_cast<std::int64_t>(group_of_.size());
  return groups_.size() == 1 &&
         std::all_of(loops_.begin(), loops_.end(), [&](const TrainLoop& loop) {
           return group_of_.size() == 1 || loop.is_aligned_to(stripe);
         });
}

void DramSystem::lead_trains() {
  if (loops_.empty()) {
    return;
  }
  const bool leads = leads_trains();
  if (leads == leading_) {
    return;
  }
  leading_ = leads;
  for (Group& group : groups_) {
    group.front->lead_trains(leads ? this : nullptr);
    group.news = news_of(group);
  }
}

/// Of the only group.
void DramSystem::ended(const FinishedPart& part) {
  TrainLoop& loop = loops_[static_cast<std::size_t>(part.train)];
  const auto channels = static_cast<std::int64_t>(group_of_.size());
  loop.ended(static_cast<std::int64_t>(part.span), channels, part.at, train_news_);
  ChannelFront& front = *groups_.front().front;
  while (const std::optional<TrainLoop::Span> span = loop.next(train_news_)) {
    const Share share = share_of(map_.cut(span->address),
                                 map_.cut(span->address + span->length.count()), ChannelIndex{0});
    const std::int64_t first = share.begin / map_.burst_bytes();
    const std::int64_t last = ceil_div(share.end, map_.burst_bytes());
    front.enqueue({static_cast<SpanId>(span->number), loop.initiator(), DramOperation::Read, first,
                   last - first, Bytes(share.end - share.begin), span->arrival, part.train});
    loop.sent(span->number, channels);
  }
}

/// Of trains that the only group leads.
DramCycles DramSystem::train_outlook() const {
  const ChannelFront& front = *groups_.front().front;
  const auto channels = static_cast<std::int64_t>(group_of_.size());
  const std::int64_t burst = map_.burst_bytes();
  DramCycles soonest = kNever;
  for (std::size_t index = 0; index < loops_.size(); ++index) {
    const TrainLoop& loop = loops_[index];
    const std::int64_t left = front.left_of(static_cast<std::int32_t>(index));
    // A span that begins inside a burst is of one more.
    const std::int64_t longest =
        ceil_div(loop.longest().count() / channels, burst) + (channels == 1 ? 1 : 0);
    const auto consider = [&](const TrainLoop::Awaited& awaited) {
      const std::int64_t bursts =
          left - awaited.beyond * longest + awaited.unsent.count() / channels / burst;
      soonest = std::min(soonest, front.soonest(std::max<std::int64_t>(1, bursts)));
    };
    if (!loop.is_idle()) {
      consider(loop.awaited_to_end());
      if (const auto awaited = loop.awaited_to_send()) {
        consider(*awaited);
      }
    }
  }
  return soonest;
}

std::optional<DramCycles> DramSystem::next_news(bool room) const {
  DramCycles next = kNever;
  for (const Group& group : groups_) {
    DramCycles news = group.news;
    if (room) {
      news = group.front->next_news(true);
      if (news < decided_) {
        catch_up(group);
        news = group.front->next_news(true);
      }
    }
    next = std::min(next, news);
  }
  return next == kNever ? std::nullopt : std::optional(next);
}

/// Of all groups, in the order of their channels.
void DramSystem::collect() {
  for (std::size_t index = 0; index < groups_.size(); ++index) {
    for (const ChannelIndex channel : groups_[index].channels) {
      group_of_[static_cast<std::size_t>(channel)] = index;
    }
  }
  for (std::size_t first = 0; first < group_of_.size();) {
    std::size_t end = first + 1;
    while (end < group_of_.size() && group_of_[end] == group_of_[first]) {
      ++end;
    }
    for (FinishedPart part : finishing_[group_of_[first]]) {
      part.channel = static_cast<ChannelIndex>(first);
      part.channels = static_cast<std::int64_t>(end - first);
      if (part.train == kNoTrain) {
        finished_.push_back(part);
      } else {
        loops_[static_cast<std::size_t>(part.train)].ended(static_cast<std::int64_t>(part.span),
                                                           part.channels, part.at, train_news_);
      }
    }
    first = end;
  }
}

const std::vector<FinishedPart>& DramSystem::decide(DramCycles now) {
  finished_.clear();
  // The end of a span may let others go, which all groups have to know before they arrive.
  while (!leading_ && has_trains()) {
    const auto first = std::min_element(
        groups_.begin(), groups_.end(),
        [](const Group& one, const Group& other) { return one.news < other.news; });
    if (first->news >= now) {
      break;
    }
    step(std::min(now, first->news + shortest_read() - DramCycles(1)));
  }
  step(now);
  return finished_;
}

/// From the cycle in which a read's end becomes known to the end, at least.
DramCycles DramSystem::shortest_read() const {
  const bool forwards = std::any_of(groups_.begin(), groups_.end(), [](const Group& group) {
    return group.front->serves_writes();
  });
  return forwards ? DramCycles(1) : read_latency_;
}

/// Decides all cycles up to `now`: spans of trains whose ends become known in them end later, but
/// where a group leads them.
void DramSystem::step(DramCycles now) {
  decided_ = std::max(decided_, now + DramCycles(1));
  finishing_.resize(groups_.size());
  bool any = false;
  for (std::size_t index = 0; index < groups_.size(); ++index) {
    Group& group = groups_[index];
    finishing_[index].clear();
    if (group.news <= now) {
      group.front->advance(decided_, finishing_[index]);
      group.news = news_of(group);
      any = any || !finishing_[index].empty();
    }
  }
  if (!any) {
    return;
  }
  collect();
  for (std::size_t loop = 0; loop < loops_.size(); ++loop) {
    send_spans(static_cast<std::int32_t>(loop));
  }
}

DramCounters DramSystem::counters() const {
  DramCounters sum = apart_;
  for (const Group& group : groups_) {
    catch_up(group);
    add(sum, group.front->counters(), static_cast<std::int64_t>(group.channels.size()));
  }
  return sum;
}

}  // namespace systole
