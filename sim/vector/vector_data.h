#pragma once

#include "arch/isa/row_loop.h"
#include "sim/memory/accumulators.h"
#include "sim/memory/byte_memory.h"
#include "sim/vector/vector_results.h"

namespace systole {

/// What a row loop computes, exactly as arch/isa/row_loop.h states it: bodies that programs are
/// full of by kernels of their own, the others stage by stage (row_loop_data.h), with the same
/// results. Throws InternalError when a read lies outside its memory, a scale is out of range, a
/// divisor is not positive or a number has no entry in a table.
[[nodiscard]] VectorResults vector_results(const RowLoop& loop, const ByteMemory& buffer,
                                           const Accumulators& accumulators);

}  // namespace systole
