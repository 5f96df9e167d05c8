#include "arch/units/portable_math.h"

#include <cmath>

#include "arch/diag/check.h"

namespace systole {

namespace {

// ln 2 in two parts: n times the upper part is exact for |n| < 2^20.
constexpr double kLn2High = 0x1.62e42fee00000p-1;
constexpr double kLn2Low = 0x1.a39ef35793c76p-33;
constexpr double kSqrtHalf = 0x1.6a09e667f3bcdp-1;

}  // namespace

double portable_exp(double x) {
  constexpr double kLimit = 700.0;
  SYSTOLE_CHECK(x >= -kLimit && x <= kLimit, "exp of {}", x);
  const double halves = std::floor(x / (kLn2High + kLn2Low) + 0.5);
  const double rest = (x - halves * kLn2High) - halves * kLn2Low;  // within ln 2 / 2 of zero
  constexpr int kTerms = 18;                                       // 0.35^18 / 18! is below 1e-23
  double sum = 1.0;
  for (int term = kTerms; term >= 1; --term) {
    sum = 1.0 + sum * rest / term;
  }
  return std::ldexp(sum, static_cast<int>(halves));
}

double portable_log(double x) {
  SYSTOLE_CHECK(std::isnormal(x) && x > 0.0, "logarithm of {}", x);
  int exponent = 0;
  double mantissa = std::frexp(x, &exponent);
  if (mantissa < kSqrtHalf) {
    mantissa *= 2.0;
    --exponent;
  }
  // ln m = 2 artanh((m-1)/(m+1)) = 2 (z + z^3/3 + ...), |z| <= 0.172
  const double z = (mantissa - 1.0) / (mantissa + 1.0);
  const double square = z * z;
  constexpr int kLastPower = 29;  // 0.172^30 / 31 is below 1e-24
  double sum = 0.0;
  for (int power = kLastPower; power >= 1; power -= 2) {
    sum = 1.0 / power + square * sum;
  }
  return exponent * kLn2High + (exponent * kLn2Low + 2.0 * z * sum);
}

double portable_pow(double base, double exponent) {
  return portable_exp(exponent * portable_log(base));
}

}  // namespace systole
