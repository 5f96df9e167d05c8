#pragma once

#include <cstdint>
#include <vector>

#include "arch/isa/instruction.h"
#include "sim/memory/accumulators.h"
#include "sim/memory/byte_memory.h"

namespace systole {

/// What a vector instruction computes from the memories' present contents, row-major and packed.
struct VectorResults {
  std::int64_t rows = 0;
  std::int64_t row_bytes = 0;  ///< of int8 results their columns
  std::vector<std::int8_t> values;
  std::vector<std::int32_t> sums;  ///< of Requantize: accumulator + bias, wrapped to 32 bits
};

/// Arithmetic exactly as arch/isa/instruction.h states it. Throws InternalError when a read lies
/// outside its memory, a scale is out of range, or a Softmax's table gives a row no weight.
[[nodiscard]] VectorResults vector_results(const Operation& operation, const ByteMemory& buffer,
                                           const Accumulators& accumulators);

/// Where the instruction puts them: row r at out.address + r * pitch.
struct Placement {
  Operand out;
  std::int64_t pitch = 0;
};
[[nodiscard]] Placement placement_of(const Operation& operation);

}  // namespace systole
