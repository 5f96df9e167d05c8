#include "compiler/lowering/gemm_loops.h"

#include <algorithm>

#include "arch/dataflow.h"
#include "arch/units/units.h"
#include "compiler/mapping/gemm_cost.h"

namespace systole {

namespace {

/// More pieces than this change nothing that is worth a drain each.
constexpr std::int64_t kMostPieces = 16;

/// All chunks about equal, of whole folds where they have room for these.
GemmLoops chunks_within(const ChipSpec& chip, std::int64_t positions, std::int64_t largest) {
  const std::int64_t even = ceil_div(positions, ceil_div(positions, largest));
  const std::int64_t limit = largest_count(chip.matrix);
  GemmLoops loops;
  loops.fold = limit == 0 ? even : std::min(limit, even);
  const std::int64_t whole_folds = round_up(even, loops.fold);
  loops.chunk = whole_folds <= largest ? whole_folds : even;
  loops.handover = loops.fold;
  return loops;
}

/// Half of the accumulators, so that the vector unit can empty the other half.
GemmLoops large_chunks(const ChipSpec& chip, std::int64_t positions) {
  return chunks_within(chip, positions, std::max<std::int64_t>(chip.accumulators.entries / 2, 1));
}

GemmLoops with_sums_that_stay(GemmLoops loops) {
  loops.sums_stay = true;
  loops.chunk = loops.fold;
  return loops;
}

/// The pieces in which an array that overlaps nothing hands a chunk over: `pieces` cost as many
/// drains, and leave the vector unit the last one to do when the array is done, or the array the
/// first one before the vector unit can begin.
std::int64_t handover_without_overlap(const ChipSpec& chip, const TileGrid& grid, DataType type,
                                      std::int64_t positions, GemmLoops loops) {
  const std::int64_t chunk = loops.chunk;
  const CoreCycles pace = chip.matrix.pace(type, type);
  std::int64_t best = loops.fold;
  CoreCycles shortest{0};
  for (std::int64_t pieces = 1; pieces <= std::min(kMostPieces, chunk); ++pieces) {
    loops.handover = ceil_div(chunk, pieces);
    const GemmCost cost = gemm_cost(chip, grid, type, positions, loops);
    const std::int64_t results = grid.groups * static_cast<std::int64_t>(grid.n.size()) *
                                 ceil_div(positions, loops.handover);
    const CoreCycles alone = std::min(cost.vector / results, pace * loops.handover);
    const CoreCycles time = cost.cycles() + alone;
    if (pieces == 1 || time < shortest) {
      shortest = time;
      best = loops.handover;
    }
  }
  return best;
}

}  // namespace

GemmLoops gemm_loops(const ChipSpec& chip, const TileGrid& grid, DataType type,
                     std::int64_t positions, const Weights& weights) {
  GemmLoops loops = large_chunks(chip, positions);
  if (rule_of(chip.matrix.dataflow).unloads_outputs) {
    const GemmLoops staying = with_sums_that_stay(loops);
    const auto score = [&](const GemmLoops& candidate) {
      return gemm_cost(chip, grid, type, positions, candidate).score(weights);
    };
    if (score(staying) <= score(loops)) {
      loops = staying;
    }
  }
  if (chip.matrix.dataflow == Dataflow::WeightStationary) {
    const std::int64_t long_against_drain = 2 * std::max(chip.matrix.rows, chip.matrix.cols);
    loops.handover = chip.matrix.overlap == Overlap::None
                         ? handover_without_overlap(chip, grid, type, positions, loops)
                         : std::min(loops.fold, long_against_drain);
  }
  return loops;
}

GemmLoops loops_within(const ChipSpec& chip, std::int64_t positions, const LoopLimits& limits) {
  GemmLoops loops = chunks_within(chip, positions, limits.chunk);
  if (limits.sums_stay) {
    loops = with_sums_that_stay(loops);
  }
  loops.handover = std::min(loops.fold, limits.handover);
  return loops;
}

}  // namespace systole
