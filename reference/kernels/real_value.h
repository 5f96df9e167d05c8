#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "compiler/graph/graph.h"

namespace systole::reference {

/// The nearest value of a floating type, ties to even, subnormals kept. fp32, bf16 or fp16; within
/// the type's range.
[[nodiscard]] float held_as(DataType type, double value);

/// Half the distance between neighbouring values over the value, at most: 2^-24 for fp32, 2^-11
/// for fp16, 2^-8 for bf16.
[[nodiscard]] double unit_roundoff(DataType type);

/// What a layer computes from, as the device holds it. Real numbers: scale * (q - zero_point)
/// rounded to the type, weights in the order of LayerParameters and rounded to fp32 first, biases
/// as the device holds them.
struct RealOperands {
  std::vector<std::span<const float>> inputs;  ///< packed NHWC
  std::span<const float> weights;
  std::span<const float> biases;
};

/// An element of a tensor, counted in its own dimensions.
struct ElementIndex {
  std::int64_t batch = 0;
  std::int64_t row = 0;
  std::int64_t col = 0;
  std::int64_t channel = 0;
};

struct RealValue {
  double value = 0;
  /// How far arithmetic in binary32, whatever its order, may end from `value`, before the result is
  /// rounded to the type. Sums of n terms: n * 2^-23 * sum of |terms|, which also covers adders
  /// that cut instead of round, as those of GPUs' matrix units do. Sigmoid, tanh and exp are
  /// allowed 2^-14 of their result, and products with them what their operands' errors make of it.
  double slack = 0;
};

/// One element of what `node` computes in real arithmetic (double, plain loops): the dequantised
/// network, nothing rounded between operands and result. Average pooling divides by the window's
/// pixels inside the image, or by all with count_padding.
[[nodiscard]] RealValue real_value(const Graph& graph, const Node& node,
                                   const RealOperands& operands, const ElementIndex& at);

}  // namespace systole::reference
