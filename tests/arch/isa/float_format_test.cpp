#include "arch/isa/float_format.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include <dnnl.hpp>
#include <gtest/gtest.h>

#include "arch/diag/error.h"

namespace systole::testing {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr std::uint32_t kNan = 0x7fc00000U;

std::uint32_t bits(float value) {
  return std::bit_cast<std::uint32_t>(value);
}

/// A format by its description in the standards, in numbers of its own.
struct Described {
  DataType type;
  int width;
  int fraction;  // bits
  int emax;      // of the largest binade
  int emin;      // of the smallest normal numbers
  bool ieee;     // the largest exponent field is for infinities and NaNs
};

constexpr Described kFormats[] = {
    {DataType::Fp8E4M3, 8, 3, 8, -6, false},
    {DataType::Fp8E5M2, 8, 2, 15, -14, true},
    {DataType::Fp16, 16, 10, 15, -14, true},
    {DataType::Bf16, 16, 7, 127, -126, true},
};

/// What a pattern without sign stands for; infinity and NaN as such.
double value_of(const Described& format, std::uint32_t magnitude) {
  const auto field = static_cast<int>(magnitude >> format.fraction);
  const auto fraction = static_cast<int>(magnitude % (1U << format.fraction));
  const int one = 1 << format.fraction;
  if (format.ieee && field == format.emax - format.emin + 2) {
    return fraction == 0 ? std::numeric_limits<double>::infinity() : std::nan("");
  }
  if (!format.ieee && magnitude == (1U << (format.width - 1)) - 1) {
    return std::nan("");
  }
  return field == 0 ? std::ldexp(fraction, format.emin - format.fraction)
                    : std::ldexp(one + fraction, format.emin + field - 1 - format.fraction);
}

class Formats : public ::testing::TestWithParam<Described> {
 protected:
  [[nodiscard]] static std::uint32_t magnitudes() { return 1U << (GetParam().width - 1); }
};

TEST_P(Formats, EveryPatternDecodesToItsValue) {
  const FloatFormat format = float_format(GetParam().type);
  for (std::uint32_t magnitude = 0; magnitude < magnitudes(); ++magnitude) {
    const double expected = value_of(GetParam(), magnitude);
    const float positive = decoded(format, magnitude);
    const float negative = decoded(format, magnitude | magnitudes());
    if (std::isnan(expected)) {
      ASSERT_EQ(bits(positive), kNan) << magnitude;
      ASSERT_EQ(bits(negative), kNan) << magnitude;
    } else {
      ASSERT_EQ(static_cast<double>(positive), expected) << magnitude;
      ASSERT_EQ(bits(negative), bits(positive) | 0x80000000U) << magnitude;
    }
  }
}

TEST_P(Formats, DecodedNumbersRoundToTheirPatterns) {
  const FloatFormat format = float_format(GetParam().type);
  for (std::uint32_t pattern = 0; pattern < 2 * magnitudes(); ++pattern) {
    const float value = decoded(format, pattern);
    ASSERT_EQ(rounded(format, value), std::isnan(value) ? format.nan() : pattern);
  }
}

/// The finite values, ascending: their indices are their patterns.
std::vector<double> finite_values(const Described& format) {
  std::vector<double> values;
  for (std::uint32_t magnitude = 0;; ++magnitude) {
    const double value = value_of(format, magnitude);
    if (!std::isfinite(value)) {
      return values;
    }
    values.push_back(value);
  }
}

/// By search, with distances in double, where they are exact or not close: the nearest of two
/// neighbours, of equally near ones the even pattern. Beyond the largest finite value comes one
/// more, at the distance that unbounded exponents would give it; it stands for overflow.
std::uint32_t nearest(const std::vector<double>& values, double magnitude, std::uint32_t overflow) {
  const std::size_t last = values.size() - 1;
  const double beyond = 2 * values[last] - values[last - 1];
  if (magnitude >= beyond) {
    return overflow;
  }
  const auto above = std::upper_bound(values.begin(), values.end(), magnitude);
  const auto low = static_cast<std::uint32_t>(above - values.begin() - 1);
  const double high_value = above == values.end() ? beyond : *above;
  const double to_low = magnitude - values[low];
  const double to_high = high_value - magnitude;
  const bool up = to_high < to_low || (to_high == to_low && low % 2 == 1);
  return up ? (above == values.end() ? overflow : low + 1) : low;
}

/// Infinity where there is one, else the largest finite number.
std::uint32_t overflow_of(const Described& format, const std::vector<double>& values) {
  return static_cast<std::uint32_t>(values.size() - (format.ieee ? 0 : 1));
}

TEST_P(Formats, BoundariesBetweenNeighboursRoundToEven) {
  const FloatFormat format = float_format(GetParam().type);
  const std::vector<double> values = finite_values(GetParam());
  const std::uint32_t overflow = overflow_of(GetParam(), values);
  const std::uint32_t sign = magnitudes();
  for (std::size_t i = 0; i + 1 < values.size(); ++i) {
    const auto middle = static_cast<float>((values[i] + values[i + 1]) / 2);
    for (const float value :
         {std::nextafter(middle, 0.0F), middle, std::nextafter(middle, kInfinity)}) {
      const std::uint32_t expected = nearest(values, value, overflow);
      ASSERT_EQ(rounded(format, value), expected) << value;
      ASSERT_EQ(rounded(format, -value), expected | sign) << value;
    }
  }
}

TEST_P(Formats, AnyBinary32RoundsToTheNearest) {
  const FloatFormat format = float_format(GetParam().type);
  const std::vector<double> values = finite_values(GetParam());
  const std::uint32_t overflow = overflow_of(GetParam(), values);
  std::mt19937_64 random(static_cast<std::uint64_t>(GetParam().type));
  for (int i = 0; i < 300'000; ++i) {
    // All of binary32 for one half, near the format's range for the other.
    auto pattern = static_cast<std::uint32_t>(random());
    if (i % 2 == 0) {
      const int exponent = GetParam().emin - 4 + static_cast<int>(random() % 24);
      pattern = (pattern & 0x807fffffU) |
                static_cast<std::uint32_t>(std::clamp(exponent + 127, 0, 254)) << 23U;
    }
    const auto value = std::bit_cast<float>(pattern);
    if (std::isnan(value)) {
      ASSERT_EQ(rounded(format, value), format.nan());
      continue;
    }
    const std::uint32_t sign = std::signbit(value) ? magnitudes() : 0;
    ASSERT_EQ(rounded(format, value), nearest(values, std::fabs(value), overflow) | sign) << value;
  }
}

TEST_P(Formats, OverflowAndInfinityFollowTheStandard) {
  const FloatFormat format = float_format(GetParam().type);
  const std::vector<double> values = finite_values(GetParam());
  const std::uint32_t overflow = overflow_of(GetParam(), values);
  const std::uint32_t sign = magnitudes();
  EXPECT_EQ(rounded(format, kInfinity), overflow);
  EXPECT_EQ(rounded(format, -kInfinity), overflow | sign);
  EXPECT_EQ(rounded(format, std::numeric_limits<float>::max()), overflow);
  // Half a step beyond the largest number its even neighbour would be nearest.
  const std::size_t last = values.size() - 1;
  const auto limit = static_cast<float>(values[last] + (values[last] - values[last - 1]) / 2);
  EXPECT_EQ(rounded(format, std::nextafter(limit, 0.0F)), last);
  EXPECT_EQ(rounded(format, limit), last % 2 == 1 ? overflow : last);
  EXPECT_EQ(rounded(format, -0.0F), sign);
  for (const std::uint32_t nan : {0x7f800001U, 0xff800001U, 0xffffffffU, kNan}) {
    EXPECT_EQ(rounded(format, std::bit_cast<float>(nan)), format.nan());
  }
}

INSTANTIATE_TEST_SUITE_P(All, Formats, ::testing::ValuesIn(kFormats), [](const auto& format) {
  return std::string(name_of(format.param.type));
});

TEST(FloatFormat, KnownNumbersOfOfp8) {
  const FloatFormat e4m3 = float_format(DataType::Fp8E4M3);
  const FloatFormat e5m2 = float_format(DataType::Fp8E5M2);
  EXPECT_EQ(decoded(e4m3, 0x7e), 448.0F);
  EXPECT_EQ(decoded(e4m3, 0x08), 0x1p-6F);
  EXPECT_EQ(decoded(e4m3, 0x01), 0x1p-9F);
  EXPECT_EQ(e4m3.nan(), 0x7fU);
  EXPECT_EQ(decoded(e5m2, 0x7b), 57344.0F);
  EXPECT_EQ(decoded(e5m2, 0x04), 0x1p-14F);
  EXPECT_EQ(decoded(e5m2, 0x01), 0x1p-16F);
  EXPECT_EQ(decoded(e5m2, 0xfc), -kInfinity);
  EXPECT_EQ(e5m2.nan(), 0x7eU);
}

TEST(FloatFormat, Binary32RoundsToItself) {
  const FloatFormat format = float_format(DataType::Fp32);
  for (const std::uint32_t pattern :
       {0U, 0x80000000U, 1U, 0x807fffffU, 0x00800000U, 0x3f800001U, 0x7f7fffffU, 0xff800000U}) {
    EXPECT_EQ(rounded(format, std::bit_cast<float>(pattern)), pattern);
    EXPECT_EQ(bits(decoded(format, pattern)), pattern);
  }
  EXPECT_EQ(rounded(format, std::bit_cast<float>(0xff812345U)), kNan);
  EXPECT_EQ(bits(decoded(format, 0xff812345U)), kNan);
}

TEST(FloatFormat, IntegersHaveNone) {
  EXPECT_THROW(static_cast<void>(float_format(DataType::Int8)), InternalError);
}

TEST(FloatFormat, OneNanReplacesAllOthers) {
  EXPECT_EQ(with_canonical_nan(0xff800001U), kNan);
  EXPECT_EQ(with_canonical_nan(0x7fffffffU), kNan);
  EXPECT_EQ(with_canonical_nan(0x7f800000U), 0x7f800000U) << "infinity is a number";
  EXPECT_EQ(with_canonical_nan(0xff800000U), 0xff800000U);
  EXPECT_EQ(with_canonical_nan(0x80000001U), 0x80000001U);
}

#ifdef __FLT16_MAX__
TEST(FloatFormat, Fp16AgreesWithTheCompilers) {
  const FloatFormat format = float_format(DataType::Fp16);
  for (std::uint32_t pattern = 0; pattern < 1U << 16U; ++pattern) {
    const auto half = std::bit_cast<_Float16>(static_cast<std::uint16_t>(pattern));
    const auto expected = static_cast<float>(half);
    if (!std::isnan(expected)) {
      ASSERT_EQ(bits(decoded(format, pattern)), bits(expected));
    }
  }
  std::mt19937 random(16);
  for (int i = 0; i < 1'000'000; ++i) {
    const auto value = std::bit_cast<float>(static_cast<std::uint32_t>(random()));
    if (!std::isnan(value)) {
      const auto half = static_cast<_Float16>(value);
      ASSERT_EQ(rounded(format, value), std::bit_cast<std::uint16_t>(half)) << value;
    }
  }
}
#endif

/// Finite numbers through a oneDNN reorder.
template <class From, class To>
std::vector<To> reordered(std::vector<From> values, dnnl::memory::data_type from,
                          dnnl::memory::data_type to) {
  const dnnl::engine engine(dnnl::engine::kind::cpu, 0);
  dnnl::stream stream(engine);
  std::vector<To> results(values.size());
  const dnnl::memory::dims dims{static_cast<dnnl::memory::dim>(values.size())};
  const auto layout = dnnl::memory::format_tag::a;
  dnnl::memory source({dims, from, layout}, engine, values.data());
  dnnl::memory target({dims, to, layout}, engine, results.data());
  dnnl::reorder(source, target).execute(stream, source, target);
  stream.wait();
  return results;
}

TEST(FloatFormat, Bf16AgreesWithOneDnn) {
  const FloatFormat format = float_format(DataType::Bf16);
  std::vector<std::uint16_t> patterns;
  for (std::uint32_t pattern = 0; pattern < 1U << 16U; ++pattern) {
    if (!std::isnan(decoded(format, pattern))) {
      patterns.push_back(static_cast<std::uint16_t>(pattern));
    }
  }
  using Type = dnnl::memory::data_type;
  const auto decoded_by_one_dnn = reordered<std::uint16_t, float>(patterns, Type::bf16, Type::f32);
  for (std::size_t i = 0; i < patterns.size(); ++i) {
    ASSERT_EQ(bits(decoded(format, patterns[i])), bits(decoded_by_one_dnn[i]));
  }
  std::mt19937 random(17);
  std::vector<float> values;
  while (values.size() < 1'000'000) {
    const auto value = std::bit_cast<float>(static_cast<std::uint32_t>(random()));
    if (std::isnormal(value)) {  // oneDNN takes subnormals for zero on some machines
      values.push_back(value);
    }
  }
  const auto rounded_by_one_dnn = reordered<float, std::uint16_t>(values, Type::f32, Type::bf16);
  for (std::size_t i = 0; i < values.size(); ++i) {
    ASSERT_EQ(rounded(format, values[i]), rounded_by_one_dnn[i]) << values[i];
  }
}

}  // namespace
}  // namespace systole::testing
