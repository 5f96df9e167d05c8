#pragma once

#include <array>
#include <cstdint>

#include "compiler/graph/graph.h"

namespace systole::reference {

/// The int8 values that an operator may produce, bounds included.
struct Range {
  std::int32_t low = -128;
  std::int32_t high = 127;

  bool operator==(const Range&) const = default;
};

[[nodiscard]] constexpr std::int8_t clamp_to(const Range& range, std::int64_t value) {
  const std::int64_t at_least = value < range.low ? range.low : value;
  return static_cast<std::int8_t>(at_least > range.high ? range.high : at_least);
}

/// ReLU: from the real 0 up. ReLU6: up to round_half_away(6 / scale) above it. Others: everything.
[[nodiscard]] Range activation_range(ActivationKind kind, const Quantization& output);

/// All but the clamps, which have a value per input value.
[[nodiscard]] constexpr bool is_looked_up(ActivationKind kind) {
  return kind != ActivationKind::None && kind != ActivationKind::Relu &&
         kind != ActivationKind::Relu6;
}

/// The function of a real number, in double. Sources: docs/numerics.md.
[[nodiscard]] double exact_activation(double x, ActivationKind kind);

/// Entry q + 128 is clamp(round_half_away(f(input.scale * (q - input.zero_point)) / output.scale) +
/// output.zero_point), f computed in double; what is no number counts as 0. Of what is looked up.
using ActivationTable = std::array<std::int8_t, 256>;
[[nodiscard]] ActivationTable activation_table(ActivationKind kind, const Quantization& input,
                                               const Quantization& output);

}  // namespace systole::reference
