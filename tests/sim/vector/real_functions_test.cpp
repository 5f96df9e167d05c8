#include "sim/vector/real_functions.h"

#include <bit>
#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>

#include <gtest/gtest.h>

namespace systole {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

/// The largest relative error over every 1009th positive binary32 up to `last`, times -1 where
/// `negative`. The exact value is that of the machine's library in double precision, whose own
/// error of some 2^-52 does not matter here.
double largest_error(float (*function)(float), const std::function<double(double)>& exact,
                     float last, bool negative) {
  double largest = 0;
  for (std::uint32_t pattern = 0; pattern <= std::bit_cast<std::uint32_t>(last); pattern += 1009) {
    const float magnitude = std::bit_cast<float>(pattern);
    const float x = negative ? -magnitude : magnitude;
    const double wanted = exact(x);
    if (wanted != 0) {
      // Numbers below the smallest normal one stand 2^-149 apart, whatever their size.
      const double size = std::max(std::fabs(wanted), double{std::numeric_limits<float>::min()});
      largest = std::max(largest, std::fabs(function(x) - wanted) / size);
    }
  }
  return largest;
}

TEST(RealFunctions, KeepTheirErrors) {
  const auto exp = [](double x) { return std::exp(x); };
  const auto logistic = [](double x) { return 1 / (1 + std::exp(-x)); };
  const auto tanh = [](double x) { return std::tanh(x); };
  EXPECT_LE(largest_error(exponential, exp, 87, true), 0x1p-22);
  EXPECT_LE(largest_error(sigmoid, logistic, 87, true), 0x1p-21);
  EXPECT_LE(largest_error(sigmoid, logistic, 1e30F, false), 0x1p-21);
  EXPECT_LE(largest_error(hyperbolic_tangent, tanh, 1e30F, true), 0x1p-20);
  EXPECT_LE(largest_error(hyperbolic_tangent, tanh, 1e30F, false), 0x1p-20);
  EXPECT_LE(largest_error(exponential, exp, 87, false), 0x1p-21);
  const auto exact_gelu = [](double x) { return x * std::erfc(-x / std::sqrt(2.0)) / 2; };
  EXPECT_LE(largest_error(gelu, exact_gelu, 1e30F, false), 0x1p-20);
  EXPECT_LE(largest_error(gelu, exact_gelu, 12, true), 0x1p-16);
  const auto exact_gelu_tanh = [&](double x) {
    return x * logistic(std::sqrt(8 / std::acos(-1.0)) * (x + 0.044715 * x * x * x));
  };
  EXPECT_LE(largest_error(gelu_tanh, exact_gelu_tanh, 1e12F, false), 0x1p-20);
  EXPECT_LE(largest_error(gelu_tanh, exact_gelu_tanh, 9, true), 0x1p-16);
  const auto exact_softplus = [](double x) {
    return std::max(x, 0.0) + std::log1p(std::exp(-std::fabs(x)));
  };
  EXPECT_LE(largest_error(softplus, exact_softplus, 1e30F, false), 0x1p-21);
  EXPECT_LE(largest_error(softplus, exact_softplus, 87, true), 0x1p-20);
  const auto exact_elu = [](double x) { return x < 0 ? std::expm1(x) : x; };
  EXPECT_LE(largest_error(elu, exact_elu, 1e30F, true), 0x1p-20);
  const auto log = [](double x) { return std::log(x); };
  EXPECT_LE(largest_error(logarithm, log, 1e38F, false), 0x1p-21);
}

TEST(RealFunctions, AreExactAtTheirEnds) {
  EXPECT_EQ(exponential(0), 1);
  EXPECT_EQ(exponential(-0.0F), 1);
  EXPECT_EQ(exponential(std::nextafterf(-87, -100)), 0);
  EXPECT_GE(exponential(-87), 0x1p-126F);
  EXPECT_EQ(exponential(-kInfinity), 0);
  EXPECT_EQ(sigmoid(0), 0.5F);
  EXPECT_EQ(sigmoid(kInfinity), 1);
  EXPECT_EQ(sigmoid(-kInfinity), 0);
  EXPECT_EQ(hyperbolic_tangent(kInfinity), 1);
  EXPECT_EQ(hyperbolic_tangent(-kInfinity), -1);
  EXPECT_TRUE(std::signbit(hyperbolic_tangent(-0.0F)));
  EXPECT_EQ(exponential(88), kInfinity);
  for (const RealFunction function :
       {RealFunction::Gelu, RealFunction::GeluTanh, RealFunction::Silu, RealFunction::HardSwish,
        RealFunction::Softplus}) {
    EXPECT_EQ(applied(function, -kInfinity), 0) << name_of(function);
    EXPECT_EQ(applied(function, kInfinity), kInfinity) << name_of(function);
  }
  EXPECT_EQ(elu(-kInfinity), -1);
  EXPECT_EQ(logarithm(0), -kInfinity);
  EXPECT_TRUE(std::isnan(logarithm(-1)));
}

/// So no machine, library or option changes them unseen. Each is the binary32 nearest to the exact
/// value, but for sigmoid(2) and tanh(-1), which end in ...d6 and ...ac.
TEST(RealFunctions, GiveTheseBits) {
  EXPECT_EQ(exponential(-1), 0x1.78b564p-2F);
  EXPECT_EQ(exponential(-80), 0x1.7fd974p-116F);
  EXPECT_EQ(sigmoid(-1), 0x1.136562p-2F);
  EXPECT_EQ(sigmoid(2), 0x1.c2f7d4p-1F);
  EXPECT_EQ(hyperbolic_tangent(0.125F), 0x1.fd5992p-4F);
  EXPECT_EQ(hyperbolic_tangent(-1), -0x1.85efaap-1F);
}

TEST(RealFunctions, PassNansOn) {
  const float nan = std::nanf("");
  for (const auto& [function, name] : kEnumNames<RealFunction>) {
    EXPECT_TRUE(std::isnan(applied(function, nan))) << name;
  }
}

TEST(RealFunctions, AreAppliedByName) {
  EXPECT_EQ(applied(RealFunction::None, -3), -3);
  EXPECT_EQ(applied(RealFunction::Sigmoid, -3), sigmoid(-3));
  EXPECT_EQ(applied(RealFunction::Tanh, -3), hyperbolic_tangent(-3));
  EXPECT_EQ(applied(RealFunction::HardSigmoid, -3), 0);
  EXPECT_EQ(applied(RealFunction::HardSigmoid, 0), 0.5F);
  EXPECT_EQ(applied(RealFunction::HardSwish, 6), 6);
  EXPECT_EQ(applied(RealFunction::LeakyRelu, -1), -0.01F);
  EXPECT_EQ(applied(RealFunction::Elu, 3), 3);
  EXPECT_EQ(applied(RealFunction::Log, 1), 0);
  EXPECT_EQ(applied(RealFunction::Sqrt, 9), 3);
  EXPECT_EQ(applied(RealFunction::Rsqrt, 4), 0.5F);
  EXPECT_EQ(applied(RealFunction::Reciprocal, -4), -0.25F);
}

}  // namespace
}  // namespace systole
