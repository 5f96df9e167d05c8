#pragma once

#include <algorithm>
#include <cstdint>

#include "arch/isa/row_loop.h"

namespace systole {

/// 128 bits hold every product of an int64 value and a multiplier.
__extension__ using WideInteger = __int128;

/// numerator / denominator, halves away from zero; the denominator is positive.
[[nodiscard]] constexpr std::int64_t divide_half_away(WideInteger numerator,
                                                      WideInteger denominator) {
  const WideInteger magnitude = numerator < 0 ? -numerator : numerator;
  const WideInteger quotient = (2 * magnitude + denominator) / (2 * denominator);
  return static_cast<std::int64_t>(numerator < 0 ? -quotient : quotient);
}

/// value / 2^shift, halves away from zero.
[[nodiscard]] constexpr std::int64_t shift_half_away(WideInteger value, std::int32_t shift) {
  const WideInteger magnitude = value < 0 ? -value : value;
  const WideInteger half = shift == 0 ? 0 : WideInteger{1} << (shift - 1);
  const WideInteger quotient = (magnitude + half) >> shift;
  return static_cast<std::int64_t>(value < 0 ? -quotient : quotient);
}

/// The scale of a FixedPoint as arch/isa/fixed_point.h defines it.
[[nodiscard]] constexpr std::int64_t scaled(std::int64_t value, const FixedPoint& scale) {
  return shift_half_away(static_cast<WideInteger>(value) * scale.multiplier, scale.shift);
}

/// The limits of an int8 store; it may have none of its own.
[[nodiscard]] constexpr std::int64_t lowest(const Store& to) {
  constexpr std::int64_t kLowest = -128;
  return to.low > kLowest ? static_cast<std::int64_t>(to.low) : kLowest;
}
[[nodiscard]] constexpr std::int64_t highest(const Store& to) {
  constexpr std::int64_t kHighest = 127;
  return to.high < kHighest ? static_cast<std::int64_t>(to.high) : kHighest;
}

/// The int8 nearest to `value` within the limits.
[[nodiscard]] constexpr std::int8_t clamped(std::int64_t value, const Store& to) {
  return static_cast<std::int8_t>(std::clamp(value, lowest(to), highest(to)));
}

[[nodiscard]] constexpr std::int8_t quantized(std::int64_t value, const Store& to) {
  return clamped(value + to.zero_point, to);
}

}  // namespace systole
