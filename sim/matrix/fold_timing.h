#pragma once

#include <cstdint>

#include "arch/chip_spec.h"
#include "arch/isa/instruction.h"
#include "arch/units/units.h"

namespace systole {

/// What a fold costs on an array of R x C PEs, whatever its dataflow (arch/dataflow.h).
///
/// A fold streams its time axis of T steps through the array at `pace` cycles a step: T * pace
/// phases, one a cycle, from its start f to its end e = f + T * pace when nothing is late.
/// - What the dataflow loads enters the shadow registers in R cycles before, one row a cycle, under
///   whatever the array does: row r enters in cycle s + r and moves down a PE a cycle, so PE (r, c)
///   has its value at the end of cycle s + 2 r + c. The fold takes it at f + r + c; hence
///   f >= s + R, and the next load may begin at s' >= f. Both are tight.
/// - The last result leaves the bottom of the array at e + R + C - 2.
/// - Outputs that stay in the PEs (output stationary) are handed to output registers when their
///   last product is done, wait for the bottom row of their column, and move down: R more cycles,
///   e + 2 R + C - 2. The registers are free for the next fold that drains when its end is e + R or
///   later; its last phase waits for that.
/// A lone fold hence takes 2 R + C + T * pace - 2 cycles in every dataflow. docs/array.md draws it.
/// Source of the weight-stationary count: Samajdar et al., A Systematic Methodology for
/// Characterizing Scalability of DNN Accelerators using SCALE-Sim, ISPASS 2020.
///
/// Folds that use fewer rows or columns than the array take the same time.
/// Assumed: the data set-up in front of the array holds the image rows under the kernel and turns
/// rows into columns where the dataflow wants it, so that `count` rows of activations take
/// count * ceil(row bytes / port width) accesses of the unified buffer, wherever they lie, evenly
/// spread over the phases. Without such line buffers a row of a k x k kernel would take at least k
/// accesses.
/// Not modelled: that gathering, clock gating of unused rows and columns.
struct FoldTiming {
  CoreCycles phases{0};
  CoreCycles load{0};   ///< stationary operand at hand and shadow free -> it is in the shadow
  CoreCycles drain{0};  ///< end of the phases -> last result in the accumulators
  /// Least distance of this fold's end from the end of the draining fold before.
  CoreCycles spacing{0};
  std::int64_t activation_accesses = 0;  ///< of the unified buffer, while loading or streaming
  std::int64_t result_accesses = 0;      ///< of the accumulators to write the results
};

[[nodiscard]] FoldTiming fold_timing(const MatrixUnitSpec& spec, Bytes port_width,
                                     const Fold& fold);

/// The cycles in which a stationary operand enters the array; 0 where nothing is loaded.
[[nodiscard]] CoreCycles load_cycles(const MatrixUnitSpec& spec);

}  // namespace systole
