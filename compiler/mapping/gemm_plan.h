#pragma once

#include <cstdint>

#include "arch/chip_spec.h"
#include "compiler/lowering/gemm_loops.h"
#include "compiler/lowering/tiles.h"
#include "compiler/mapping/gemm_cost.h"

namespace systole {

/// Output slices of a layer, all groups together, that the matrix units of a core run side by side.
struct UnitShare {
  std::int64_t slices = 0;
  /// Each slice's positions are cut into as many parts, which as many units take, and each of these
  /// loads the slice's weights.
  std::int64_t parts = 1;
  GemmLoops loops;  ///< of a part

  /// Units that work on slices of their own.
  [[nodiscard]] std::int64_t side_by_side(std::int64_t units) const { return units / parts; }
  bool operator==(const UnitShare&) const = default;
};

/// How the matrix units share a layer, or a band of it: in rounds of as many output slices as there
/// are units, one each, so that no weight is loaded twice; what is left over is cut into parts of
/// its positions where that costs less (`plan_cost`).
struct GemmPlan {
  UnitShare whole;
  UnitShare rest;

  bool operator==(const GemmPlan&) const = default;
};
[[nodiscard]] GemmPlan gemm_plan(const ChipSpec& chip, const TileGrid& grid, DataType type,
                                 std::int64_t positions, const Weights& weights = {});

/// Cost of a plan: the array's is that of the unit with most to do, as if all slices were equal;
/// vector unit and DRAM serve all units. Not modelled: units that wait for each other at the
/// buffer's ports.
[[nodiscard]] GemmCost plan_cost(const ChipSpec& chip, const TileGrid& grid, DataType type,
                                 std::int64_t positions, const GemmPlan& plan);

}  // namespace systole
