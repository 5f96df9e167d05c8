#include "compiler/lowering/quantize.h"

#include <algorithm>
#include <cmath>

#include "arch/diag/check.h"
#include "arch/isa/fixed_point.h"

namespace systole {

namespace {

constexpr std::int32_t kLowest = -128;
constexpr std::int32_t kHighest = 127;
constexpr double kSoftmaxOne = 0x1p23;

/// What is no number is 0.
std::int32_t to_int8(double value, std::int32_t zero_point) {
  if (std::isnan(value)) {
    return zero_point;
  }
  const double stored = std::round(value) + zero_point;
  return static_cast<std::int32_t>(
      std::clamp(stored, static_cast<double>(kLowest), static_cast<double>(kHighest)));
}

void set_real_activation(const NumberFunction& function, Destination& to) {
  to.low = static_cast<float>(function.low);
  to.high = static_cast<float>(function.high);
  to.function = function.unit;
}

}  // namespace

bool uses_lookup(const FusedActivation& activation, DataType type) {
  return type == DataType::Int8 && activation.is_looked_up();
}

Destination destination_of(const Operand& out, std::int64_t pitch, DataType type,
                           ActivationKind activation, const Quantization& target) {
  Destination to{.out = out, .pitch = pitch, .type = type};
  if (is_float(type)) {
    set_real_activation(function_of(activation), to);
    return to;
  }
  to.zero_point = target.zero_point;
  const Clamp clamp = clamp_of(activation, target);
  if (clamp.low > kLowest) {
    to.low = static_cast<float>(clamp.low);
  }
  if (clamp.high < kHighest) {
    to.high = static_cast<float>(clamp.high);
  }
  return to;
}

Clamp clamp_of(ActivationKind activation, const Quantization& output) {
  const NumberFunction& function = function_of(activation);
  Clamp clamp;
  if (function.low > -NumberFunction::kInfinity) {
    clamp.low = to_int8(function.low / output.scale, output.zero_point);
  }
  if (function.high < NumberFunction::kInfinity) {
    clamp.high = to_int8(function.high / output.scale, output.zero_point);
  }
  return clamp;
}

SharedShift to_shared_shift(double a, double b) {
  const FixedPoint larger = to_fixed_point(std::max(a, b));
  const auto with_shift = [&](double real) { return std::llround(std::ldexp(real, larger.shift)); };
  return {.a_multiplier = a >= b ? larger.multiplier : with_shift(a),
          .b_multiplier = b > a ? larger.multiplier : with_shift(b),
          .shift = larger.shift};
}

std::vector<std::int8_t> lookup_table(ActivationKind activation, const Quantization& before,
                                      const Quantization& output) {
  const NumberFunction& function = function_of(activation);
  SYSTOLE_CHECK(function.is_looked_up(), "no table for {}", name_of(activation));
  std::vector<std::int8_t> table;
  table.reserve(256);
  for (std::int32_t q = kLowest; q <= kHighest; ++q) {
    const double x = before.scale * (q - before.zero_point);
    const double y = function.real(x);
    table.push_back(static_cast<std::int8_t>(to_int8(y / output.scale, output.zero_point)));
  }
  return table;
}

std::vector<std::int32_t> softmax_table(double input_scale) {
  std::vector<std::int32_t> table;
  table.reserve(256);
  for (int distance = 0; distance < 256; ++distance) {
    table.push_back(
        static_cast<std::int32_t>(std::llround(kSoftmaxOne * std::exp(-distance * input_scale))));
  }
  return table;
}

}  // namespace systole
