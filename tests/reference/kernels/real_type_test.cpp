#include "reference/kernels/real_type.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <map>
#include <vector>

#include <gtest/gtest.h>

namespace systole::reference {
namespace {

constexpr auto kNarrow =
    std::to_array<DataType>({DataType::Fp8E4M3, DataType::Fp8E5M2, DataType::Fp16, DataType::Bf16});

struct Fields {
  int exponent_bits;
  int fraction_bits;
};
Fields fields_of(DataType type) {
  switch (type) {
    case DataType::Fp8E4M3:
      return {4, 3};
    case DataType::Fp8E5M2:
      return {5, 2};
    case DataType::Fp16:
      return {5, 10};
    default:
      return {8, 7};
  }
}

/// By the fields alone, in double; NaN for what is no number.
double meaning(DataType type, std::uint32_t pattern) {
  const auto [exponent_bits, fraction_bits] = fields_of(type);
  const auto fraction = static_cast<double>(pattern & ((1U << fraction_bits) - 1));
  const auto field = static_cast<int>(pattern >> fraction_bits & ((1U << exponent_bits) - 1));
  const bool negative = (pattern >> (exponent_bits + fraction_bits) & 1U) != 0;
  const int bias = (1 << (exponent_bits - 1)) - 1;
  const bool last = field == (1 << exponent_bits) - 1;
  double size = field == 0 ? std::ldexp(fraction, 1 - bias - fraction_bits)
                           : std::ldexp(1 + std::ldexp(fraction, -fraction_bits), field - bias);
  if (type == DataType::Fp8E4M3) {
    size = last && fraction == 7 ? std::numeric_limits<double>::quiet_NaN() : size;
  } else if (last) {
    size = fraction == 0 ? std::numeric_limits<double>::infinity()
                         : std::numeric_limits<double>::quiet_NaN();
  }
  return negative ? -size : size;
}

TEST(RealType, EveryPatternIsItsNumberAndBack) {
  for (const DataType type : kNarrow) {
    for (std::uint32_t pattern = 0; pattern < std::uint32_t{1} << bits_of(type); ++pattern) {
      const double wanted = meaning(type, pattern);
      const float number = number_of(type, pattern);
      if (std::isnan(wanted)) {
        ASSERT_TRUE(std::isnan(number)) << name_of(type) << " " << pattern;
        continue;
      }
      ASSERT_EQ(number, wanted) << name_of(type) << " " << pattern;
      ASSERT_EQ(std::signbit(number), std::signbit(wanted));
      ASSERT_EQ(pattern_of(type, number), pattern) << name_of(type);
      ASSERT_EQ(nearest(type, number), number);
    }
  }
}

/// Between each two neighbours: the middle goes to the even pattern, what is a bit off to its side.
TEST(RealType, RoundsToTheNearestTiesToEven) {
  for (const DataType type : kNarrow) {
    std::map<double, std::uint32_t> numbers;  // positive, finite
    for (std::uint32_t pattern = 0; pattern < std::uint32_t{1} << (bits_of(type) - 1); ++pattern) {
      if (std::isfinite(meaning(type, pattern))) {
        numbers.emplace(meaning(type, pattern), pattern);
      }
    }
    for (auto low = numbers.begin(); std::next(low) != numbers.end(); ++low) {
      const auto high = std::next(low);
      const auto middle = static_cast<float>((low->first + high->first) / 2);
      if (middle != (low->first + high->first) / 2) {
        continue;  // below what binary32 has
      }
      const double even = low->second % 2 == 0 ? low->first : high->first;
      for (const float sign : {1.0F, -1.0F}) {
        ASSERT_EQ(nearest(type, sign * middle), sign * even) << name_of(type) << " " << middle;
        ASSERT_EQ(nearest(type, sign * std::nextafter(middle, 0.0F)), sign * low->first);
        ASSERT_EQ(
            nearest(type, sign * std::nextafter(middle, std::numeric_limits<float>::infinity())),
            sign * high->first);
      }
    }
  }
}

TEST(RealType, WhatIsTooLargeBecomesInfinityOrTheLargest) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  EXPECT_EQ(nearest(DataType::Fp8E4M3, 464.0F), 448);
  EXPECT_EQ(nearest(DataType::Fp8E4M3, -kInfinity), -448);
  EXPECT_EQ(nearest(DataType::Fp8E5M2, 61439.0F), 57344);
  EXPECT_EQ(nearest(DataType::Fp8E5M2, 61440.0F), kInfinity);  // the tie goes to the even pattern
  EXPECT_EQ(nearest(DataType::Fp16, 65519.0F), 65504);
  EXPECT_EQ(nearest(DataType::Fp16, -65520.0F), -kInfinity);
  EXPECT_TRUE(std::isnan(nearest(DataType::Fp8E4M3, std::nanf(""))));
  EXPECT_EQ(pattern_of(DataType::Fp8E4M3, std::nanf("")), 0x7fU);
  EXPECT_EQ(pattern_of(DataType::Fp8E5M2, std::nanf("")), 0x7eU);
  EXPECT_EQ(pattern_of(DataType::Fp16, std::nanf("")), 0x7e00U);
  EXPECT_EQ(pattern_of(DataType::Fp16, -kInfinity), 0xfc00U);
}

}  // namespace
}  // namespace systole::reference
