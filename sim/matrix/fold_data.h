#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "arch/isa/instruction.h"
#include "sim/matrix/weight_fifo.h"
#include "sim/memory/byte_memory.h"

namespace systole {

/// The weights in the array's active registers, widened for arithmetic.
struct ResidentTile {
  std::int64_t rows = 0;
  std::int64_t cols = 0;
  std::vector<std::int32_t> weights;  // rows x cols
};

/// A tile's weights as numbers; empty weights when the tile carries no data.
[[nodiscard]] ResidentTile resident_tile(const Tile& tile);

/// The fold's activations as numbers, count x rows, read from `buffer` as the window says, padding
/// filled in. Throws InternalError when a read lies outside the buffer.
[[nodiscard]] std::vector<std::int32_t> fold_inputs(const Fold& fold, const ByteMemory& buffer);

/// What the fold adds up: count x cols sums, in int32 that wraps around, beginning with `held`
/// (count x cols) or, where that is empty, with zero. Array rows and columns outside the tile hold
/// zero.
[[nodiscard]] std::vector<std::int32_t> fold_sums(const Fold& fold,
                                                  const std::vector<std::int32_t>& inputs,
                                                  const ResidentTile& tile,
                                                  const std::vector<std::int32_t>& held = {});

}  // namespace systole
