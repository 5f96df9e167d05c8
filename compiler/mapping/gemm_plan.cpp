#include "compiler/mapping/gemm_plan.h"

#include <algorithm>

#include "arch/units/units.h"

namespace systole {

namespace {

std::int64_t slices_of(const TileGrid& grid) {
  return grid.groups * static_cast<std::int64_t>(grid.n.size());
}

GemmCost share_cost(const ChipSpec& chip, const TileGrid& grid, DataType type,
                    std::int64_t positions, const UnitShare& share) {
  if (share.slices == 0) {
    return {};
  }
  const std::int64_t all = slices_of(grid);
  const GemmCost part = gemm_cost(chip, grid, type, ceil_div(positions, share.parts), share.loops);
  const auto of_slices = [all](CoreCycles cycles, std::int64_t slices) {
    return CoreCycles(ceil_div(cycles.count() * slices, all));
  };
  const std::int64_t rounds = ceil_div(share.slices, share.side_by_side(chip.matrix.count));
  return {.array = of_slices(part.array, rounds),
          .vector = of_slices(part.vector, share.slices * share.parts),
          .weights = of_slices(part.weights, share.slices * share.parts),
          .weight_bytes = Bytes(part.weight_bytes.count() * share.slices * share.parts / all)};
}

UnitShare best_rest(const ChipSpec& chip, const TileGrid& grid, DataType type,
                    std::int64_t positions, std::int64_t slices, const Weights& weights) {
  UnitShare best{.slices = slices};
  std::int64_t lowest = 0;
  for (std::int64_t parts = 1; parts <= std::min(chip.matrix.count, positions); ++parts) {
    const UnitShare share{
        .slices = slices,
        .parts = parts,
        .loops = gemm_loops(chip, grid, type, ceil_div(positions, parts), weights)};
    const std::int64_t score = share_cost(chip, grid, type, positions, share).score(weights);
    if (parts == 1 || score < lowest) {
      best = share;
      lowest = score;
    }
  }
  return best;
}

}  // namespace

GemmPlan gemm_plan(const ChipSpec& chip, const TileGrid& grid, DataType type,
                   std::int64_t positions, const Weights& weights) {
  const std::int64_t units = chip.matrix.count;
  const std::int64_t left = slices_of(grid) % units;
  GemmPlan plan{.whole = {.slices = slices_of(grid) - left,
                          .parts = 1,
                          .loops = gemm_loops(chip, grid, type, positions, weights)},
                .rest = {}};
  if (left > 0) {
    plan.rest = best_rest(chip, grid, type, positions, left, weights);
  }
  return plan;
}

GemmCost plan_cost(const ChipSpec& chip, const TileGrid& grid, DataType type,
                   std::int64_t positions, const GemmPlan& plan) {
  const GemmCost whole = share_cost(chip, grid, type, positions, plan.whole);
  const GemmCost rest = share_cost(chip, grid, type, positions, plan.rest);
  return {.array = whole.array + rest.array,
          .vector = whole.vector + rest.vector,
          .weights = whole.weights + rest.weights,
          .weight_bytes = whole.weight_bytes + rest.weight_bytes};
}

}  // namespace systole
