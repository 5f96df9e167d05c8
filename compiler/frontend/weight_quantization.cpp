#include "compiler/frontend/weight_quantization.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace systole {

namespace {

constexpr double kLargestWeight = 127.0;

}  // namespace

double fitting_weight_scale(const WeightRange& range, double input_scale, double output_scale) {
  constexpr double kLeastRatio = 0x1p-31;
  const auto steps = static_cast<double>(most_bias_steps(range.products));
  return std::max({range.largest_weight / kLargestWeight,
                   range.largest_bias / (steps * input_scale),
                   kLeastRatio * output_scale / input_scale});
}

std::int8_t quantized_weight(double weight, double scale) {
  return static_cast<std::int8_t>(
      std::clamp(std::round(weight / scale), -kLargestWeight, kLargestWeight));
}

std::int64_t most_bias_steps(std::int64_t products) {
  constexpr std::int64_t kLargestProduct = std::int64_t{255} * 128;
  return std::min<std::int64_t>(
      kMaxBias, std::numeric_limits<std::int32_t>::max() - products * kLargestProduct);
}

bool is_bias(double steps, std::int64_t products) {
  return std::abs(steps) <= static_cast<double>(most_bias_steps(products));  // false of a NaN
}

}  // namespace systole
