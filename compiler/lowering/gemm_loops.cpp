#include "compiler/lowering/gemm_loops.h"

#include <algorithm>

#include "arch/dataflow.h"
#include "arch/units/units.h"
#include "arch/units/wide.h"

namespace systole {

namespace {

/// Whether weights that are used once stream in as fast as the array takes them: `cols` of them in
/// each step.
bool weights_keep_up(const ChipSpec& chip, DataType type, std::int64_t cols) {
  const CoreCycles step = chip.matrix.pace(type, type);
  const Wide wanted = static_cast<Wide>(bytes_of(type, cols)) * chip.frequency.count();
  const Wide delivered = static_cast<Wide>(chip.dram.peak_bandwidth().count()) * step.count();
  return wanted <= delivered;
}

}  // namespace

GemmLoops gemm_loops(const ChipSpec& chip, const TileGrid& grid, DataType type,
                     std::int64_t positions) {
  const std::int64_t limit = largest_count(chip.matrix);
  GemmLoops loops;
  loops.chunk = std::max<std::int64_t>(chip.accumulators.entries / 2, 1);
  loops.fold = limit == 0 ? loops.chunk : std::min(limit, loops.chunk);
  loops.sums_stay = rule_of(chip.matrix.dataflow).unloads_outputs &&
                    (ceil_div(positions, loops.fold) == ceil_div(positions, loops.chunk) ||
                     weights_keep_up(chip, type, grid.n.front().size));
  if (loops.sums_stay) {
    loops.chunk = loops.fold;
  }
  const std::int64_t long_against_drain = 2 * std::max(chip.matrix.rows, chip.matrix.cols);
  loops.handover =
      chip.matrix.overlap == Overlap::None ? loops.fold : std::min(loops.fold, long_against_drain);
  return loops;
}

}  // namespace systole
