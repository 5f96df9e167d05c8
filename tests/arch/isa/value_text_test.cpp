#include "arch/isa/value_text.h"

#include <limits>

#include <gtest/gtest.h>

namespace systole {
namespace {

template <class Value>
std::string text_of(const Value& value) {
  std::string text = "x=";  // it is appended
  append_value(text, value);
  return text.substr(2);
}

TEST(ValueText, OfIntegersHasEveryDigit) {
  EXPECT_EQ(text_of(std::int64_t{0}), "0");
  EXPECT_EQ(text_of(std::numeric_limits<std::int64_t>::min()), "-9223372036854775808");
}

TEST(ValueText, OfRealsHasTheFewestDigitsThatGiveThemBack) {
  EXPECT_EQ(text_of(0.1F), "0.1");
  EXPECT_EQ(text_of(-1e-30F), "-1e-30");
  EXPECT_EQ(text_of(16777216.0F), "16777216");
  EXPECT_EQ(text_of(std::numeric_limits<float>::infinity()), "inf");
  EXPECT_EQ(text_of(-std::numeric_limits<float>::infinity()), "-inf");
}

/// An offset is never lost, not even of an operand without a tensor, which then reads as t-1.
TEST(ValueText, OfOperandsLeavesOutWhatIsNotThere) {
  EXPECT_EQ(text_of(Operand{.address = 4096, .tensor = 3, .offset = 128}), "t3+128@4096");
  EXPECT_EQ(text_of(Operand{.address = 4096, .tensor = 3}), "t3@4096");
  EXPECT_EQ(text_of(Operand{.address = 4096}), "@4096");
  EXPECT_EQ(text_of(Operand{.address = 1, .offset = 2}), "t-1+2@1");
  EXPECT_EQ(text_of(std::vector<Operand>{{.address = 1}, {.address = 2, .tensor = 0}}), "@1,t0@2");
}

TEST(ValueText, OfScalesAndSemaphores) {
  EXPECT_EQ(text_of(FixedPoint{.multiplier = 1'518'500'250, .shift = 37}), "1518500250/2^37");
  EXPECT_EQ(text_of(std::vector<SemaphoreUse>{{.semaphore = 5}, {.semaphore = 7, .count = 2}}),
            "5,7x2");
  EXPECT_EQ(text_of(std::vector<SemaphoreUse>{}), "");
}

}  // namespace
}  // namespace systole
