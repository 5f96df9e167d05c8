#pragma once

#include "arch/chip_spec.h"
#include "arch/isa/program.h"

namespace systole {

/// Throws InternalError when `engine` cannot execute this kind of operation.
void check_operation(EngineId engine, const Operation& operation);

/// Throws InternalError when a shape is not positive, a tile exceeds the array, or an operand lies
/// outside the unified buffer, the accumulators, or the program's DRAM or host memory. The sources
/// of windows are not among them: runs with data check each of their reads.
void check_operands(const ChipSpec& chip, const Program& program, EngineId engine,
                    const Operation& operation);

/// Checks every instruction before a run, its layer and semaphores too. Throws InternalError
/// `ENGINE instruction I (LAYER): ...`.
void check_program(const ChipSpec& chip, const Program& program);

}  // namespace systole
