#pragma once

#include <cstdint>

#include "arch/chip_spec.h"
#include "arch/isa/instruction.h"
#include "arch/units/units.h"

namespace systole {

/// Timing rules of the weight-stationary array, as functions.
///
/// - A tile shifts into the shadow registers in `rows` cycles (the array's, whatever the tile's):
///   row r enters in cycle s + r and reaches column c one cycle per column later, so the shadow of
///   PE (r, c) is written at s + r + c.
/// - A fold that starts at f streams `count` rows, one every `pace` cycles; PE (r, c) takes its
///   shadow weight at f + r + c, ahead of the first activation. The shift of the next tile may
///   start at f, since it writes PE (r, c) at f + r + c at the earliest.
/// - The last result leaves the array rows + cols - 2 cycles after the stream has ended.
/// A lone fold of T rows at pace 1 hence takes 2 * rows + cols + T - 2 cycles from its tile's
/// arrival. Source: Samajdar et al., A Systematic Methodology for Characterizing Scalability of
/// DNN Accelerators using SCALE-Sim, ISPASS 2020.
/// Assumed: the data set-up in front of the array holds the image rows under the kernel, so that a
/// row of activations takes the accesses of its bytes, ceil(bytes / port width), wherever they lie.
/// Without such line buffers a row of a k x k kernel would take at least k accesses.
/// Not modelled: that gathering, clock gating of unused rows and columns.
struct FoldTiming {
  CoreCycles stream{0};       ///< engine occupied, with ports of its own
  std::int64_t accesses = 0;  ///< buffer port accesses of the stream
};

[[nodiscard]] FoldTiming fold_timing(const MatrixUnitSpec& spec, Bytes port_width,
                                     const Fold& fold);
/// Tile in the FIFO and shadow free -> tile in the shadow registers.
[[nodiscard]] CoreCycles shift_cycles(const MatrixUnitSpec& spec);
/// End of the stream -> last result in the accumulators.
[[nodiscard]] CoreCycles drain_cycles(const MatrixUnitSpec& spec);

}  // namespace systole
