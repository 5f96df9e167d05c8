#include "reference/kernels/activation.h"

#include <algorithm>
#include <cmath>

#include "arch/diag/check.h"

namespace systole::reference {

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
    const double f = kind == ActivationKind::Tanh ? std::tanh(x) : 1.0 / (1.0 + std::exp(-x));
    // Clamped in double: a tiny output scale must not overflow the conversion.
    const double rounded = std::round(f / output.scale) + output.zero_point;
    table[entry] = static_cast<std::int8_t>(std::clamp(rounded, -128.0, 127.0));
  }
  return table;
}

}  // namespace systole::reference
