#pragma once

#include <optional>
#include <string>

#include "arch/chip_spec.h"
#include "arch/isa/program.h"

namespace systole {

/// Proves without timing that a program is safe on a chip, whatever the speeds of its engines:
///  - no deadlock: every wait, FIFO slot and tile is eventually served;
///  - every byte read was written before, by the instruction that meant it (tensor and offset
///    agree), and no two conflicting accesses are left unordered by streams and semaphores;
///  - nothing live is overwritten;
///  - addresses lie inside the unified buffer, accumulators, DRAM and host memory; tiles fit the
///    array; each semaphore has one signaller and one waiter and ends at zero.
/// Shares no code with the passes that produced the program. Returns the first violation as one
/// line naming engine, instruction, layer and operand; empty when the program is safe.
[[nodiscard]] std::optional<std::string> verify(const ChipSpec& chip, const Program& program);

}  // namespace systole
