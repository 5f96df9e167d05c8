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

/// What the fold's `count` rows give: count x cols sums, in int32 that wraps around. Reads the
/// activations from `buffer` as the window says. Array rows and columns outside the tile hold zero.
/// Throws InternalError when a read lies outside the buffer.
[[nodiscard]] std::vector<std::int32_t> fold_results(const Fold& fold, const ResidentTile& tile,
                                                     const ByteMemory& buffer);

}  // namespace systole
