#include "compiler/verify/wording.h"

#include <fmt/format.h>

#include "arch/isa/program_fields.h"

namespace systole::verification {

std::string name_of(const Program& program, Place place) {
  const StreamInstruction instruction = instruction_at(program, place);
  const auto layer = static_cast<std::size_t>(instruction.layer());
  return fmt::format("{}[{}] {} of layer {}", systole::name_of(place.engine), place.index,
                     systole::name_of(instruction),
                     layer < program.layers.size() ? fmt::format("'{}'", program.layers[layer].name)
                                                   : fmt::format("{}", instruction.layer()));
}

std::string name_of(const Program& program, Label label) {
  return label.is_tensor()
             ? fmt::format("'{}'", program.tensors[static_cast<std::size_t>(label.tensor())].name)
             : fmt::format("tile {}", label.tile());
}

}  // namespace systole::verification
