#pragma once

#include <cstdint>
#include <vector>

#include "arch/isa/instruction.h"
#include "sim/memory/byte_memory.h"

namespace systole {

/// The activations of a fold as numbers, laid out for the kernels (fold_kernel.h).
struct FoldInputs {
  std::int64_t count = 0;  ///< output positions
  std::int64_t rows = 0;   ///< of the array: the part of the reduction
  DataType type = DataType::Int8;
  std::vector<std::int16_t> integers;  ///< of integer types: count x rows, both rounded up
  std::vector<float> floats;           ///< of floating types: count, rounded up, x rows

  /// What PEs get, count x rows: sign-extended integers or binary32 patterns.
  [[nodiscard]] std::vector<std::int32_t> patterns() const;
};

/// The fold's activations as numbers, read from `buffer` as the window says, padding filled in.
/// The memory of `recycled` is used again. Throws InternalError when a read lies outside the
/// buffer, when int4 channels are read from the middle of a byte on, and when the padding is no
/// number of the type (floating types pad with 0 alone).
[[nodiscard]] FoldInputs fold_inputs(const Fold& fold, const ByteMemory& buffer,
                                     FoldInputs recycled = {});

}  // namespace systole
