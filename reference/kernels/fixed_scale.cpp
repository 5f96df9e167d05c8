#include "reference/kernels/fixed_scale.h"

#include <cmath>
#include <limits>

#include "arch/diag/check.h"

namespace systole::reference {

namespace {

constexpr int kMaxShift = 62;
constexpr std::int64_t kMultiplierLimit = std::int64_t{1} << 31;
constexpr int kMantissaBits = 53;

/// The integer nearest to real * 2^shift, exact; anything beyond 62 bits comes back as the maximum.
std::int64_t nearest_multiplier(double real, int shift) {
  int exponent = 0;
  const double fraction = std::frexp(real, &exponent);
  const auto mantissa = static_cast<std::int64_t>(std::ldexp(fraction, kMantissaBits));
  const int power = exponent - kMantissaBits + shift;  // real * 2^shift = mantissa * 2^power
  if (power > 62 - kMantissaBits) {
    return std::numeric_limits<std::int64_t>::max();
  }
  if (power >= 0) {
    return mantissa << power;
  }
  if (-power > kMantissaBits + 1) {
    return 0;  // below a quarter
  }
  return static_cast<std::int64_t>(divide_half_away(mantissa, Int128{1} << -power));
}

void check_real(double real) {
  SYSTOLE_CHECK(std::isfinite(real) && real > 0 && real < 0x1p30, "real = {}", real);
}

}  // namespace

Int128 divide_half_away(Int128 numerator, Int128 denominator) {
  SYSTOLE_CHECK(denominator > 0, "the denominator is not positive");
  const Int128 quotient = numerator / denominator;
  const Int128 remainder = numerator % denominator;
  if (2 * (remainder < 0 ? -remainder : remainder) < denominator) {
    return quotient;
  }
  return numerator < 0 ? quotient - 1 : quotient + 1;
}

FixedScale nearest_scale(double real) {
  check_real(real);
  int shift = kMaxShift;
  while (nearest_multiplier(real, shift) >= kMultiplierLimit) {
    --shift;
  }
  return {.multiplier = nearest_multiplier(real, shift), .shift = shift};
}

FixedScalePair nearest_scale_pair(double first, double second) {
  check_real(first);
  check_real(second);
  int shift = kMaxShift;
  while (nearest_multiplier(first, shift) >= kMultiplierLimit ||
         nearest_multiplier(second, shift) >= kMultiplierLimit) {
    --shift;
  }
  return {.first = nearest_multiplier(first, shift),
          .second = nearest_multiplier(second, shift),
          .shift = shift};
}

}  // namespace systole::reference
