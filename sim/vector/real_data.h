#pragma once

#include "arch/isa/instruction.h"
#include "sim/memory/accumulators.h"
#include "sim/memory/byte_memory.h"
#include "sim/vector/vector_results.h"

namespace systole {

/// The results of a vector instruction whose destination is of a floating type: everything in
/// binary32, in the order of arch/isa/instruction.h, rounded to the type at the end.
/// Throws InternalError when a read lies outside its memory, or for an instruction that has no
/// floating form.
[[nodiscard]] VectorResults real_results(const Operation& operation, const ByteMemory& buffer,
                                         const Accumulators& accumulators);

}  // namespace systole
