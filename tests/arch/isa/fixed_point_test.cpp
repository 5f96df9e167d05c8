#include "arch/isa/fixed_point.h"

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include "arch/diag/error.h"

namespace systole {
namespace {

constexpr std::int64_t kLow = std::int64_t{1} << 30;
constexpr std::int64_t kHigh = std::int64_t{1} << 31;

double value_of(FixedPoint fixed) {
  return std::ldexp(static_cast<double>(fixed.multiplier), -fixed.shift);
}

TEST(FixedPoint, PowersOfTwoHaveTheSmallestMultiplier) {
  // 1 = 2^30 / 2^30; 0.5 = 2^30 / 2^31; 2 = 2^30 / 2^29
  EXPECT_EQ(to_fixed_point(1.0), (FixedPoint{.multiplier = kLow, .shift = 30}));
  EXPECT_EQ(to_fixed_point(0.5), (FixedPoint{.multiplier = kLow, .shift = 31}));
  EXPECT_EQ(to_fixed_point(2.0), (FixedPoint{.multiplier = kLow, .shift = 29}));
}

TEST(FixedPoint, ThreeQuarters) {
  EXPECT_EQ(to_fixed_point(0.75), (FixedPoint{.multiplier = 3 * (kLow / 2), .shift = 31}));
}

TEST(FixedPoint, RoundingUpToThirtyTwoBitsTakesOneShiftAway) {
  // The largest double below 1 rounds to 2^31 / 2^31, which is written 2^30 / 2^30.
  EXPECT_EQ(to_fixed_point(std::nextafter(1.0, 0.0)),
            (FixedPoint{.multiplier = kLow, .shift = 30}));
}

TEST(FixedPoint, IsTheNearestWithinHalfAUnitOfTheMultiplier) {
  double real = 1e-9;
  while (real < 1e9) {
    const FixedPoint fixed = to_fixed_point(real);
    EXPECT_GE(fixed.multiplier, kLow) << real;
    EXPECT_LT(fixed.multiplier, kHigh) << real;
    EXPECT_GE(fixed.shift, 0) << real;
    EXPECT_LE(fixed.shift, 62) << real;
    EXPECT_LE(std::fabs(value_of(fixed) - real), std::ldexp(0.5, -fixed.shift)) << real;
    real *= 1.37;
  }
}

TEST(FixedPoint, BelowTwoToMinusThirtyTwoTheShiftStaysAndBitsGo) {
  // 2^-33 = 2^29 / 2^62
  EXPECT_EQ(to_fixed_point(0x1p-33), (FixedPoint{.multiplier = kLow / 2, .shift = 62}));
  EXPECT_EQ(to_fixed_point(0x1p-62), (FixedPoint{.multiplier = 1, .shift = 62}));
  EXPECT_EQ(to_fixed_point(0x1p-70), (FixedPoint{.multiplier = 0, .shift = 62}));
}

TEST(FixedPoint, LargestRealsNeedNoNegativeShift) {
  const FixedPoint fixed = to_fixed_point(std::nextafter(0x1p30, 0.0));
  EXPECT_GE(fixed.shift, 0);
  EXPECT_EQ(value_of(fixed), 0x1p30);
}

TEST(FixedPoint, WhatIsNoPositiveRealBelowTwoToThirtyIsOurMistake) {
  for (const double real : {0.0, -1.0, 0x1p30, std::numeric_limits<double>::infinity(),
                            std::numeric_limits<double>::quiet_NaN()}) {
    EXPECT_THROW((void)to_fixed_point(real), InternalError) << real;
  }
}

}  // namespace
}  // namespace systole
