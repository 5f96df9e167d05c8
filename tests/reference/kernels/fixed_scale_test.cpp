#include "reference/kernels/fixed_scale.h"

#include <cmath>
#include <limits>
#include <string>

#include <gtest/gtest.h>

#include "arch/diag/error.h"
#include "tests/reference/test_values.h"

namespace systole::reference {
namespace {

constexpr std::int64_t kHalf = std::int64_t{1} << 30;  // the least normal multiplier

TEST(FixedScale, PowersOfTwoAreExactWithTheLeastMultiplier) {
  EXPECT_EQ(nearest_scale(1.0), (FixedScale{kHalf, 30}));
  EXPECT_EQ(nearest_scale(0.5), (FixedScale{kHalf, 31}));
  EXPECT_EQ(nearest_scale(0x1p29), (FixedScale{kHalf, 1}));
  EXPECT_EQ(nearest_scale(0x1p-32), (FixedScale{kHalf, 62}));
}

TEST(FixedScale, RoundsToTheNearestMultiplier) {
  // 0.75 * 2^31 is an integer; a third of 2^32 is 1431655765.33, two thirds of 2^31 the same.
  EXPECT_EQ(nearest_scale(0.75), (FixedScale{3 * kHalf / 2, 31}));
  EXPECT_EQ(nearest_scale(1.0 / 3), (FixedScale{1431655765, 32}));
  EXPECT_EQ(nearest_scale(2.0 / 3), (FixedScale{1431655765, 31}));
  // 1 + 2^-31 is a tie between 2^30 and 2^30 + 1 at shift 30: away from zero.
  EXPECT_EQ(nearest_scale(1 + 0x1p-31), (FixedScale{kHalf + 1, 30}));
  EXPECT_EQ(nearest_scale(1 + 0x1p-31 - 0x1p-52), (FixedScale{kHalf, 30}));
}

TEST(FixedScale, AMultiplierThatRoundsUpTo32BitsLosesAShift) {
  // (1 - 2^-33) * 2^31 = 2^31 - 1/4 rounds to 2^31, which has 32 bits; at shift 30 it is 2^30 -
  // 1/8.
  EXPECT_EQ(nearest_scale(1 - 0x1p-33), (FixedScale{kHalf, 30}));
  // (1 - 2^-31) * 2^31 = 2^31 - 1 has 31.
  EXPECT_EQ(nearest_scale(1 - 0x1p-31), (FixedScale{2 * kHalf - 1, 31}));
}

TEST(FixedScale, TinyRealsKeepShift62AndLoseBits) {
  EXPECT_EQ(nearest_scale(0x1p-33), (FixedScale{kHalf / 2, 62}));
  EXPECT_EQ(nearest_scale(3 * 0x1p-63), (FixedScale{2, 62}));  // 1.5: away from zero
  EXPECT_EQ(nearest_scale(0x1p-63), (FixedScale{1, 62}));      // 0.5: away from zero
  EXPECT_EQ(nearest_scale(0x1p-64), (FixedScale{0, 62}));
  EXPECT_EQ(nearest_scale(0x1p-200), (FixedScale{0, 62}));
}

/// Empty when the scale is normal and within half a multiplier of `real`.
std::string fault_of(double real) {
  const FixedScale scale = nearest_scale(real);
  const bool normal = scale.multiplier >= kHalf && scale.multiplier < 2 * kHalf;
  const double distance =
      std::abs(std::ldexp(real, scale.shift) - static_cast<double>(scale.multiplier));
  return normal && distance <= 0.5 ? "" : std::to_string(real);
}

TEST(FixedScale, IsNormalAndWithinHalfAMultiplierForManyReals) {
  TestValues values(1);
  for (int i = 0; i < 20000; ++i) {
    const auto mantissa = static_cast<double>(values.between(1 << 29, 1 << 30));
    const int exponent = static_cast<int>(values.between(-61, -1));  // from 2^-32
    ASSERT_EQ(fault_of(std::ldexp(mantissa, exponent)), "");
  }
}

class NoScale : public testing::TestWithParam<double> {};

TEST_P(NoScale, IsAnInternalError) {
  EXPECT_THROW((void)nearest_scale(GetParam()), InternalError);
  EXPECT_THROW((void)nearest_scale_pair(1.0, GetParam()), InternalError);
  EXPECT_THROW((void)nearest_scale_pair(GetParam(), 1.0), InternalError);
}

INSTANTIATE_TEST_SUITE_P(Reals, NoScale,
                         testing::Values(0.0, -1.0, 0x1p30,
                                         std::numeric_limits<double>::quiet_NaN(),
                                         std::numeric_limits<double>::infinity()));

TEST(FixedScalePair, TheLargerIsNormalAndTheSmallerSharesItsShift) {
  EXPECT_EQ(nearest_scale_pair(1.0, 0.25), (FixedScalePair{kHalf, kHalf / 4, 30}));
  EXPECT_EQ(nearest_scale_pair(0.25, 1.0), (FixedScalePair{kHalf / 4, kHalf, 30}));
  // 1/3 at the shift of 3/4 (31): 715827882.67 -> 715827883.
  EXPECT_EQ(nearest_scale_pair(1.0 / 3, 0.75), (FixedScalePair{715827883, 3 * kHalf / 2, 31}));
}

TEST(FixedScalePair, RoundingUpTo32BitsTakesAShiftFromBoth) {
  // At shift 31 the first would be 2^31; at 30 the second is 2^29 * 3 / 4.
  EXPECT_EQ(nearest_scale_pair(1 - 0x1p-33, 0.375), (FixedScalePair{kHalf, 3 * (kHalf / 8), 30}));
}

TEST(ShiftHalfAway, TiesGoAwayFromZero) {
  // Quarters: 1/4 -> 0, 2/4 -> 1, 3/4 -> 1, 5/4 -> 1, 6/4 -> 2; negative ones mirrored.
  const std::int64_t expected[] = {0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3};
  for (std::int64_t quarters = 0; quarters <= 10; ++quarters) {
    EXPECT_EQ(shift_half_away(quarters, 2), expected[quarters]) << quarters;
    EXPECT_EQ(shift_half_away(-quarters, 2), -expected[quarters]) << quarters;
  }
}

TEST(ShiftHalfAway, HoldsAtItsLimits) {
  constexpr std::int64_t kLimit = std::int64_t{1} << 62;
  EXPECT_EQ(shift_half_away(kLimit, 0), kLimit);
  EXPECT_EQ(shift_half_away(-kLimit, 0), -kLimit);
  EXPECT_EQ(shift_half_away(kLimit, 62), 1);
  EXPECT_EQ(shift_half_away(kLimit / 2, 62), 1);  // a half
  EXPECT_EQ(shift_half_away(kLimit / 2 - 1, 62), 0);
  EXPECT_EQ(shift_half_away(-kLimit / 2, 62), -1);
}

TEST(ShiftHalfAway, AgreesWithDivision) {
  TestValues values(2);
  for (int i = 0; i < 20000; ++i) {
    const int shift = static_cast<int>(values.between(0, 62));
    const std::int64_t product = values.between(-(std::int64_t{1} << 61), std::int64_t{1} << 61);
    const Int128 expected = divide_half_away(product, Int128{1} << shift);
    ASSERT_EQ(shift_half_away(product, shift), static_cast<std::int64_t>(expected))
        << product << " / 2^" << shift;
  }
}

TEST(ShiftHalfAway, ScalesTheExtremesOfAnAccumulator) {
  constexpr std::int32_t kLowest = std::numeric_limits<std::int32_t>::min();
  const FixedScale nearly_one{2 * kHalf - 1, 31};  // (2^31 - 1) / 2^31
  // -2^31 * (2^31 - 1) / 2^31 = -(2^31 - 1) exactly.
  EXPECT_EQ(scaled(kLowest, nearly_one), -(2 * kHalf - 1));
  EXPECT_EQ(scaled(kLowest, FixedScale{kHalf, 62}), -1);  // -1/2
}

TEST(DivideHalfAway, TiesGoAwayFromZeroForAnyDivisor) {
  // Sevenths have no ties; sixths have one at 3.
  EXPECT_EQ(static_cast<int>(divide_half_away(3, 7)), 0);
  EXPECT_EQ(static_cast<int>(divide_half_away(4, 7)), 1);
  EXPECT_EQ(static_cast<int>(divide_half_away(3, 6)), 1);
  EXPECT_EQ(static_cast<int>(divide_half_away(-3, 6)), -1);
  EXPECT_EQ(static_cast<int>(divide_half_away(-2, 6)), 0);
  EXPECT_EQ(static_cast<int>(divide_half_away(-9, 6)), -2);
  EXPECT_THROW((void)divide_half_away(1, 0), InternalError);
}

}  // namespace
}  // namespace systole::reference
