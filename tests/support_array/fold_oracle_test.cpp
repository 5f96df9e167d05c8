#include "tests/support_array/fold_oracle.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include <gtest/gtest.h>

namespace systole::testing {

namespace {

constexpr int kDraws = 20'000;

/// The least and the greatest of many random operands; of floats the finite ones, and whether
/// infinities and NaNs were among them.
struct Range {
  double low = std::numeric_limits<double>::infinity();
  double high = -std::numeric_limits<double>::infinity();
  double least_magnitude = std::numeric_limits<double>::infinity();  // but zero
  bool has_infinity = false;
  bool has_nan = false;
};

Range range_of(OperandKind kind) {
  RandomBits random(1);
  Range range;
  for (int i = 0; i < kDraws; ++i) {
    const std::uint32_t lane = random_lane(kind, random);
    const double value = is_floating(kind) ? double{std::bit_cast<float>(lane)}
                                           : double(static_cast<std::int32_t>(lane));
    range.has_infinity |= std::isinf(value);
    range.has_nan |= std::isnan(value);
    if (std::isfinite(value)) {
      range.low = std::min(range.low, value);
      range.high = std::max(range.high, value);
      if (value != 0) {
        range.least_magnitude = std::min(range.least_magnitude, std::abs(value));
      }
    }
  }
  return range;
}

}  // namespace

TEST(RandomLane, CoversTheRangeOfEachInteger) {
  const auto expect_range = [](OperandKind kind, int low, int high) {
    const Range range = range_of(kind);
    EXPECT_EQ(range.low, low);
    EXPECT_EQ(range.high, high);
  };
  expect_range(OperandKind::Int4, -8, 7);
  expect_range(OperandKind::Int8, -128, 127);
  expect_range(OperandKind::Int16, -32768, 32767);
}

TEST(RandomLane, CoversTheRangeOfEachEightBitFloat) {
  // OCP 8-bit formats: E4M3 ends at 1.75 * 2^8, its least subnormal is 2^-6 / 8; no infinities.
  const Range e4m3 = range_of(OperandKind::Float8E4M3);
  EXPECT_EQ(e4m3.high, 448);
  EXPECT_EQ(e4m3.low, -448);
  EXPECT_EQ(e4m3.least_magnitude, std::ldexp(1, -9));
  EXPECT_FALSE(e4m3.has_infinity);
  EXPECT_TRUE(e4m3.has_nan);
  // E5M2 ends at 1.75 * 2^15, its least subnormal is 2^-14 / 4.
  const Range e5m2 = range_of(OperandKind::Float8E5M2);
  EXPECT_EQ(e5m2.high, 57344);
  EXPECT_EQ(e5m2.low, -57344);
  EXPECT_EQ(e5m2.least_magnitude, std::ldexp(1, -16));
  EXPECT_TRUE(e5m2.has_infinity);
  EXPECT_TRUE(e5m2.has_nan);
}

TEST(RandomLane, GivesSixteenBitFloatsThatHaveNoLowerBits) {
  RandomBits random(1);
  for (int i = 0; i < kDraws; ++i) {
    EXPECT_EQ(random_lane(OperandKind::Bfloat16, random) & 0xffffU, 0U);
    const float half = std::bit_cast<float>(random_lane(OperandKind::Float16, random));
    // binary16: multiples of 2^-24, up to 65504.
    if (std::isfinite(half)) {
      EXPECT_EQ(std::ldexp(half, 24), std::trunc(std::ldexp(half, 24)));
      EXPECT_LE(std::abs(half), 65504);
    }
  }
}

TEST(ExpectedResults, AreTheProductsOfMatrices) {
  const ArrayConfig stationary{.rows = 2, .cols = 2};
  const std::vector<ArrayFold> folds{{.tile = {{1, 2}, {3, 4}}, .left = {{5, 6}}},
                                     {.left = {{1, 0}}}};
  // 5*1 + 6*3, 5*2 + 6*4; then the same tile again.
  EXPECT_EQ(expected_results(stationary, folds), (std::vector<Lanes>{{{23, 34}}, {{1, 2}}}));

  const ArrayConfig output{.dataflow = ArrayDataflow::OutputStationary, .rows = 2, .cols = 1};
  const std::vector<ArrayFold> sums{{.left = {{5, 6}}, .top = {{2}}, .drains = false},
                                    {.left = {{1, 1}}, .top = {{3}}, .clears = false},
                                    {.left = {{1, 1}}, .top = {{3}}}};
  EXPECT_EQ(expected_results(output, sums), (std::vector<Lanes>{{}, {{13}, {15}}, {{3}, {3}}}));
}

TEST(ExpectedResults, KnowOneNan) {
  const ArrayConfig config{.rows = 1, .cols = 1, .floating = true};
  const std::uint32_t infinity = 0x7f800000;
  const std::vector<ArrayFold> folds{{.tile = {{infinity}}, .left = {{0}, {0xffc12345}}}};
  EXPECT_EQ(expected_results(config, folds).front(), (Lanes{{0x7fc00000}, {0x7fc00000}}));
}

}  // namespace systole::testing
