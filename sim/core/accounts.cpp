#include "sim/core/accounts.h"

#include <algorithm>

#include "arch/diag/check.h"

namespace systole {

EngineCounters& EngineAccount::of_layer(std::int32_t layer) {
  return counters_.layers[static_cast<std::size_t>(layer)].engines[stream_];
}

void EngineAccount::charge_cycles(Cause cause, CoreCycles until, std::int32_t layer) {
  const CoreCycles cycles = until - charged_until_;
  counters_.engines[stream_][cause] += cycles;
  of_layer(layer)[cause] += cycles;
  if (trace_ != nullptr) {
    trace_->spans.push_back({.instruction = instruction_,
                             .begin = charged_until_,
                             .end = until,
                             .cause = cause,
                             .is_work = is_work_});
  }
  charged_until_ = until;
}

void EngineAccount::charge_work(CoreCycles until, CoreCycles busy, CoreCycles port, Cause rest,
                                std::int32_t layer) {
  charge(Cause::Busy, std::min(until, charged_until_ + busy), layer);
  charge(Cause::Port, std::min(until, charged_until_ + port), layer);
  charge(rest, until, layer);
}

void EngineAccount::finish(CoreCycles elapsed) {
  SYSTOLE_CHECK(charged_until_ <= elapsed, "{} charged until {} of {}", name_of(engine_),
                charged_until_.count(), elapsed.count());
  counters_.engines[stream_][Cause::Idle] += elapsed - charged_until_;
  charged_until_ = elapsed;
}

void EngineAccount::count_instruction(std::int32_t layer) {
  ++counters_.engines[stream_].instructions;
  ++of_layer(layer).instructions;
}

void LayerAccount::active(std::int32_t layer, CoreCycles begin, CoreCycles end) {
  if (begin >= end) {
    return;
  }
  auto& intervals = intervals_[static_cast<std::size_t>(layer)];
  // Most intervals touch the one before: joining them here keeps the list short.
  if (!intervals.empty() && begin >= intervals.back().begin && begin <= intervals.back().end) {
    intervals.back().end = std::max(intervals.back().end, end);
    return;
  }
  intervals.push_back({.begin = begin, .end = end});
}

void LayerAccount::started(std::int32_t layer, CoreCycles cycle) {
  const auto index = static_cast<std::size_t>(layer);
  auto& first = layer_counters(layer).first_start;
  first = has_started_[index] ? std::min(first, cycle) : cycle;
  has_started_[index] = true;
}

void LayerAccount::completed(EngineId engine, std::int32_t layer, CoreCycles cycle) {
  auto& end = layer_counters(layer).last_end;
  end = std::max(end, cycle);
  if (latest_ && latest_->cycle == cycle) {
    if (engine < latest_->engine) {
      latest_->engine = engine;
      latest_->layer = layer;
    }
    return;
  }
  SYSTOLE_CHECK(!latest_ || latest_->cycle < cycle, "completion at {} after one at {}",
                cycle.count(), latest_->cycle.count());
  settle_latest();
  latest_ = Completion{.engine = engine, .layer = layer, .cycle = cycle};
}

void LayerAccount::settle_latest() {
  if (latest_) {
    layer_counters(latest_->layer).exposed += latest_->cycle - counters_.elapsed;
    counters_.elapsed = latest_->cycle;
  }
}

void LayerAccount::finish() {
  settle_latest();
  latest_.reset();
  for (std::size_t i = 0; i < intervals_.size(); ++i) {
    counters_.layers[i].active = length_of_union(intervals_[i]);
    counters_.actions.add(counters_.layers[i].actions);
  }
}

CoreCycles LayerAccount::length_of_union(std::vector<Interval>& intervals) {
  std::sort(intervals.begin(), intervals.end(),
            [](const Interval& a, const Interval& b) { return a.begin < b.begin; });
  CoreCycles length{0};
  CoreCycles covered_until{0};
  for (const Interval& interval : intervals) {
    if (interval.end > covered_until) {
      length += interval.end - std::max(interval.begin, covered_until);
      covered_until = interval.end;
    }
  }
  return length;
}

}  // namespace systole
