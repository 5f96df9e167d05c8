#pragma once

#include "arch/isa/instruction.h"
#include "sim/memory/accumulators.h"
#include "sim/memory/byte_memory.h"
#include "sim/vector/vector_results.h"

namespace systole {

/// Arithmetic exactly as arch/isa/instruction.h states it: here of int8 destinations, in
/// real_data.h of floating ones. Throws InternalError when a read lies outside its memory, a scale
/// is out of range, or a Softmax's table gives a row no weight.
[[nodiscard]] VectorResults vector_results(const Operation& operation, const ByteMemory& buffer,
                                           const Accumulators& accumulators);

}  // namespace systole
