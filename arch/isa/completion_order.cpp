#include "arch/isa/completion_order.h"

#include <cstdint>

namespace systole {

namespace {

/// Where an engine is in its stream.
struct Position {
  std::size_t index = 0;
  std::size_t waits_taken = 0;  // of that instruction
};

/// Whether the instruction at the position has all that it waits for; takes what is there.
bool takes_waits(const SemaphoreUses& waits, std::vector<std::int64_t>& counts,
                 Position& position) {
  for (; position.waits_taken < waits.size(); ++position.waits_taken) {
    const SemaphoreUse& use = waits[position.waits_taken];
    std::int64_t& count = counts[static_cast<std::size_t>(use.semaphore)];
    if (count < use.count) {
      return false;
    }
    count -= use.count;
  }
  return true;
}

}  // namespace

std::vector<InstructionRef> possible_order(const Program& program) {
  std::vector<InstructionRef> order;
  std::vector<std::int64_t> counts(program.semaphores.size(), 0);
  PerEngine<Position> positions(program.engines());
  bool goes_on = true;
  while (goes_on) {
    goes_on = false;
    for (const EngineId engine : program.engines()) {
      const Stream& stream = program.stream(engine);
      Position& position = positions[engine];
      for (; position.index < stream.size(); position = {.index = position.index + 1}) {
        const StreamInstruction instruction = stream[position.index];
        if (!takes_waits(instruction.waits(), counts, position)) {
          break;
        }
        for (const SemaphoreUse& use : instruction.signals()) {
          counts[static_cast<std::size_t>(use.semaphore)] += use.count;
        }
        order.push_back({.engine = engine, .index = position.index});
        goes_on = true;
      }
    }
  }
  return order;
}

std::vector<InstructionRef> of_core(std::vector<InstructionRef> order, std::uint16_t core) {
  std::erase_if(order, [core](const InstructionRef& one) { return one.engine.core != core; });
  return order;
}

}  // namespace systole
