#include "report/buffer_levels.h"

#include <algorithm>
#include <utility>

#include "arch/isa/buffer_lives.h"

namespace systole {

namespace {

std::vector<InstructionRef> completion_order(const RunTrace& trace) {
  std::vector<std::pair<CoreCycles, InstructionRef>> completions;
  for (const EngineId engine : trace.engines.engines()) {
    const auto& instructions = trace.engine(engine).instructions;
    for (std::size_t index = 0; index < instructions.size(); ++index) {
      completions.push_back({instructions[index].completed, {.engine = engine, .index = index}});
    }
  }
  std::sort(completions.begin(), completions.end());
  std::vector<InstructionRef> order;
  order.reserve(completions.size());
  for (const auto& [at, instruction] : completions) {
    order.push_back(instruction);
  }
  return order;
}

/// When the last of the readers had completed.
CoreCycles end_of(const BufferLife& life, const RunTrace& trace) {
  CoreCycles end{0};
  for (const InstructionRef& reader : life.last_readers) {
    end = std::max(end, trace.engine(reader.engine).instructions[reader.index].completed);
  }
  return end;
}

}  // namespace

Levels buffer_levels(const Program& program, const RunTrace& trace) {
  std::vector<LevelChange> changes;
  for (const BufferLife& life : buffer_lives(program, completion_order(trace))) {
    const auto& writers = trace.engine(life.writer.engine).instructions;
    changes.push_back({.at = writers[life.writer.index].completed, .change = life.bytes});
    changes.push_back({.at = end_of(life, trace), .change = -life.bytes});
  }
  return sum_of(std::move(changes));
}

}  // namespace systole
