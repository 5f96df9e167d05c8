#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "arch/chip_spec.h"
#include "arch/dataflow.h"
#include "arch/units/units.h"

namespace systole {

/// Closed timing rules of a systolic array of R rows and C columns, for the three dataflows of
/// arch/dataflow.h. A fold *starts* in the cycle f in which the first of its phases enters at the
/// top left, *ends* in the cycle e after the last one has, and *completes* in the cycle in which
/// its last result is visible at the bottom (or, for sums that stay in the PEs, at their place).
///
/// - Load: a stationary tile enters in R cycles, whatever its size. f >= load + R.
/// - Both skews: the phase that enters in cycle i has passed the last PE at i + R + C - 1.
/// - Sums that leave an output-stationary array need R cycles more, one row a cycle.
/// - Shadow registers let a neighbour in: the next load may start with the fold that takes the tile
///   before; sums on their way out leave under the next fold, whose own may follow R cycles later.
/// docs/array.md derives each rule and draws it. Sources: Kung, Why Systolic Architectures?, IEEE
/// Computer 1982 (the skewed array); Samajdar et al., A Systematic Methodology for Characterizing
/// Scalability of DNN Accelerators using SCALE-Sim, ISPASS 2020 (lone fold of T phases, weight
/// stationary: 2R + C + T - 2).
/// Not modelled: arrays that skip unused rows or columns; anything that keeps operands from being
/// at hand (the matrix unit adds it).

/// First row of a stationary tile in -> first phase that may use it; 0 when nothing is loaded.
[[nodiscard]] inline CoreCycles load_cycles(const MatrixUnitSpec& spec) {
  return CoreCycles(rule_of(spec.dataflow).loads() ? spec.rows : 0);
}

/// End of a fold -> completion. `drains`: the fold moves its sums out at its end; alone an
/// output-stationary array may leave them in the PEs.
[[nodiscard]] inline CoreCycles drain_cycles(const MatrixUnitSpec& spec, bool drains) {
  const CoreCycles skews(spec.rows + spec.cols - 2);
  return rule_of(spec.dataflow).unloads_outputs && drains ? skews + CoreCycles(spec.rows) : skews;
}

/// End of a draining fold -> earliest end of the next draining one; 0 where sums leave at once.
[[nodiscard]] inline CoreCycles drain_spacing(const MatrixUnitSpec& spec) {
  return CoreCycles(rule_of(spec.dataflow).unloads_outputs ? spec.rows : 0);
}

/// What its timing depends on. `phases`: steps of the time axis times the pace of the operands.
struct FoldShape {
  std::int64_t phases = 1;
  bool new_tile = true;  ///< loads a stationary tile; ignored by dataflows that load none
  bool drains = true;    ///< ignored by dataflows whose sums always leave
};

struct FoldTimes {
  CoreCycles load{0};  ///< first row of its tile enters; `start` when it loads none
  CoreCycles start{0};
  CoreCycles end{0};
  CoreCycles completion{0};

  bool operator==(const FoldTimes&) const = default;
};

/// The times of folds that follow each other with everything at hand from cycle 0 on. What tests
/// hold the matrix unit, the PE level and the RTL to; the unit itself applies the lengths above as
/// its events come, since banks, FIFO and semaphores interfere.
[[nodiscard]] std::vector<FoldTimes> fold_sequence_times(const MatrixUnitSpec& spec,
                                                         std::span<const FoldShape> folds);

}  // namespace systole
