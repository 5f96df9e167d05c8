#pragma once

#include <cstddef>
#include <vector>

#include "arch/isa/program.h"

namespace systole {

/// The `index`-th instruction of an engine's stream.
struct InstructionRef {
  EngineId engine;
  std::size_t index = 0;

  auto operator<=>(const InstructionRef&) const = default;
};

/// An order in which the instructions of a program may complete: those of an engine in the order of
/// its stream, none before the signals that it waits for. It ends early where no engine can go on.
/// Every semaphore that is named has to exist. Not looked at: tiles and slots of the weight FIFO.
[[nodiscard]] std::vector<InstructionRef> possible_order(const Program& program);

/// The instructions of one core, in the same order.
[[nodiscard]] std::vector<InstructionRef> of_core(std::vector<InstructionRef> order,
                                                  std::uint16_t core);

}  // namespace systole
