#include "sim/dram/run_controller.h"

#include <algorithm>
#include <utility>

#include "arch/diag/check.h"

namespace systole {

RunController::RunController(const DramAddressMap& map, const DramTiming& timing,
                             std::int64_t queue_depth, ChannelIndex channel, DramChannel devices)
    : map_(map),
      column_gap_(std::max(timing.nCCD_S, timing.nBL)),
      look_ahead_(timing.nRP + timing.nRCD),
      queue_depth_(static_cast<std::size_t>(queue_depth)),
      channel_(channel),
      devices_(std::move(devices)) {
  SYSTOLE_CHECK(queue_depth > 0, "a queue needs an entry, got {}", queue_depth);
}

bool RunController::has_room(InitiatorIndex initiator) const {
  const auto index = static_cast<std::size_t>(initiator);
  return index >= queues_.size() || queues_[index].size() < queue_depth_;
}

void RunController::enqueue(const DramPart& part) {
  SYSTOLE_CHECK(has_room(part.initiator), "the queue of initiator {} is full",
                static_cast<int>(part.initiator));
  const auto index = static_cast<std::size_t>(part.initiator);
  if (index >= queues_.size()) {
    queues_.resize(index + 1);
  }
  queues_[index].push_back(part);
}

std::optional<DramCycles> RunController::next_choice() const {
  std::optional<DramCycles> arrival;
  for (const std::deque<DramPart>& queue : queues_) {
    if (!queue.empty() && (!arrival || queue.front().arrival < *arrival)) {
      arrival = queue.front().arrival;
    }
  }
  if (arrival) {
    arrival = std::max(*arrival, not_before_);
  }
  return arrival;
}

std::size_t RunController::next_queue(DramCycles now) const {
  for (std::size_t asked = 0; asked < queues_.size(); ++asked) {
    const std::size_t index = (turn_ + asked) % queues_.size();
    if (!queues_[index].empty() && queues_[index].front().arrival <= now) {
      return index;
    }
  }
  SYSTOLE_CHECK(false, "nothing has arrived by cycle {}", now.count());
}

void RunController::choose(DramCycles now, std::vector<FinishedPart>& finished) {
  const std::size_t index = next_queue(now);
  turn_ = index + 1;
  DramPart& part = queues_[index].front();
  const BurstPlace place = map_.place(part.first_burst);
  const std::int64_t bursts = std::min(part.bursts, map_.bursts_per_row() - place.column);
  const DramChannel::RunTimes times =
      devices_.serve({place.bank, place.row, bursts, part.operation}, now);
  part.first_burst += bursts;
  part.bursts -= bursts;
  not_before_ = std::max(now, times.last_column + column_gap_ - look_ahead_);
  if (part.bursts == 0) {
    (part.operation == DramOperation::Read ? read_bytes_ : write_bytes_) += part.bytes;
    finished.push_back({part.span, channel_, times.data_end});
    queues_[index].pop_front();
  }
}

DramCounters RunController::counters(DramCycles now) const {
  DramChannel ahead = devices_.silent_copy();
  ahead.refresh_until(now);
  DramCounters counters = ahead.counters();
  counters.read_bytes = read_bytes_.count();
  counters.write_bytes = write_bytes_.count();
  return counters;
}

}  // namespace systole
