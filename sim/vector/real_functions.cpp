#include "sim/vector/real_functions.h"

#include <array>
#include <bit>
#include <cmath>
#include <cstdint>

#include "arch/isa/float_format.h"

namespace systole {

namespace {

constexpr float kLowestExponent = -87.0F;
constexpr float kLog2E = 0x1.715476p+0F;
// Their sum is ln 2; products of the first with whole numbers up to 2^8 are exact.
constexpr float kLn2High = 0x1.62e4p-1F;
constexpr float kLn2Low = 0x1.7f7d1cp-20F;
/// 1 / k!, from k = 7 down.
constexpr std::array<float, 8> kExponentialSeries{1.0F / 5040, 1.0F / 720, 1.0F / 120, 1.0F / 24,
                                                  1.0F / 6,    1.0F / 2,   1.0F,       1.0F};
/// Of tanh(x) / x in powers of x^2, the highest first.
constexpr std::array<float, 4> kTangentSeries{-17.0F / 315, 2.0F / 15, -1.0F / 3, 1.0F};
constexpr float kSmallTangent = 0.25F;

template <std::size_t count>
float polynomial(const std::array<float, count>& coefficients, float x) {
  float sum = coefficients.front();
  for (std::size_t i = 1; i < count; ++i) {
    sum = sum * x + coefficients[i];
  }
  return sum;
}

/// 2^power, a normal number.
float power_of_two(int power) {
  return std::bit_cast<float>(static_cast<std::uint32_t>(power + kBinary32.bias)
                              << kBinary32.fraction_bits);
}

}  // namespace

float exponential(float x) {
  if (x < kLowestExponent) {
    return 0.0F;
  }
  if (std::isnan(x)) {
    return x;
  }
  // |n| <= 126, and e^-87 > 2^-126: no step leaves the normal numbers.
  const float n = std::nearbyintf(x * kLog2E);
  const float rest = (x - n * kLn2High) - n * kLn2Low;
  return polynomial(kExponentialSeries, rest) * power_of_two(static_cast<int>(n));
}

float sigmoid(float x) {
  const float small = exponential(-std::fabs(x));
  return x < 0 ? small / (1.0F + small) : 1.0F / (1.0F + small);
}

float hyperbolic_tangent(float x) {
  const float magnitude = std::fabs(x);
  if (magnitude < kSmallTangent) {
    return x * polynomial(kTangentSeries, x * x);
  }
  const float small = exponential(-2.0F * magnitude);
  return std::copysign((1.0F - small) / (1.0F + small), x);
}

float applied(RealFunction function, float x) {
  switch (function) {
    case RealFunction::None:
      return x;
    case RealFunction::Sigmoid:
      return sigmoid(x);
    case RealFunction::Tanh:
      return hyperbolic_tangent(x);
  }
  return x;
}

}  // namespace systole
