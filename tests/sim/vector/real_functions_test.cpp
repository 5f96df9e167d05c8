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
      largest = std::max(largest, std::fabs(function(x) - wanted) / std::fabs(wanted));
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
}

}  // namespace
}  // namespace systole
