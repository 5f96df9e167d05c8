#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "compiler/graph/graph.h"
#include "reference/kernels/source_slices.h"

namespace systole::reference {

/// The int32 accumulators of weighted layers, by oneDNN: sum over k of (x - zero_point) * w,
/// without bias, modulo 2^32 (as an int32 accumulator wraps). Exact on every machine.
///
/// oneDNN sees u8 sources u = x + 128 and s8 weights with s32 results. Padding is written into the
/// source as the zero point, that is the real number zero, so that oneDNN itself pads nothing; the
/// zero point's share, (zero_point + 128) * sum over k of w, is the same for every pixel then and
/// is taken away afterwards. Sources are sliced where needed, see source_slices.h: `source_bits` is
/// the widest slice, machine_source_bits() but in tests.
///
/// Not used of oneDNN: its zero points, scales, post-operations and s8 sources, which go through
/// float32 or halve the weights on some machines. Runs on the calling thread alone, whatever
/// OpenMP's settings.

struct ConvolutionGeometry {
  Shape input;
  Shape output;
  Kernel kernel;
  std::int64_t groups = 1;
};

/// `weights` as in LayerParameters: [group][ky][kx][c][n]. Results are NHWC.
[[nodiscard]] std::vector<std::int32_t> convolve(const ConvolutionGeometry& geometry,
                                                 std::span<const std::int8_t> input,
                                                 std::int32_t zero_point,
                                                 std::span<const std::int8_t> weights,
                                                 int source_bits = machine_source_bits());

/// `input` is batch x k, `weights` k x n, the result batch x n.
[[nodiscard]] std::vector<std::int32_t> contract(std::int64_t batch, std::int64_t k, std::int64_t n,
                                                 std::span<const std::int8_t> input,
                                                 std::int32_t zero_point,
                                                 std::span<const std::int8_t> weights,
                                                 int source_bits = machine_source_bits());

}  // namespace systole::reference
