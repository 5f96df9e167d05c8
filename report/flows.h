#pragma once

#include <cstddef>
#include <vector>

#include "arch/isa/program.h"
#include "arch/trace.h"

namespace systole {

/// An instruction, by its place in the program.
struct InstructionPlace {
  EngineId engine;
  std::int64_t index = 0;

  auto operator<=>(const InstructionPlace&) const = default;
};

/// `to` stood still until `from` signalled `semaphore`.
struct Flow {
  InstructionPlace from;
  InstructionPlace to;
  std::int32_t semaphore = 0;

  bool operator==(const Flow&) const = default;
};

/// The signals that ended a wait of at least a cycle: for each span charged to a semaphore, the
/// instruction whose completion at the span's end gave the last token that was missing. Tokens of a
/// semaphore are used in the order in which they come, since it has one signaller and one waiter.
/// In the order of engines and of their streams.
[[nodiscard]] std::vector<Flow> stalling_flows(const Program& program, const RunTrace& trace);

}  // namespace systole
