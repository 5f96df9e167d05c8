#include "sim/dram/part_feed.h"

#include <algorithm>

namespace systole {

void PartFeed::enqueue(const DramPart& part, std::int64_t number) {
  const auto index = static_cast<std::size_t>(part.initiator);
  if (index >= queues_.size()) {
    queues_.resize(index + 1);
  }
  queues_[index].parts.push_back({part, number});
  queues_[index].bursts += part.bursts;
  ++parts_;
  arrives_ = std::min(arrives_, part.arrival);
}

std::size_t PartFeed::queued(InitiatorIndex initiator) const {
  const auto index = static_cast<std::size_t>(initiator);
  return index < queues_.size() ? queues_[index].parts.size() : 0;
}

std::int64_t PartFeed::queued_bursts(InitiatorIndex initiator) const {
  const auto index = static_cast<std::size_t>(initiator);
  return index < queues_.size() ? queues_[index].bursts : 0;
}

void PartFeed::find_first_arrival() {
  arrives_ = kNever;
  for (const Queue& queue : queues_) {
    if (!queue.parts.empty()) {
      arrives_ = std::min(arrives_, queue.parts.front().part.arrival);
    }
  }
}

void PartFeed::choose(DramCycles now) {
  std::size_t index = turn_;
  for (std::size_t asked = 0; asked < queues_.size(); ++asked, ++index) {
    if (index >= queues_.size()) {
      index = 0;
    }
    const std::deque<Waiting>& queue = queues_[index].parts;
    if (queue.empty() || queue.front().part.arrival > now) {
      continue;
    }
    serving_ = index;
    turn_ = index + 1;
    const auto& [part, number] = queue.front();
    const BurstPlace place = map_.place(part.first_burst);
    run_.first = {number, static_cast<std::size_t>(place.bank), place.row, place.column,
                  part.operation};
    run_.id_step = 0;
    run_.bursts = std::min(part.bursts, map_.run_length(part.first_burst));
    run_.from = part.arrival;
    return;
  }
}

void PartFeed::describe(DramCycles now, const std::vector<std::int64_t>& names,
                        std::vector<std::int64_t>& state) const {
  const auto wait = [now](DramCycles at) { return std::max(DramCycles(0), at - now).count(); };
  state.insert(state.end(),
               {static_cast<std::int64_t>(turn_), run_.bursts, static_cast<std::int64_t>(parts_)});
  if (!is_empty()) {
    state.insert(state.end(), {static_cast<std::int64_t>(serving_), wait(run_.from),
                               static_cast<std::int64_t>(was_refused())});
  }
  for (const Queue& queue : queues_) {
    state.push_back(static_cast<std::int64_t>(queue.parts.size()));
    for (const Waiting& each : queue.parts) {
      state.insert(state.end(), {names[static_cast<std::size_t>(each.number)],
                                 each.part.first_burst, each.part.bursts, wait(each.part.arrival)});
    }
  }
}

Rotation PartFeed::rotation() const {
  if (map_.ways() == 1 || is_empty()) {
    return BurstFeed::rotation();
  }
  const DramPart& part = queues_[serving_].parts.front().part;
  Rotation rotation{.ways = map_.ways(),
                    .bursts = std::min(part.bursts, map_.rotation_length(part.first_burst))};
  for (std::size_t index = 0; index < queues_.size(); ++index) {
    const std::deque<Waiting>& queue = queues_[index].parts;
    if (index != serving_ && !queue.empty()) {
      rotation.until = std::min(rotation.until, queue.front().part.arrival);
    }
  }
  return rotation;
}

void PartFeed::take_rotating(std::int64_t bursts, DramCycles last) {
  if (map_.ways() == 1) {
    take(bursts, last);
    return;
  }
  run_.bursts = 0;  // of several banks, chosen anew
  set_refused(false);
  taken(bursts, last);
}

void PartFeed::taken(std::int64_t bursts, DramCycles last) {
  Queue& queue = queues_[serving_];
  Waiting& oldest = queue.parts.front();
  accepted_.push_back({oldest.number, bursts});
  queue.bursts -= bursts;
  oldest.part.first_burst += bursts;
  oldest.part.bursts -= bursts;
  if (oldest.part.bursts == 0) {
    queue.parts.pop_front();
    --parts_;
    find_first_arrival();
  }
  prepare(last);
}

}  // namespace systole
