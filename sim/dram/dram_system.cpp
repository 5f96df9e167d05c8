#include "sim/dram/dram_system.h"

#include <algorithm>
#include <map>
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
      channels_(spec.channels) {
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

/// All that happens in a group before `until`.
void DramSystem::advance(Group& group, DramCycles until) {
  ended_.clear();
  group.front->advance(until, ended_);
  const auto channels = static_cast<std::int64_t>(group.channels.size());
  for (const ChannelFront::Ended& part : ended_) {
    if (part.loop != kNoTrain) {
      loops_[static_cast<std::size_t>(part.loop)].ended(part.span, channels, part.at, train_news_);
      continue;
    }
    Span& span = spans_[static_cast<std::size_t>(part.span)];
    span.channels -= channels;
    span.end = std::max(span.end, part.at);
    if (span.channels == 0) {
      finished_.push_back({span.id, span.end});
      free_spans_.push_back(part.span);
    } else if (part.was_watched) {
      unwatched_.push_back(part.span);
    }
  }
  group.news = group.front->next_news(false);
}

/// Catches up with the cycles decided, in which no watched part ends.
void DramSystem::catch_up(Group& group) {
  if (group.front->decided() >= reached_) {
    return;
  }
  const std::size_t finished = finished_.size();
  advance(group, reached_);
  SYSTOLE_CHECK(unwatched_.empty() && finished_.size() == finished,
                "a span ends before the news of cycle {}", group.news.count());
}

/// Of spans that are not over, but the part that was watched is, watches another one.
void DramSystem::watch_others() {
  while (!unwatched_.empty()) {
    const std::int64_t span = unwatched_.back();
    unwatched_.pop_back();
    for (Group& group : groups_) {
      if (group.front->has(span)) {
        advance(group, reached_);
      }
      if (group.front->has(span)) {
        group.front->watch(span);
        group.news = group.front->next_news(false);
        break;
      }
    }
  }
}

/// Spans that are still to be sent arrive where others end: all groups go there together.
void DramSystem::catch_up() {
  if (awaits_spans()) {
    run(decided_);
  }
  reached_ = decided_;
}

bool DramSystem::has_room(const DramSpan& span) {
  catch_up();
  const DramAddressMap::Cut begin = map_.cut(span.address);
  const DramAddressMap::Cut end = map_.cut(span.address + span.length.count());
  return std::all_of(groups_.begin(), groups_.end(), [&](Group& group) {
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
  group.front->watch_as(*same.front);
  group.news = group.front->next_news(false);
}

/// Groups in the same state become one.
void DramSystem::join_groups() {
  ++together_;
  if (lockstep_ == Lockstep::Alone || groups_.size() == 1 || ++waited_ < patience_) {
    return;
  }
  waited_ = 0;
  std::map<std::int64_t, std::int64_t> groups_with;  // so many bursts left
  for (Group& group : groups_) {
    catch_up(group);
    ++groups_with[group.front->load()];
  }
  std::map<std::vector<std::int64_t>, Group*> known;  // by state
  bool joined = false;
  for (Group& group : groups_) {
    if (groups_with[group.front->load()] == 1) {
      continue;
    }
    std::vector<std::int64_t> state;
    group.front->describe(state);
    const auto [same, is_new] = known.try_emplace(std::move(state), &group);
    if (!is_new) {
      join(*same->second, group);
      joined = true;
    }
  }
  if (joined) {
    together_ = 0;
  } else {
    patience_ = std::min(2 * patience_, kMostPatience);
  }
  std::erase_if(groups_, [](const Group& group) { return group.channels.empty(); });
}

void DramSystem::submit(const DramSpan& span, DramCycles arrival) {
  catch_up();
  if (free_spans_.empty()) {
    free_spans_.push_back(static_cast<std::int64_t>(spans_.size()));
    spans_.emplace_back();
  }
  const std::int64_t number = free_spans_.back();
  free_spans_.pop_back();
  const std::int64_t channels = enqueue(span, {.span = number,
                                               .initiator = span.initiator,
                                               .operation = span.operation,
                                               .arrival = arrival});
  spans_[static_cast<std::size_t>(number)] = {span.id, channels, DramCycles(0)};
  watch(number);
  look_at_trains();
}

/// A span of which no part has ended: the one that will probably end last.
void DramSystem::watch(std::int64_t span) {
  Group* last = nullptr;
  for (Group& group : groups_) {
    if (group.front->has(span) && (last == nullptr || group.front->load() > last->front->load())) {
      last = &group;
    }
  }
  last->front->watch(span);
  last->news = last->front->next_news(false);
}

/// `part`: what is the same in all channels. Returns how many of them the span asks something of.
std::int64_t DramSystem::enqueue(const DramSpan& span, DramPart part) {
  SYSTOLE_CHECK(span.length > Bytes(0), "an empty span at address {}", span.address);
  const DramAddressMap::Cut begin = map_.cut(span.address);
  const DramAddressMap::Cut end = map_.cut(span.address + span.length.count());
  join_groups();
  split_groups(begin, end);
  std::int64_t channels = 0;
  for (Group& group : groups_) {
    const Share share = share_of(begin, end, group.channels.front());
    if (share.begin == share.end) {
      continue;
    }
    part.first_burst = map_.burst_of(share.begin);
    part.bursts = map_.burst_of(share.end - 1) + 1 - part.first_burst;
    part.bytes = Bytes(share.end - share.begin);
    if (part.loop != kNoTrain) {
      std::int64_t& most = most_of_spans_[static_cast<std::size_t>(part.loop)];
      most = std::max(most, part.bursts);
    }
    catch_up(group);  // what arrives may bring others' news forward, but not before it
    group.front->enqueue(part);
    group.news = group.front->next_news(false);
    channels += static_cast<std::int64_t>(group.channels.size());
  }
  return channels;
}

std::optional<DramCycles> DramSystem::next_news(bool room) {
  DramCycles next = outlook_;
  if (room) {
    catch_up();
    next = outlook_;
  }
  for (Group& group : groups_) {
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

const std::vector<FinishedSpan>& DramSystem::decide(DramCycles now) {
  finished_.clear();
  decided_ = std::max(decided_, now + DramCycles(1));
  const auto has_news = [this](const Group& group) { return group.news < decided_; };
  if (outlook_ < decided_ || std::any_of(groups_.begin(), groups_.end(), has_news)) {
    run(decided_);
    std::sort(finished_.begin(), finished_.end(), [](const FinishedSpan& a, const FinishedSpan& b) {
      return std::pair(a.at, a.span) < std::pair(b.at, b.span);
    });
  }
  return finished_;
}

/// Decides all cycles before `until`, in which news may become known.
void DramSystem::run(DramCycles until) {
  while (awaits_spans()) {
    const DramCycles safe = horizon();
    if (safe >= until) {
      break;
    }
    step(safe);
  }
  step(until);
  look_at_trains();
}

/// Decides all cycles before `until`, and then sends the spans that wait for what ended in them.
void DramSystem::step(DramCycles until) {
  reached_ = std::max(reached_, until);
  const bool all = awaits_spans();
  for (Group& group : groups_) {
    if (all || group.news < reached_) {
      advance(group, reached_);
    }
  }
  watch_others();
  for (std::size_t loop = 0; all && loop < loops_.size(); ++loop) {
    send_spans(static_cast<std::int32_t>(loop));
  }
}

DramCounters DramSystem::counters() {
  catch_up();
  DramCounters sum = apart_;
  for (Group& group : groups_) {
    catch_up(group);
    add(sum, group.front->counters(), static_cast<std::int64_t>(group.channels.size()));
  }
  return sum;
}

}  // namespace systole
