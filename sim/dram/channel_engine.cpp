#include "sim/dram/channel_engine.h"

#include <algorithm>
#include <utility>

namespace systole {

ChannelEngine::ChannelEngine(const DramStandard& standard, const DramControllerSpec& spec,
                             ChannelIndex channel, std::vector<BurstFeed*> feeds,
                             CompletionSink& sink, DramCommandObserver observer)
    : controller_(standard, spec, channel, std::move(observer)),
      feeds_(std::move(feeds)),
      sink_(sink) {}

/// False where an entry must become free first: what the write buffer does not hold (it was
/// offered once) it will not hold until another write is accepted.
bool ChannelEngine::can_offer(const BurstFeed& feed) const {
  return !feed.is_empty() &&
         (!feed.was_refused() || controller_.has_room(feed.run().first.operation));
}

namespace {

class NoFeed : public BurstFeed {
  void taken(std::int64_t /*bursts*/, DramCycles /*last*/) override {}
};

}  // namespace

DramCycles ChannelEngine::stream(DramCycles now, DramCycles until) {
  NoFeed nothing;
  BurstFeed* streamed = &nothing;
  for (BurstFeed* const feed : feeds_) {
    feed->prepare(now);
    if (feed->is_empty()) {
      until = std::min(until, feed->arrives());
      continue;
    }
    if (feed->is_gated()) {
      return now;
    }
    const bool follows = feed->run().first.operation == controller_.direction();
    if (follows && streamed == &nothing) {
      streamed = feed;
    } else if (follows || can_offer(*feed)) {
      until = std::min(until, feed->opens(now));
    }
  }
  return until > now ? controller_.stream(*streamed, now, until) : now;
}

void ChannelEngine::go_on(DramCycles until) {
  if (next_ >= until) {
    return;
  }
  if (const DramCycles reached = stream(next_, until); reached > next_) {
    next_ = reached;
    event_ = reached;
    deliver();
  } else {
    visit(next_);
  }
}

void ChannelEngine::visit(DramCycles now) {
  for (BurstFeed* const feed : feeds_) {
    feed->prepare(now);
    if (can_offer(*feed) && feed->opens(now) <= now) {
      const bool writes = feed->run().first.operation == DramOperation::Write;
      if (controller_.offer(feed->run().first, now)) {
        feed->take(1, now);
        for (BurstFeed* const other : feeds_) {
          // A read may be forwarded now.
          other->set_refused(other->was_refused() && !writes);
        }
      } else {
        feed->set_refused(true);
      }
    }
  }
  if (event_ <= now || controller_.is_stale()) {
    controller_.step(now);
    event_ = controller_.next_event(now);
  }
  deliver();
  next_ = event_;
  for (const BurstFeed* const feed : feeds_) {
    const DramCycles next = now + DramCycles(1);
    if (feed->is_empty()) {
      next_ = std::min(next_, std::max(next, feed->arrives()));
    } else if (can_offer(*feed)) {
      next_ = std::min(next_, feed->opens(next));
    }
  }
}

void ChannelEngine::advance(DramCycles until) {
  while (next_ < until) {
    go_on(until);
  }
}

void ChannelEngine::deliver() {
  for (const CompletedSeries& series : controller_.completions()) {
    sink_.completed(series);
  }
  controller_.completions().clear();
}

}  // namespace systole
