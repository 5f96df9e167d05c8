#include "arch/isa/fixed_point.h"

#include <cmath>

#include "arch/diag/check.h"

namespace systole {

FixedPoint to_fixed_point(double real) {
  SYSTOLE_CHECK(std::isfinite(real) && real > 0 && real < 0x1p30, "real = {}", real);
  constexpr int kMultiplierBits = 31;
  constexpr int kMaxShift = 62;
  int exponent = 0;
  const double fraction = std::frexp(real, &exponent);  // [0.5, 1)
  int shift = kMultiplierBits - exponent;
  if (shift > kMaxShift) {
    shift = kMaxShift;
  }
  auto multiplier = std::llround(std::ldexp(fraction, exponent + shift));
  if (multiplier == std::int64_t{1} << kMultiplierBits) {
    multiplier /= 2;
    --shift;
  }
  return {.multiplier = multiplier, .shift = shift};
}

}  // namespace systole
