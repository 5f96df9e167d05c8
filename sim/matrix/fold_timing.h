#pragma once

#include <cstdint>

#include "arch/chip_spec.h"
#include "arch/isa/instruction.h"
#include "arch/units/units.h"

namespace systole {

/// What a fold of the program costs on the array, whatever its dataflow: the rules of
/// array_timing.h for the fold's extents and operands, and its accesses of the memories.
///
/// A fold streams its time axis of T steps at `pace` cycles a step: T * pace phases, one a cycle.
/// A lone fold takes load + phases + drain = 2 * rows + cols + T * pace - 2 cycles of an array of
/// rows x cols PEs in every dataflow; folds that use fewer of them take the same time.
/// Assumed: the data set-up in front of the array holds the image rows under the kernel and turns
/// rows into columns where the dataflow wants it, so that `count` rows of activations take
/// count * ceil(row bytes / port width) accesses of the unified buffer, wherever they lie, evenly
/// spread over the phases. Without such line buffers a row of a k x k kernel would take at least k
/// accesses.
/// Not modelled: that gathering.
struct FoldTiming {
  CoreCycles phases{0};
  CoreCycles load{0};     ///< stationary operand at hand and shadow free -> it is in the shadow
  CoreCycles drain{0};    ///< end of the phases -> last result in the accumulators
  CoreCycles spacing{0};  ///< least distance of its end from that of the draining fold before
  std::int64_t activation_accesses = 0;  ///< of the unified buffer, while loading or streaming
  std::int64_t result_accesses = 0;      ///< of the accumulators to write the results
};

[[nodiscard]] FoldTiming fold_timing(const MatrixUnitSpec& spec, Bytes port_width,
                                     const Fold& fold);

}  // namespace systole
