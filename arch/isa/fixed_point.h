#pragma once

#include <cstdint>

namespace systole {

/// real = multiplier / 2^shift; applied to an int64 value v as
/// round_half_away_from_zero(v * multiplier / 2^shift). multiplier >= 0, shift in 0..62.
struct FixedPoint {
  std::int64_t multiplier = 0;
  std::int32_t shift = 0;

  bool operator==(const FixedPoint&) const = default;
};

/// The nearest FixedPoint to a positive real number below 2^30: multiplier in [2^30, 2^31) except
/// where the shift would leave 0..62 (then the multiplier shrinks; reals below 2^-32 lose bits).
[[nodiscard]] FixedPoint to_fixed_point(double real);

}  // namespace systole
