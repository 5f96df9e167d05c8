#include "sim/vector/scale_kernel.h"

#include <cstdint>
#include <limits>
#include <random>
#include <vector>

#include <gmock/gmock.h>

#include "sim/vector/fixed_point_arithmetic.h"

namespace systole {
namespace {

constexpr std::int64_t kMultipliers[] = {0,
                                         1,
                                         3,
                                         1'073'741'824,
                                         2'147'483'647,
                                         2'147'483'648,
                                         2'147'483'649,
                                         -5,
                                         -2'147'483'648,
                                         std::int64_t{1} << 33};
constexpr std::int32_t kShifts[] = {0, 1, 7, 31, 32, 61, 62};

/// Extremes, neighbours of ties, and random numbers; more than a vector register and a rest.
std::vector<std::int32_t> sums() {
  std::vector<std::int32_t> values{0,
                                   1,
                                   -1,
                                   2,
                                   -2,
                                   3,
                                   -3,
                                   std::numeric_limits<std::int32_t>::max(),
                                   std::numeric_limits<std::int32_t>::min()};
  std::mt19937 random(7);
  while (values.size() < 101) {
    values.push_back(static_cast<std::int32_t>(random()) >> (random() % 31));
  }
  return values;
}

std::vector<std::int8_t> bytes(unsigned seed) {
  std::vector<std::int8_t> values{0, 1, -1, 127, -128};
  std::mt19937 random(seed);
  while (values.size() < 77) {
    values.push_back(static_cast<std::int8_t>(random()));
  }
  return values;
}

TEST(ScaleKernel, ScalesSumsAsTheRuleDoes) {
  const Store to{.zero_point = -5, .low = -100, .high = 120};
  const std::vector<std::int32_t> values = sums();
  for (const std::int64_t multiplier : kMultipliers) {
    for (const std::int32_t shift : kShifts) {
      const FixedPoint scale{.multiplier = multiplier, .shift = shift};
      std::vector<std::int8_t> expected;
      for (const std::int32_t value : values) {
        expected.push_back(quantized(scaled(value, scale), to));
      }
      std::vector<std::int8_t> actual(values.size(), 99);
      scale_sums(values.data(), values.size(), scale, to, actual.data());
      EXPECT_EQ(actual, expected) << multiplier << " / 2^" << shift;
    }
  }
}

TEST(ScaleKernel, ScalesStoredValuesAsTheRuleDoes) {
  const Store to{.zero_point = 3, .low = -128, .high = 127};
  const std::vector<std::int8_t> values = bytes(1);
  for (const std::int64_t multiplier : kMultipliers) {
    for (const std::int32_t zero_point : {0, -128, 127, 32'768, 40'000, -2'000'000'000}) {
      const FixedPoint scale{.multiplier = multiplier, .shift = 31};
      std::vector<std::int8_t> expected;
      for (const std::int8_t value : values) {
        expected.push_back(quantized(scaled(std::int64_t{value} - zero_point, scale), to));
      }
      std::vector<std::int8_t> actual(values.size(), 99);
      scale_values(values.data(), values.size(), zero_point, scale, to, actual.data());
      EXPECT_EQ(actual, expected) << multiplier << ", zero point " << zero_point;
    }
  }
}

TEST(ScaleKernel, AddsAsTheRuleDoes) {
  const std::vector<std::int8_t> a = bytes(2);
  const std::vector<std::int8_t> b = bytes(3);
  for (const std::int64_t multiplier : kMultipliers) {
    for (const std::int32_t shift : kShifts) {
      const Addend of_a{.zero_point = -128, .multiplier = multiplier};
      const Addend of_b{.zero_point = multiplier == 3 ? 50'000 : 7, .multiplier = 1'500'000'000};
      const Store to{.zero_point = 1, .low = 1, .high = 90};
      std::vector<std::int8_t> expected;
      for (std::size_t i = 0; i < a.size(); ++i) {
        const WideInteger sum = static_cast<WideInteger>(a[i] - of_a.zero_point) * of_a.multiplier +
                                static_cast<WideInteger>(b[i] - of_b.zero_point) * of_b.multiplier;
        expected.push_back(quantized(shift_half_away(sum, shift), to));
      }
      std::vector<std::int8_t> actual(a.size(), 99);
      add_scaled(a.data(), b.data(), a.size(), of_a, of_b, shift, to, actual.data());
      EXPECT_EQ(actual, expected) << multiplier << " / 2^" << shift;
    }
  }
}

TEST(ScaleKernel, ScalesColumnsAsTheRuleDoes) {
  const Store to{.zero_point = -5, .low = -100, .high = 120};
  const std::vector<std::int32_t> values = sums();
  std::vector<FixedPoint> scales;
  std::vector<std::int8_t> expected;
  for (std::size_t i = 0; i < values.size(); ++i) {
    scales.push_back({.multiplier = i % 3 == 0 ? 2'147'483'647 : static_cast<std::int64_t>(i),
                      .shift = kShifts[i % std::size(kShifts)]});
    expected.push_back(quantized(scaled(values[i], scales.back()), to));
  }
  std::vector<std::int8_t> actual(values.size(), 99);
  scale_sums(values.data(), ColumnScales(scales), to, actual.data());
  EXPECT_EQ(actual, expected);
}

}  // namespace
}  // namespace systole
