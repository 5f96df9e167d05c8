#pragma once

#include <cstdint>

namespace systole {

/// How weights and biases of reals become integers (docs/numerics.md).

/// In steps; sums of many products leave less.
inline constexpr std::int64_t kMaxBias = 1 << 29;

/// What limits the scale of some weights, those of a layer or of an output channel.
struct WeightRange {
  double largest_weight = 0;  ///< magnitude
  double largest_bias = 0;
  std::int64_t products = 1;  ///< of a sum
};
/// The finest scale at which the largest weight is within 127 steps, the biases within 2^29 steps
/// (or what the sums leave) of input scale times weight scale, and results are scaled by no less
/// than fixed point has bits for: 2^-31, a factor of two from its limit. Weights that are all zero,
/// or tiny beside the biases, then cost the biases nothing: whatever the biases, they keep 29 bits.
[[nodiscard]] double fitting_weight_scale(const WeightRange& range, double input_scale,
                                          double output_scale);

/// Within -127..127.
[[nodiscard]] std::int8_t quantized_weight(double weight, double scale);

/// The largest bias, in steps, with which a sum of `products` of an int8 less its zero point and an
/// int8 stays within int32; at most 2^29.
[[nodiscard]] std::int64_t most_bias_steps(std::int64_t products);

/// Whether a bias, in steps, is within the limit of sums of `products`.
[[nodiscard]] bool is_bias(double steps, std::int64_t products);

}  // namespace systole
