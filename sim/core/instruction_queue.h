#pragma once

#include <cstdint>
#include <vector>

#include "arch/chip_spec.h"
#include "arch/units/units.h"

namespace systole {

/// The sequencer's queue in front of one engine: a rule, not a process.
///
/// Timing: instruction i is in the queue at
///   delivered(i) = max(delivered(i-1) + issue, taken(i-depth)),  delivered(-1) = 0,
/// where taken(j) is the cycle in which the engine took instruction j out (0 for j < 0): the
/// sequencer delivers one instruction every `issue` cycles and holds one back while the queue is
/// full. Engines do not disturb each other.
/// Not modelled: a common fetch bandwidth of all engines, instruction memory.
class InstructionQueue {
 public:
  explicit InstructionQueue(const SequencerSpec& spec);

  /// Cycle from which the next instruction can be taken.
  [[nodiscard]] CoreCycles next_delivery() const;
  /// The engine takes the next instruction at `cycle` >= next_delivery().
  void take(CoreCycles cycle);

 private:
  CoreCycles issue_;
  std::vector<CoreCycles> taken_;  // ring of the last `depth` cycles
  std::size_t oldest_ = 0;
  CoreCycles last_delivery_{0};
};

}  // namespace systole
