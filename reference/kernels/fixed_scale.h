#pragma once

#include <cstdint>

namespace systole::reference {

// GCC's 128-bit integer: products and sums below can be written without thinking about overflow.
__extension__ using Int128 = __int128;

/// The integer nearest to numerator / denominator, halves away from zero. denominator > 0.
[[nodiscard]] Int128 divide_half_away(Int128 numerator, Int128 denominator);

/// A positive real number as multiplier / 2^shift, as docs/numerics.md prescribes it. Written from
/// that rule alone: the compiler and the simulator have their own conversion, and the check is only
/// worth something while the two share no code.
struct FixedScale {
  std::int64_t multiplier = 0;
  int shift = 0;

  bool operator==(const FixedScale&) const = default;
};

/// The largest shift in 0..62 whose nearest multiplier still fits 31 bits: so the multiplier lies
/// in [2^30, 2^31) unless the shift is exhausted (reals below 2^-32). 0 < real < 2^30.
[[nodiscard]] FixedScale nearest_scale(double real);

/// Two reals with one shift: the largest at which both nearest multipliers fit 31 bits.
struct FixedScalePair {
  std::int64_t first = 0;
  std::int64_t second = 0;
  int shift = 0;

  bool operator==(const FixedScalePair&) const = default;
};
[[nodiscard]] FixedScalePair nearest_scale_pair(double first, double second);

/// The integer nearest to product / 2^shift, halves away from zero; |product| <= 2^62.
[[nodiscard]] constexpr std::int64_t shift_half_away(std::int64_t product, int shift) {
  const auto unsigned_product = static_cast<std::uint64_t>(product);
  const std::uint64_t magnitude = product < 0 ? 0 - unsigned_product : unsigned_product;
  const auto rounded =
      static_cast<std::int64_t>((2 * magnitude + (std::uint64_t{1} << shift)) >> (shift + 1));
  return product < 0 ? -rounded : rounded;
}

[[nodiscard]] constexpr std::int64_t scaled(std::int32_t value, const FixedScale& scale) {
  return shift_half_away(value * scale.multiplier, scale.shift);
}

}  // namespace systole::reference
