#include "sim/vector/real_functions.h"

#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>

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
/// Of (e^x - 1) / x in powers of x, the highest first: 1 / 6! down to 1 / 1!.
constexpr std::array<float, 6> kExponentialLessOne{1.0F / 720, 1.0F / 120, 1.0F / 24,
                                                   1.0F / 6,   1.0F / 2,   1.0F};
constexpr float kSmallElu = -0.25F;
/// Of artanh(z) / z in powers of z^2, the highest first: 1 / 15 down to 1 / 1.
constexpr std::array<float, 8> kArtanhSeries{1.0F / 15, 1.0F / 13, 1.0F / 11, 1.0F / 9,
                                             1.0F / 7,  1.0F / 5,  1.0F / 3,  1.0F};
constexpr float kHalfRoot = 0x1.6a09e6p-1F;  // sqrt(1 / 2)
/// Of e^(z^2) erfc(z) / t in powers of t = 1 / (1 + z / 2), the highest first: the polynomial that
/// is exact at the eleven Chebyshev points of 0 <= z <= 9.5, within 2^-21 of it.
constexpr std::array<float, 11> kTailSeries{0x1.fef05p-6F,   -0x1.507982p-3F, 0x1.40a102p-2F,
                                            -0x1.83903cp-3F, -0x1.d9a6c6p-4F, 0x1.7e3d98p-4F,
                                            0x1.fa9deap-6F,  0x1.8979e8p-3F,  0x1.f3d494p-3F,
                                            0x1.21236cp-2F,  0x1.20da9cp-2F};
constexpr float kGeluLinear = 0x1.988454p+0F;  // sqrt(8 / pi)
constexpr float kGeluCubic = 0x1.2444f2p-4F;   // the same times 0.044715
constexpr float kSixth = 1.0F / 6;
constexpr float kLeakySlope = 0.01F;

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
  if (x > 0) {
    return 1.0F / exponential(-x);
  }
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

float gelu(float x) {
  const float z = std::fabs(x) * kHalfRoot;
  const float t = 1.0F / (1.0F + 0.5F * z);
  const float tail = 0.5F * ((t * polynomial(kTailSeries, t)) * exponential(-(z * z)));
  if (x < 0) {
    return tail == 0 ? 0.0F : x * tail;
  }
  return x * (1.0F - tail);
}

float gelu_tanh(float x) {
  const float share = sigmoid(x * (kGeluLinear + kGeluCubic * (x * x)));
  return share == 0 ? 0.0F : x * share;
}

float softplus(float x) {
  const float t = exponential(-std::fabs(x));
  const float z = t / (2.0F + t);
  const float rest = 2.0F * (z * polynomial(kArtanhSeries, z * z));
  return x > 0 ? x + rest : rest;
}

float elu(float x) {
  if (!(x < 0)) {
    return x;
  }
  return x > kSmallElu ? x * polynomial(kExponentialLessOne, x) : exponential(x) - 1.0F;
}

float logarithm(float x) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  if (std::isnan(x) || x < 0) {
    return std::numeric_limits<float>::quiet_NaN();
  }
  if (x == 0 || x == kInfinity) {
    return x == 0 ? -kInfinity : x;
  }
  int power = 0;
  float part = std::frexp(x, &power);  // 1/2 <= part < 1
  if (part < kHalfRoot) {
    part = 2.0F * part;
    --power;
  }
  const float z = (part - 1.0F) / (part + 1.0F);
  const float of_part = 2.0F * (z * polynomial(kArtanhSeries, z * z));
  const auto n = static_cast<float>(power);
  return n * kLn2High + (n * kLn2Low + of_part);
}

namespace {

float silu(float x) {
  const float share = sigmoid(x);
  return share == 0 ? 0.0F : x * share;
}

float hard_sigmoid(float x) {
  const float line = x * kSixth + 0.5F;
  return line < 0 ? 0.0F : (line > 1 ? 1.0F : line);
}

float hard_swish(float x) {
  const float share = hard_sigmoid(x);
  return share == 0 ? 0.0F : x * share;
}

}  // namespace

float applied(RealFunction function, float x) {
  switch (function) {
    case RealFunction::None:
      return x;
    case RealFunction::Sigmoid:
      return sigmoid(x);
    case RealFunction::Tanh:
      return hyperbolic_tangent(x);
    case RealFunction::Gelu:
      return gelu(x);
    case RealFunction::GeluTanh:
      return gelu_tanh(x);
    case RealFunction::Silu:
      return silu(x);
    case RealFunction::HardSwish:
      return hard_swish(x);
    case RealFunction::HardSigmoid:
      return hard_sigmoid(x);
    case RealFunction::LeakyRelu:
      return x < 0 ? kLeakySlope * x : x;
    case RealFunction::Elu:
      return elu(x);
    case RealFunction::Softplus:
      return softplus(x);
    case RealFunction::Exp:
      return exponential(x);
    case RealFunction::Log:
      return logarithm(x);
    case RealFunction::Sqrt:
      return std::sqrt(x);
    case RealFunction::Rsqrt:
      return 1.0F / std::sqrt(x);
    case RealFunction::Reciprocal:
      return 1.0F / x;
  }
  return x;
}

}  // namespace systole
