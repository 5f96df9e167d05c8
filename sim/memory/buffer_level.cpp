#include "sim/memory/buffer_level.h"

#include "arch/isa/buffer_lives.h"

namespace systole {

BufferLevel::BufferLevel(const Program& program, std::uint16_t core) : effects_(program.engines()) {
  for (const EngineId engine : program.engines()) {
    effects_[engine].resize(program.stream(engine).size());
  }
  for (const BufferLife& life : buffer_lives(program, of_core(possible_order(program), core))) {
    effects_of(life.writer).written += life.bytes;
    lives_.push_back({.bytes = life.bytes});
    for (const InstructionRef& reader : life.last_readers) {
      effects_of(reader).ends.push_back(lives_.size() - 1);
      ++lives_.back().engines_left;
    }
  }
}

void BufferLevel::completed(const InstructionRef& instruction) {
  const Effects& effects = effects_of(instruction);
  bytes_ += effects.written;
  for (const std::size_t index : effects.ends) {
    Life& life = lives_[index];
    --life.engines_left;
    bytes_ -= life.engines_left == 0 ? life.bytes : 0;
  }
}

}  // namespace systole
