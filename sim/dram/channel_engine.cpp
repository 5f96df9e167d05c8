#include "sim/dram/channel_engine.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "arch/diag/error.h"

namespace systole {

ChannelEngine::ChannelEngine(const DramStandard& standard, const DramControllerSpec& spec,
                             ChannelIndex channel, std::vector<BurstFeed*> feeds,
                             CompletionSink& sink, DramCommandObserver observer)
    : channel_(channel),
      names_(fmt::format("{}, controller {}", standard.name, spec.name)),
      controller_(standard, spec, channel, std::move(observer)),
      feeds_(std::move(feeds)),
      sink_(sink) {}

ChannelEngine::ChannelEngine(const ChannelEngine& other, ChannelIndex channel,
                             std::vector<BurstFeed*> feeds, CompletionSink& sink)
    : channel_(channel),
      names_(other.names_),
      controller_(other.controller_, channel),
      feeds_(std::move(feeds)),
      sink_(sink),
      next_(other.next_),
      event_(other.event_),
      moved_(other.moved_),
      offer_(other.offer_) {}

/// False where an entry must become free first: what the write buffer does not hold (it is empty,
/// or the burst was offered once) it will not hold until another write is accepted.
inline bool ChannelEngine::can_offer(const BurstFeed& feed) const {
  return !feed.is_empty() && (controller_.has_room(feed.run().first.operation) ||
                              (!feed.was_refused() && !controller_.is_idle_of_writes()));
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
      if (streamed == &nothing && feed->only() == controller_.direction()) {
        streamed = feed;
      } else {
        until = std::min(until, feed->arrives());
      }
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
  if (controller_.may_stream(next_)) {
    if (const DramCycles reached = stream(next_, until); reached > next_) {
      next_ = event_ = offer_ = moved_ = reached;
      deliver();
      return;
    }
  }
  if (controller_.is_idle() && next_ < offer_) {
    if (const DramCycles reached = controller_.rest(next_, std::min(until, offer_));
        reached > next_) {
      next_ = event_ = reached;
      return;
    }
  }
  visit(next_);
}

inline void ChannelEngine::offer_bursts(DramCycles now) {
  for (BurstFeed* const feed : feeds_) {
    feed->prepare(now);
    if (!can_offer(*feed) || feed->opens(now) > now) {
      continue;
    }
    const DramOperation operation = feed->run().first.operation;
    if (!controller_.offer(feed->run().first, now)) {
      feed->set_refused(true);
      continue;
    }
    feed->take(1, now);
    if (operation == DramOperation::Write) {
      for (BurstFeed* const other : feeds_) {
        other->set_refused(false);  // a read may be forwarded now
      }
    }
  }
}

/// The first cycle from `from` on in which a feed may offer a burst, as far as known.
inline DramCycles ChannelEngine::next_offer(DramCycles from) const {
  DramCycles first = kNever;
  for (const BurstFeed* const feed : feeds_) {
    if (feed->is_empty()) {
      first = std::min(first, std::max(from, feed->arrives()));
    } else if (can_offer(*feed)) {
      first = std::min(first, feed->opens(from));
    }
  }
  return first;
}

void ChannelEngine::visit(DramCycles now) {
  if (controller_.is_idle()) {
    moved_ = now;
  }
  if (offer_ <= now) {
    offer_bursts(now);
  }
  if (event_ <= now || controller_.is_stale()) {
    controller_.step(now);
    event_ = controller_.next_event(now);
  }
  if (!controller_.completions().empty()) {
    moved_ = now;
    deliver();
  } else if (now - moved_ > kPatience) {
    fail(fmt::format("no request has been served for {} cycles", (now - moved_).count()));
  }
  offer_ = next_offer(now + DramCycles(1));
  next_ = std::min(event_, offer_);
}

void ChannelEngine::advance(DramCycles until) {
  while (next_ < until) {
    go_on(until);
  }
}

void ChannelEngine::fail(std::string_view what) const {
  std::string fronts;
  for (const BurstFeed* const feed : feeds_) {
    if (!feed->is_empty()) {
      fronts += feed->run().first.operation == DramOperation::Read
                    ? "; a read waits in front of it"
                    : "; a write waits in front of it";
    }
  }
  throw UserError(fmt::format(
      "systole: DRAM channel {} ({}): {} in DRAM cycle {}: {}{}", static_cast<int>(channel_),
      names_, what, (next_ == kNever ? moved_ : next_).count(), controller_.waiting(), fronts));
}

void ChannelEngine::deliver() {
  for (const CompletedSeries& series : controller_.completions()) {
    sink_.completed(series);
  }
  controller_.completions().clear();
}

}  // namespace systole
