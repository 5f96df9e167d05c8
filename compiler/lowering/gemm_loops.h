#pragma once

#include <cstdint>

#include "arch/chip_spec.h"
#include "compiler/lowering/tiles.h"
#include "compiler/mapping/weights.h"

namespace systole {

/// How many output positions the loops of a matrix multiplication take at a time. Units: positions,
/// one accumulator entry each.
struct GemmLoops {
  std::int64_t chunk = 0;     ///< as many have sums that are not complete yet; the last chunk fewer
  std::int64_t fold = 0;      ///< at most as many in a fold
  std::int64_t handover = 0;  ///< ... in a fold with the last slice of k, which is requantised
  /// The sums stay in the PEs from the first slice of k to the last (output stationary).
  bool sums_stay = false;

  bool operator==(const GemmLoops&) const = default;
};

/// The loops over `positions` output positions of a layer cut as `grid` says, operands of `type`.
///  - chunk: up to half of the accumulators, so that the vector unit can empty the other half; the
///    fewer chunks, the fewer times weights are loaded. All about equal, but of whole folds where
///    they have room for these. Where the sums stay, one fold.
///  - fold: what the chip's dataflow allows (`largest_count` in arch/dataflow.h).
///  - handover: twice the longer side of the array: large against the drain of the array, small
///    against a layer. Without overlap each fold more costs a drain of its own: as many as shorten
///    the layer by what the vector unit then does beside the array.
///  - sums_stay: where that costs less (`gemm_cost`). Sums that stay save the array their
///  unloading,
///    and cost loads of weights: all of them for every fold.
[[nodiscard]] GemmLoops gemm_loops(const ChipSpec& chip, const TileGrid& grid, DataType type,
                                   std::int64_t positions, const Weights& weights = {});

/// Loops with chunks of at most `chunk` positions and pieces of at most `handover`, all about equal
/// as above; of an array that unloads its sums they may stay.
struct LoopLimits {
  std::int64_t chunk = 1;
  std::int64_t handover = 1;
  bool sums_stay = false;
};
[[nodiscard]] GemmLoops loops_within(const ChipSpec& chip, std::int64_t positions,
                                     const LoopLimits& limits);

}  // namespace systole
