#include "arch/config/quantity_text.h"

#include <gtest/gtest.h>

namespace systole {
namespace {

std::int64_t count_of(std::string_view text, const QuantityUnits& kind) {
  const ParsedQuantity parsed = parse_quantity(text, kind);
  EXPECT_EQ(parsed.fault, QuantityFault::None) << text;
  return parsed.count;
}

QuantityFault fault_of(std::string_view text, const QuantityUnits& kind) {
  return parse_quantity(text, kind).fault;
}

TEST(ParseQuantity, SizesAreBinaryOrDecimalAsWritten) {
  EXPECT_EQ(count_of("3 B", kSizeUnits), 3);
  EXPECT_EQ(count_of("3 kB", kSizeUnits), 3'000);
  EXPECT_EQ(count_of("3 MB", kSizeUnits), 3'000'000);
  EXPECT_EQ(count_of("3 GB", kSizeUnits), 3'000'000'000);
  EXPECT_EQ(count_of("3 KiB", kSizeUnits), 3 * 1024);
  EXPECT_EQ(count_of("3 MiB", kSizeUnits), 3 * 1024 * 1024);
  EXPECT_EQ(count_of("3 GiB", kSizeUnits), std::int64_t{3} * 1024 * 1024 * 1024);
}

TEST(ParseQuantity, Frequencies) {
  EXPECT_EQ(count_of("50 Hz", kFrequencyUnits), 50);
  EXPECT_EQ(count_of("50 kHz", kFrequencyUnits), 50'000);
  EXPECT_EQ(count_of("700 MHz", kFrequencyUnits), 700'000'000);
  EXPECT_EQ(count_of("1.05 GHz", kFrequencyUnits), 1'050'000'000);
}

TEST(ParseQuantity, Bandwidths) {
  EXPECT_EQ(count_of("1 B/s", kBandwidthUnits), 1);
  EXPECT_EQ(count_of("2 kB/s", kBandwidthUnits), 2'000);
  EXPECT_EQ(count_of("2 MB/s", kBandwidthUnits), 2'000'000);
  EXPECT_EQ(count_of("34.1 GB/s", kBandwidthUnits), 34'100'000'000);
  EXPECT_EQ(count_of("1.2 TB/s", kBandwidthUnits), 1'200'000'000'000);
  EXPECT_EQ(count_of("1 KiB/s", kBandwidthUnits), 1024);
  EXPECT_EQ(count_of("1 MiB/s", kBandwidthUnits), 1024 * 1024);
  EXPECT_EQ(count_of("14 GiB/s", kBandwidthUnits), std::int64_t{14} << 30);
  EXPECT_EQ(count_of("1 TiB/s", kBandwidthUnits), std::int64_t{1} << 40);
}

TEST(ParseQuantity, DurationsAreFemtoseconds) {
  EXPECT_EQ(count_of("7 fs", kDurationUnits), 7);
  EXPECT_EQ(count_of("937.5 ps", kDurationUnits), 937'500);
  EXPECT_EQ(count_of("7.8 us", kDurationUnits), 7'800'000'000);
  EXPECT_EQ(count_of("13.09 ns", kDurationUnits), 13'090'000);
  EXPECT_EQ(count_of("1 ms", kDurationUnits), 1'000'000'000'000);
}

TEST(ParseQuantity, CyclesAreSpelledAsSpoken) {
  EXPECT_EQ(count_of("1 cycle", kCycleUnits), 1);
  EXPECT_EQ(count_of("14 cycles", kCycleUnits), 14);
  EXPECT_EQ(count_of("0 cycles", kCycleUnits), 0);
}

TEST(ParseQuantity, FractionsAreExact) {
  EXPECT_EQ(count_of("0.5 KiB", kSizeUnits), 512);
  EXPECT_EQ(count_of("1.5 MiB", kSizeUnits), 3 * 512 * 1024);
  EXPECT_EQ(count_of("0.0009765625 MiB", kSizeUnits), 1024);  // 1 / 1024
  EXPECT_EQ(count_of("0.0 GiB", kSizeUnits), 0);
}

TEST(ParseQuantity, TrailingZerosOfAFractionSayNothing) {
  EXPECT_EQ(count_of("2.000 B", kSizeUnits), 2);
  EXPECT_EQ(count_of("2.50000000000000000000000000 kB", kSizeUnits), 2'500);
}

TEST(ParseQuantity, EveryThousandthOfAGigabyteIsWhole) {
  for (std::int64_t thousandth = 0; thousandth < 1000; ++thousandth) {
    const std::string text = "1." +
                             std::string(thousandth < 100 ? (thousandth < 10 ? "00" : "0") : "") +
                             std::to_string(thousandth) + " GB/s";
    EXPECT_EQ(count_of(text, kBandwidthUnits), 1'000'000'000 + thousandth * 1'000'000) << text;
  }
}

TEST(ParseQuantity, LongestFractionsThatAreStillWhole) {
  // 2^-18 GiB = 2^12 B; its decimal fraction has 18 digits
  EXPECT_EQ(count_of("0.000003814697265625 GiB", kSizeUnits), 4096);
}

TEST(ParseQuantity, WhatIsNoWholeNumberOfBaseUnitsIsInexact) {
  EXPECT_EQ(fault_of("0.1 B", kSizeUnits), QuantityFault::Inexact);
  EXPECT_EQ(fault_of("0.1 KiB", kSizeUnits), QuantityFault::Inexact);  // 102.4 B
  EXPECT_EQ(fault_of("937.5555 ps", kDurationUnits), QuantityFault::Inexact);
  EXPECT_EQ(fault_of("2.5 cycles", kCycleUnits), QuantityFault::Inexact);
  EXPECT_EQ(fault_of("1.0000000000000000001 GB", kSizeUnits), QuantityFault::Inexact);
  EXPECT_EQ(fault_of("9999999999.9999999999 GB", kSizeUnits), QuantityFault::Inexact);
}

TEST(ParseQuantity, SixtyThreeBitsAreTheLimit) {
  EXPECT_EQ(count_of("9223372036854775807 B", kSizeUnits), 9223372036854775807);
  EXPECT_EQ(fault_of("9223372036854775808 B", kSizeUnits), QuantityFault::TooLarge);
  EXPECT_EQ(count_of("8589934591 GiB", kSizeUnits), std::int64_t{8589934591} << 30);
  EXPECT_EQ(fault_of("8589934592 GiB", kSizeUnits), QuantityFault::TooLarge);
  EXPECT_EQ(fault_of("99999999999999999999999999 B", kSizeUnits), QuantityFault::TooLarge);
}

class MalformedQuantity : public testing::TestWithParam<const char*> {};

TEST_P(MalformedQuantity, IsRefused) {
  EXPECT_EQ(fault_of(GetParam(), kSizeUnits), QuantityFault::Malformed);
}

INSTANTIATE_TEST_SUITE_P(Texts, MalformedQuantity,
                         testing::Values("", " ", "B", " B", "3", "3 ", "3B", "3  B", " 3 B",
                                         "3 B ", "3\tB", "3 b", "3 mib", "3 MHz", "3 B/s", "-3 B",
                                         "+3 B", "03 B", "00 B", ".5 B", "5. B", "5.x B", "1e3 B",
                                         "0x10 B", "1,5 B", "1_000 B", "1 000 B", "3 B 4 B",
                                         "1.2.3 B", "inf B", "nan B", "3 KiB\n"));

TEST(PrintQuantity, UsesTheLargestUnitThatDivides) {
  EXPECT_EQ(print_quantity(25'165'824, kSizeUnits), "24 MiB");
  EXPECT_EQ(print_quantity(3000, kSizeUnits), "3 kB");
  EXPECT_EQ(print_quantity(1023, kSizeUnits), "1023 B");
  EXPECT_EQ(print_quantity(0, kSizeUnits), "0 B");
  EXPECT_EQ(print_quantity(937'500, kDurationUnits), "937500 fs");
  EXPECT_EQ(print_quantity(10'000'000'000, kFrequencyUnits), "10 GHz");
  EXPECT_EQ(print_quantity(std::int64_t{14} << 30, kBandwidthUnits), "14 GiB/s");
  EXPECT_EQ(print_quantity(1, kCycleUnits), "1 cycle");
  EXPECT_EQ(print_quantity(0, kCycleUnits), "0 cycles");
  EXPECT_EQ(print_quantity(14, kCycleUnits), "14 cycles");
}

TEST(PrintQuantity, ReadsBack) {
  for (const std::int64_t count : {0LL, 1LL, 999LL, 1000LL, 1024LL, 1536LL, 3'000'000'000LL}) {
    EXPECT_EQ(count_of(print_quantity(count, kSizeUnits), kSizeUnits), count);
    EXPECT_EQ(count_of(print_quantity(count, kDurationUnits), kDurationUnits), count);
    EXPECT_EQ(count_of(print_quantity(count, kCycleUnits), kCycleUnits), count);
  }
}

TEST(UnitList, ReadsAsASentence) {
  EXPECT_EQ(unit_list(kSizeUnits), "B, kB, MB, GB, KiB, MiB, GiB or TiB");
  EXPECT_EQ(unit_list(kCycleUnits), "cycles or cycle");
}

TEST(ParseInteger, DecimalDigitsAlone) {
  EXPECT_EQ(parse_integer("0"), 0);
  EXPECT_EQ(parse_integer("128"), 128);
  EXPECT_EQ(parse_integer("-7"), -7);
  EXPECT_EQ(parse_integer("9223372036854775807"), 9223372036854775807);
  EXPECT_EQ(parse_integer("-9223372036854775808"), std::numeric_limits<std::int64_t>::min());
}

class MalformedInteger : public testing::TestWithParam<const char*> {};

TEST_P(MalformedInteger, IsRefused) {
  EXPECT_EQ(parse_integer(GetParam()), std::nullopt);
}

INSTANTIATE_TEST_SUITE_P(Texts, MalformedInteger,
                         testing::Values("", "-", "+1", "-0", "010", "-010", "00", "0x10", "0o7",
                                         "1e3", "1.0", "128x", " 1", "1 ", "1_000", "--1", "true",
                                         "9223372036854775808", "-9223372036854775809",
                                         "99999999999999999999999999"));

TEST(ParseReal, FractionAndExponentAreOptional) {
  EXPECT_EQ(parse_real("0"), 0.0);
  EXPECT_EQ(parse_real("0.25"), 0.25);
  EXPECT_EQ(parse_real("-1.5"), -1.5);
  EXPECT_EQ(parse_real("2e3"), 2000.0);
  EXPECT_EQ(parse_real("2.5E-1"), 0.25);
  EXPECT_EQ(parse_real("1e+2"), 100.0);
}

class MalformedReal : public testing::TestWithParam<const char*> {};

TEST_P(MalformedReal, IsRefused) {
  EXPECT_EQ(parse_real(GetParam()), std::nullopt);
}

INSTANTIATE_TEST_SUITE_P(Texts, MalformedReal,
                         testing::Values("", "-", ".", ".5", "5.", "+1", "01", "1e", "1e+", "e3",
                                         "0x1p3", "inf", "nan", ".inf", "1e999", "1 ", " 1", "1,5",
                                         "1.2.3"));

}  // namespace
}  // namespace systole
