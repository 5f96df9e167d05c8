#include "report/format.h"

#include <gtest/gtest.h>

namespace systole {
namespace {

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
