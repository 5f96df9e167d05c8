#pragma once

#include <cstdint>
#include <vector>

#include "arch/isa/data_type.h"
#include "sim/matrix/weight_fifo.h"

namespace systole {

/// The weights in the array's active registers as numbers, laid out for the kernels
/// (fold_kernel.h).
struct ResidentTile {
  std::int64_t rows = 0;
  std::int64_t cols = 0;
  DataType type = DataType::Int8;
  std::vector<std::int16_t> integers;  ///< of integer types: in panels of pairs
  std::vector<float> floats;           ///< of floating types: in panels

  [[nodiscard]] bool has_data() const { return !integers.empty() || !floats.empty(); }
  /// What PEs get, rows x cols: sign-extended integers or binary32 patterns.
  [[nodiscard]] std::vector<std::int32_t> patterns() const;
};

/// A tile's weights as numbers; no numbers when the tile carries no data.
[[nodiscard]] ResidentTile resident_tile(const Tile& tile);

/// What an array of rows x cols PEs holds with this tile in it: zero outside the tile.
[[nodiscard]] ResidentTile resized(const ResidentTile& tile, std::int64_t rows, std::int64_t cols);

}  // namespace systole
