#pragma once

#include <cstdint>

#include "arch/chip_spec.h"
#include "compiler/lowering/tiles.h"

namespace systole {

/// How many output positions the loops of a matrix multiplication take at a time. Units: positions,
/// one accumulator entry each.
struct GemmLoops {
  std::int64_t chunk = 0;     ///< at most as many have sums that are not complete yet
  std::int64_t fold = 0;      ///< at most as many in a fold
  std::int64_t handover = 0;  ///< ... in a fold with the last slice of k, which is requantised
  /// The sums stay in the PEs from the first slice of k to the last (output stationary).
  bool sums_stay = false;
};

/// The loops over `positions` output positions of a layer cut as `grid` says, operands of `type`.
///  - chunk: half of the accumulators, so that the vector unit can empty the other half; the fewer
///    chunks, the fewer times weights are loaded. Where the sums stay, one fold.
///  - fold: what the chip's dataflow allows (`largest_count` in arch/dataflow.h).
///  - handover: twice the longer side of the array: large against the drain of the array, small
///    against a layer. Without overlap not cut, as each fold more would cost a drain of its own.
///  - sums_stay: where that costs no loads of weights (one chunk of positions either way), or where
///    DRAM at its peak delivers the row of weights that the array takes in each step. Otherwise the
///    sums of each fold move to the accumulators, and several folds share a tile.
[[nodiscard]] GemmLoops gemm_loops(const ChipSpec& chip, const TileGrid& grid, DataType type,
                                   std::int64_t positions);

}  // namespace systole
