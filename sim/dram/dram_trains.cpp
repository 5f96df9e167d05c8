#include <algorithm>

#include "arch/diag/check.h"
#include "sim/dram/dram_system.h"

namespace systole {

std::int32_t DramSystem::loop_of(InitiatorIndex initiator) {
  const auto index = static_cast<std::size_t>(initiator);
  if (index >= loop_of_initiator_.size()) {
    loop_of_initiator_.resize(index + 1, kNoTrain);
  }
  std::int32_t& loop = loop_of_initiator_[index];
  if (loop == kNoTrain) {
    loop = static_cast<std::int32_t>(loops_.size());
    loops_.emplace_back(initiator, clock_);
    most_of_spans_.push_back(0);
  }
  return loop;
}

void DramSystem::submit(const DramTrain& train, DramCycles ready) {
  SYSTOLE_CHECK(train.window <= queue_depth_, "a train of {} spans at a time, a queue of {}",
                train.window, queue_depth_);
  catch_up();
  for (Group& group : groups_) {
    catch_up(group);
  }
  const std::int32_t loop = loop_of(train.initiator);
  loops_[static_cast<std::size_t>(loop)].add(train, ready);
  send_spans(loop);
  look_at_trains();
}

/// What is known of a loop's next spans.
void DramSystem::send_spans(std::int32_t index) {
  TrainLoop& loop = loops_[static_cast<std::size_t>(index)];
  while (const std::optional<TrainLoop::Span> span = loop.next(train_news_)) {
    const DramSpan asked{static_cast<SpanId>(span->number), loop.initiator(), DramOperation::Read,
                         span->address, span->length};
    loop.sent(span->number, enqueue(asked, {.span = span->number,
                                            .initiator = loop.initiator(),
                                            .arrival = span->arrival,
                                            .loop = index,
                                            .train = span->train}));
  }
}

/// Of a loop: which spans are still to be sent depends on what ends.
bool DramSystem::awaits_spans() const {
  return std::any_of(loops_.begin(), loops_.end(),
                     [](const TrainLoop& loop) { return loop.awaited_to_send().has_value(); });
}

/// Before this cycle no span matters that nobody has sent yet: none can arrive, since none that it
/// waits for can be over, or where it arrives others of its initiator wait in front of it.
DramCycles DramSystem::horizon() const {
  DramCycles ends = kNever;
  for (const Group& group : groups_) {
    ends = std::min(ends, group.front->next_train_news());
  }
  DramCycles occupied = kNever;
  for (const TrainLoop& loop : loops_) {
    if (!loop.awaited_to_send()) {
      continue;
    }
    for (const Group& group : groups_) {
      occupied = std::min(occupied, group.front->occupied_by(loop.initiator()));
    }
  }
  return ends == kNever ? occupied : std::max(occupied, ends + shortest_read());
}

/// Before a train of the loop is over or sent, whichever comes first: all channels have to do their
/// part before. Where spans are still to be sent they may arrive with the first event of any
/// channel, else each channel knows what it has to do.
DramSystem::Outlook DramSystem::outlook_of(std::int32_t index, std::optional<DramCycles> next) {
  const TrainLoop& loop = loops_[static_cast<std::size_t>(index)];
  const std::int64_t unsent = least_of(loop.unsent_of_oldest());
  const std::optional<TrainLoop::Awaited> awaited = loop.awaited_to_send();
  Outlook over;
  Outlook sent{awaited ? DramCycles(0) : kNever, nullptr};
  for (Group& group : groups_) {
    const ChannelFront& front = *group.front;
    const std::int64_t left = front.left_of(index, loop.oldest());
    if (!next && left > 0) {
      over = std::max(over, {front.soonest_of(index, loop.oldest()), &group});
    }
    if (!next) {
      continue;
    }
    if (left + unsent > 0) {
      over = std::max(over, {front.soonest(left + unsent, *next), &group});
    }
    if (awaited) {
      const std::int64_t before = front.left_of(index) + least_of(awaited->unsent) -
                                  awaited->beyond * most_of_spans_[static_cast<std::size_t>(index)];
      sent = std::max(sent, {front.soonest(std::max<std::int64_t>(1, before), *next), &group});
    }
  }
  return std::min(over, sent);
}

/// Bursts that each channel has of so many bytes one behind the other, at least.
std::int64_t DramSystem::least_of(Bytes bytes) const {
  const std::int64_t block = channels_ == 1 ? map_.burst_bytes() : map_.interleave();
  return bytes.count() / (block * channels_) * (block / map_.burst_bytes());
}

DramSystem::Outlook DramSystem::outlook_of_trains() {
  Outlook first{kNever, nullptr};
  if (!has_trains()) {
    return first;
  }
  std::optional<DramCycles> next;
  if (awaits_spans()) {
    for (const Group& group : groups_) {
      next = std::min(next.value_or(kNever), group.front->next());
    }
  }
  for (std::size_t index = 0; index < loops_.size(); ++index) {
    if (!loops_[index].is_idle()) {
      first = std::min(first, outlook_of(static_cast<std::int32_t>(index), next));
    }
  }
  first.at = std::max(first.at, next.value_or(DramCycles(0)));
  return first;
}

/// Lets those channels go on that have to do their part before there is news of a train.
void DramSystem::look_at_trains() {
  for (;;) {
    const Outlook first = outlook_of_trains();
    outlook_ = first.at;
    if (outlook_ >= reached_) {
      return;
    }
    SYSTOLE_CHECK(first.group != nullptr,
                  "a train of which nothing is left is not over in cycle {}", reached_.count());
    catch_up(*first.group);
  }
}

/// From the cycle in which a read's end becomes known to the end, at least.
DramCycles DramSystem::shortest_read() const {
  const bool forwards = std::any_of(groups_.begin(), groups_.end(), [](const Group& group) {
    return group.front->may_meet_writes();
  });
  return forwards ? DramCycles(1) : read_latency_;
}

}  // namespace systole
