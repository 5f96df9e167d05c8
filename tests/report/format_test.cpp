#include "report/format.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include <gmock/gmock.h>

namespace systole {
namespace {

using testing::ElementsAre;

TEST(Grouped, SeparatesThousands) {
  EXPECT_EQ(grouped(0), "0");
  EXPECT_EQ(grouped(999), "999");
  EXPECT_EQ(grouped(1000), "1,000");
  EXPECT_EQ(grouped(1234567), "1,234,567");
  EXPECT_EQ(grouped(-1234), "-1,234");
  EXPECT_EQ(grouped(-123), "-123");
}

TEST(Scaled, ShowsFourDigitsAndAPrefix) {
  EXPECT_EQ(scaled(0), "0");
  EXPECT_EQ(scaled(999), "999");
  EXPECT_EQ(scaled(1000), "1.000 k");
  EXPECT_EQ(scaled(118'013'952), "118.0 M");
  EXPECT_EQ(scaled(4'089'184'256), "4.089 G");
  EXPECT_EQ(scaled(12, "B"), "12 B");
  EXPECT_EQ(scaled(25'557'032, "B"), "25.56 MB");
}

TEST(Scaled, TakesTheNextPrefixWhereRoundingReachesIt) {
  EXPECT_EQ(scaled(9'999), "9.999 k");
  EXPECT_EQ(scaled(99'994), "99.99 k");
  EXPECT_EQ(scaled(99'996), "100.0 k");
  EXPECT_EQ(scaled(999'949), "999.9 k");
  EXPECT_EQ(scaled(999'951), "1.000 M");
}

TEST(ScaledReal, ShowsFourDigitsOfSmallFiguresToo) {
  EXPECT_EQ(scaled_real(91.75e12, "OPS"), "91.75 TOPS");
  EXPECT_EQ(scaled_real(34.128e9, "B/s"), "34.13 GB/s");
  EXPECT_EQ(scaled_real(56.72, ""), "56.72");
  EXPECT_EQ(scaled_real(0.5, ""), "0.500");
}

TEST(Nominal, DropsTrailingZeros) {
  EXPECT_EQ(nominal(700e6, "Hz"), "700 MHz");
  EXPECT_EQ(nominal(34.128e9, "B/s"), "34.13 GB/s");
  EXPECT_EQ(nominal(0.0, "Hz"), "0 Hz");
}

TEST(BinaryBytes, AreExactUpToThreeDecimals) {
  EXPECT_EQ(binary_bytes(0), "0 B");
  EXPECT_EQ(binary_bytes(1023), "1023 B");
  EXPECT_EQ(binary_bytes(1024), "1 KiB");
  EXPECT_EQ(binary_bytes(1536), "1.5 KiB");
  EXPECT_EQ(binary_bytes(102'400), "100 KiB");
  EXPECT_EQ(binary_bytes(std::int64_t{24} << 20), "24 MiB");
  EXPECT_EQ(binary_bytes(std::int64_t{8} << 30), "8 GiB");
}

TEST(Duration, ChoosesItsUnit) {
  EXPECT_EQ(duration(0.0), "0 s");
  EXPECT_EQ(duration(2e-9), "2.000 ns");
  EXPECT_EQ(duration(1.764e-3), "1.764 ms");
  EXPECT_EQ(duration(999.96e-6), "1.000 ms");
  EXPECT_EQ(duration(12.5), "12.50 s");
}

TEST(Percent, HasOneDecimal) {
  EXPECT_EQ(percent(0.0), "0.0");
  EXPECT_EQ(percent(0.4567), "45.7");
  EXPECT_EQ(percent(1.0), "100.0");
}

TEST(Ratio, OfNothingIsZero) {
  EXPECT_EQ(ratio(1.0, 0.0), 0.0);
  EXPECT_EQ(ratio(1.0, 4.0), 0.25);
}

TEST(TenthsOfPercent, GiveTheRestToTheLargestRemainder) {
  // 1000/3 = 333.33 each: one tenth is left, and all remainders are equal, so the first gets it.
  EXPECT_THAT(tenths_of_percent(std::array<std::int64_t, 3>{1, 1, 1}), ElementsAre(334, 333, 333));
  // Of 7: 142.86, 285.71, 571.43: two tenths are left, for .86 and .71.
  EXPECT_THAT(tenths_of_percent(std::array<std::int64_t, 3>{1, 2, 4}), ElementsAre(143, 286, 571));
}

TEST(TenthsOfPercent, OfNothingAreZero) {
  EXPECT_THAT(tenths_of_percent(std::array<std::int64_t, 2>{0, 0}), ElementsAre(0, 0));
  EXPECT_TRUE(tenths_of_percent({}).empty());
}

/// Up to 14 parts below `limit`; the same ones for the same `state`.
std::vector<std::int64_t> some_parts(std::uint64_t& state, std::int64_t limit) {
  const auto next = [&] {  // Knuth's MMIX generator; the high bits are the random ones
    state = state * 6364136223846793005U + 1442695040888963407U;
    return static_cast<std::int64_t>(state >> 40U);
  };
  std::vector<std::int64_t> parts(static_cast<std::size_t>(next() % 14 + 1));
  std::generate(parts.begin(), parts.end(), [&] { return next() % limit; });
  return parts;
}

std::int64_t sum_of(const std::vector<std::int64_t>& values) {
  return std::accumulate(values.begin(), values.end(), std::int64_t{0});
}

/// Largest distance of a share from the exact one, in tenths of a percent.
double worst_error(const std::vector<std::int64_t>& parts,
                   const std::vector<std::int64_t>& shares) {
  double worst = 0;
  for (std::size_t index = 0; index < parts.size(); ++index) {
    const double exact =
        1000.0 * static_cast<double>(parts[index]) / static_cast<double>(sum_of(parts));
    worst = std::max(worst, std::abs(static_cast<double>(shares[index]) - exact));
  }
  return worst;
}

class RandomShares : public testing::TestWithParam<std::int64_t> {};

TEST_P(RandomShares, AddUpToAThousandAndStayWithinOneOfTheTruth) {
  std::uint64_t state = 1;
  for (int trial = 0; trial < 500; ++trial) {
    std::vector<std::int64_t> parts = some_parts(state, GetParam());
    parts.front() += 1;  // never all zero
    const std::vector<std::int64_t> shares = tenths_of_percent(parts);
    ASSERT_EQ(sum_of(shares), 1000);
    ASSERT_LT(worst_error(parts, shares), 1.0);
  }
}

INSTANTIATE_TEST_SUITE_P(Limits, RandomShares, testing::Values(2, 3, 1'000, 1'000'000));

TEST(DisplayWidth, CountsCodePoints) {
  EXPECT_EQ(display_width(""), 0U);
  EXPECT_EQ(display_width("conv1"), 5U);
  EXPECT_EQ(display_width("Gr\u00f6\u00dfe"), 5U);
}

TEST(OnOneLine, KeepsANameOnOneLine) {
  EXPECT_EQ(on_one_line("conv1/3x3"), "conv1/3x3");
  EXPECT_EQ(on_one_line("a\nb\tc\x1b[31m"), "a?b?c?[31m");
  EXPECT_EQ(on_one_line("Gr\u00f6\u00dfe \u5c64 \U0001F600"), "Gr\u00f6\u00dfe \u5c64 \U0001F600");
  EXPECT_EQ(on_one_line("a\x80"
                        "b\xC3"),
            "a?b?");                            // a lone continuation byte, a sequence cut short
  EXPECT_EQ(on_one_line("\u009b31m"), "?31m");  // C1 control sequence introducer
}

TEST(Shortened, KeepsBothEnds) {
  EXPECT_EQ(shortened("conv1", 5), "conv1");
  EXPECT_EQ(shortened("layer3_block12_conv2", 12), "layer...onv2");
  EXPECT_EQ(shortened("abcdef", 3), "abc");
  EXPECT_EQ(shortened("\u00e4\u00f6\u00fc\u00e4\u00f6\u00fc", 5), "\u00e4...\u00fc");
}

}  // namespace
}  // namespace systole
