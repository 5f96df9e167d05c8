#include "sim/core/instruction_queue.h"

#include <algorithm>

#include "arch/diag/check.h"

namespace systole {

namespace {

std::size_t checked_depth(const SequencerSpec& spec) {
  SYSTOLE_CHECK(spec.depth >= 1, "sequencer depth {}", spec.depth);
  SYSTOLE_CHECK(spec.issue.count() >= 0, "sequencer issue {}", spec.issue.count());
  return static_cast<std::size_t>(spec.depth);
}

}  // namespace

InstructionQueue::InstructionQueue(const SequencerSpec& spec)
    : issue_(spec.issue), taken_(checked_depth(spec)) {}

CoreCycles InstructionQueue::next_delivery() const {
  return std::max(last_delivery_ + issue_, taken_[oldest_]);
}

void InstructionQueue::take(CoreCycles cycle) {
  const CoreCycles delivery = next_delivery();
  SYSTOLE_CHECK(cycle >= delivery, "taken at {}, delivered at {}", cycle.count(), delivery.count());
  last_delivery_ = delivery;
  taken_[oldest_] = cycle;
  oldest_ = oldest_ + 1 == taken_.size() ? 0 : oldest_ + 1;
}

}  // namespace systole
