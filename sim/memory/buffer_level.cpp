#include "sim/memory/buffer_level.h"

#include "arch/enum_names.h"
#include "arch/isa/buffer_lives.h"

namespace systole {

BufferLevel::BufferLevel(const Program& program) {
  for (const auto& [engine, name] : kEnumNames<Engine>) {
    effects_[static_cast<std::size_t>(engine)].resize(program.stream(engine).size());
  }
  for (const BufferLife& life : buffer_lives(program, possible_order(program))) {
    effects_of(life.writer).written += life.bytes;
    lives_.push_back({.bytes = life.bytes});
    for (const auto& [engine, name] : kEnumNames<Engine>) {
      if (const auto reader = life.last_readers[static_cast<std::size_t>(engine)]) {
        effects_of({.engine = engine, .index = *reader}).ends.push_back(lives_.size() - 1);
        ++lives_.back().engines_left;
      }
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
