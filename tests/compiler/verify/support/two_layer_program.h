#pragma once

#include "arch/chip_spec.h"
#include "arch/isa/program.h"

namespace systole::testing {

/// 4 x 4 array for integer operands, 1024 bytes of unified buffer, 16 accumulators, a weight FIFO
/// of 2 tiles.
[[nodiscard]] ChipSpec small_chip(Dataflow dataflow = Dataflow::WeightStationary);

/// A correct program for `small_chip()` of any dataflow, written by hand.
///  'conv1': x (4 x 4 x 2) -> a (2 x 2 x 4), kernel 2 x 2, stride 2: reduction 8 in tiles 0 and 1,
///           the input in two bands of two rows.
///  'fc':    a (16 values) -> y (3 values): reduction 16 in tiles 2..5.
/// Unified buffer: x at 0..31 (y at 0..2 afterwards), bias1 at 32..47, bias2 at 48..59, a
/// at 64..79. Accumulators: conv1's four positions in 0..3, fc in 0. Semaphores: 0 host->matrix
/// (bands of x), 1 dma_in->vector (biases), 2 matrix->vector (sums),
///             3 vector->matrix (a), 4 vector->host (y).
[[nodiscard]] Program two_layer_program();

/// The same network for the output-stationary chip, where the sums stay in the array: matrix[0] and
/// [1] are the reduction slices of conv1's four positions, matrix[2] .. [5] those of fc. The last
/// of each drains.
[[nodiscard]] Program held_sums_program();

inline constexpr TensorId kX = 0;
inline constexpr TensorId kA = 1;
inline constexpr TensorId kY = 2;
inline constexpr TensorId kBias1 = 3;
inline constexpr TensorId kBias2 = 4;

}  // namespace systole::testing
