#include "sim/dram/dram_system.h"

#include <algorithm>

#include "arch/diag/check.h"

namespace systole {
namespace {

void add(DramCounters& sum, const DramCounters& counters) {
  sum.activates += counters.activates;
  sum.precharges += counters.precharges;
  sum.reads += counters.reads;
  sum.writes += counters.writes;
  sum.refreshes += counters.refreshes;
  sum.bank_refreshes += counters.bank_refreshes;
  sum.row_hits += counters.row_hits;
  sum.row_misses += counters.row_misses;
  sum.row_conflicts += counters.row_conflicts;
  sum.forwarded += counters.forwarded;
  sum.merged += counters.merged;
  sum.read_bytes += counters.read_bytes;
  sum.write_bytes += counters.write_bytes;
  sum.active_power_down += counters.active_power_down;
  sum.precharged_power_down += counters.precharged_power_down;
  sum.data_bus_busy += counters.data_bus_busy;
}

}  // namespace

DramSystem::DramSystem(const DramSpec& spec, std::int64_t queue_depth,
                       const DramCommandObserver& observer)
    : map_(spec) {
  for (std::int64_t index = 0; index < spec.channels; ++index) {
    channels_.push_back(std::make_unique<ChannelFront>(map_, spec.standard, spec.controller,
                                                       queue_depth,
                                                       static_cast<ChannelIndex>(index), observer));
  }
}

bool DramSystem::has_room(const DramSpan& span) const {
  const std::vector<ChannelRange> ranges = map_.split(span.address, span.length);
  return std::all_of(ranges.begin(), ranges.end(), [&](const ChannelRange& range) {
    return channels_[static_cast<std::size_t>(range.channel)]->has_room(span.initiator);
  });
}

std::int64_t DramSystem::submit(const DramSpan& span, DramCycles arrival) {
  SYSTOLE_CHECK(span.length > Bytes(0), "an empty span at address {}", span.address);
  const std::vector<ChannelRange> ranges = map_.split(span.address, span.length);
  for (const ChannelRange& range : ranges) {
    const std::int64_t first = range.begin / map_.burst_bytes();
    const std::int64_t end = ceil_div(range.end, map_.burst_bytes());
    channels_[static_cast<std::size_t>(range.channel)]->enqueue(
        {span.id, span.initiator, span.operation, first, end - first,
         Bytes(range.end - range.begin), arrival});
  }
  return static_cast<std::int64_t>(ranges.size());
}

std::optional<DramCycles> DramSystem::next_news(bool room) const {
  DramCycles next = kNever;
  for (const auto& channel : channels_) {
    next = std::min(next, channel->next_news(room));
  }
  return next == kNever ? std::nullopt : std::optional(next);
}

const std::vector<FinishedPart>& DramSystem::decide(DramCycles now) {
  finished_.clear();
  for (const auto& channel : channels_) {
    channel->advance(now + DramCycles(1), finished_);
  }
  return finished_;
}

DramCounters DramSystem::counters() const {
  DramCounters sum;
  for (const auto& channel : channels_) {
    add(sum, channel->counters());
  }
  return sum;
}

}  // namespace systole
