#pragma once

#include "arch/isa/instruction.h"
#include "sim/memory/byte_memory.h"
#include "sim/vector/vector_results.h"

namespace systole {

/// What a row loop computes, exactly as arch/isa/row_loop.h and instruction.h state it. Throws
/// InternalError when a read lies outside the buffer. The stages name stages before them
/// (check_operands sees to it).
[[nodiscard]] VectorResults row_loop_results(const RowLoop& loop, const ByteMemory& buffer);

}  // namespace systole
