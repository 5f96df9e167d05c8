#include "reference/kernels/activation.h"

#include <algorithm>
#include <cmath>

#include "arch/diag/check.h"

namespace systole::reference {

double exact_activation(double x, ActivationKind kind) {
  switch (kind) {
    case ActivationKind::None:
      return x;
    case ActivationKind::Relu:
      return std::max(x, 0.0);
    case ActivationKind::Relu6:
      return std::clamp(x, 0.0, 6.0);
    case ActivationKind::Sigmoid:
      return 1.0 / (1.0 + std::exp(-x));
    case ActivationKind::Tanh:
      return std::tanh(x);
    case ActivationKind::Gelu:
      return 0.5 * x * std::erfc(-std::sqrt(0.5) * x);
    case ActivationKind::GeluTanh: {
      const double root = std::sqrt(2 / std::acos(-1.0));
      return x / (1.0 + std::exp(-2 * root * (x + 0.044715 * x * x * x)));
    }
    case ActivationKind::Silu:
      return x / (1.0 + std::exp(-x));
    case ActivationKind::HardSwish:
      return x * std::clamp(x + 3, 0.0, 6.0) / 6;
    case ActivationKind::HardSigmoid:
      return std::clamp(x + 3, 0.0, 6.0) / 6;
    case ActivationKind::LeakyRelu:
      return x >= 0 ? x : x * 0.01;
    case ActivationKind::Elu:
      return x >= 0 ? x : std::expm1(x);
    case ActivationKind::Softplus:
      return x > 0 ? x + std::log1p(std::exp(-x)) : std::log1p(std::exp(x));
    case ActivationKind::Exp:
      return std::exp(x);
    case ActivationKind::Log:
      return std::log(x);
    case ActivationKind::Sqrt:
      return std::sqrt(x);
    case ActivationKind::Rsqrt:
      return 1.0 / std::sqrt(x);
    case ActivationKind::Reciprocal:
      return 1.0 / x;
  }
  return x;
}

Range activation_range(ActivationKind kind, const Quantization& output) {
  Range range;
  if (kind == ActivationKind::Relu || kind == ActivationKind::Relu6) {
    range.low = std::max(range.low, output.zero_point);
  }
  if (kind == ActivationKind::Relu6) {
    const double high = output.zero_point + std::round(6.0 / output.scale);
    range.high = high < range.high ? static_cast<std::int32_t>(high) : range.high;
  }
  return range;
}

ActivationTable activation_table(ActivationKind kind, const Quantization& input,
                                 const Quantization& output) {
  SYSTOLE_CHECK(is_looked_up(kind), "{} has no table", static_cast<int>(kind));
  ActivationTable table{};
  for (std::size_t entry = 0; entry < table.size(); ++entry) {
    const int q = static_cast<int>(entry) - 128;
    const double x = input.scale * (q - input.zero_point);
    const double f = exact_activation(x, kind);
    // Clamped in double: a tiny output scale must not overflow the conversion.
    const double steps = std::isnan(f) ? 0 : std::round(f / output.scale);
    const double rounded = steps + output.zero_point;
    table[entry] = static_cast<std::int8_t>(std::clamp(rounded, -128.0, 127.0));
  }
  return table;
}

}  // namespace systole::reference
