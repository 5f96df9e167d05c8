#pragma once

#include <bit>
#include <cmath>
#include <cstdint>

namespace systole::reference {

/// bf16 is the upper half of a binary32. Written from docs/numerics.md, apart from the simulator's
/// conversion.

/// The pattern of the nearest bf16, ties to even; every NaN becomes 0x7fc0.
[[nodiscard]] inline std::uint32_t bf16_pattern(float value) {
  if (std::isnan(value)) {
    return 0x7fc0U;
  }
  const auto bits = std::bit_cast<std::uint32_t>(value);
  const std::uint32_t odd = bits >> 16U & 1U;
  return (bits + 0x7fffU + odd) >> 16U;  // a carry runs into the exponent, and to infinity
}

[[nodiscard]] inline float bf16_nearest(float value) {
  return std::bit_cast<float>(bf16_pattern(value) << 16U);
}

}  // namespace systole::reference
