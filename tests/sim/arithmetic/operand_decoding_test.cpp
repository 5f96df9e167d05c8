#include "sim/arithmetic/operand_decoding.h"

#include <bit>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "arch/diag/error.h"
#include "arch/isa/float_format.h"

namespace systole::testing {
namespace {

using ::testing::ElementsAre;

std::vector<std::int16_t> integers(DataType type, const std::vector<std::int8_t>& bytes,
                                   std::size_t count) {
  std::vector<std::int16_t> numbers(count);
  decode(type, bytes, numbers);
  return numbers;
}

/// Every pattern of the type, one after the other.
std::vector<std::int8_t> all_patterns(DataType type) {
  std::vector<std::int8_t> bytes;
  for (std::int64_t pattern = 0; pattern < std::int64_t{1} << bits_of(type); ++pattern) {
    for (std::int64_t byte = 0; byte < bytes_of(type); ++byte) {
      bytes.push_back(static_cast<std::int8_t>(pattern >> (8 * byte) & 255));
    }
  }
  return bytes;
}

TEST(OperandDecoding, EveryPairOfInt4InAByte) {
  for (int first = -8; first < 8; ++first) {
    for (int second = -8; second < 8; ++second) {
      const int byte = (second * 16) | (first & 15);
      EXPECT_THAT(integers(DataType::Int4, {static_cast<std::int8_t>(byte)}, 2),
                  ElementsAre(first, second));
    }
  }
}

TEST(OperandDecoding, OddInt4LeaveTheHighHalfOfTheLastByte) {
  EXPECT_THAT(integers(DataType::Int4, {0x21, static_cast<std::int8_t>(0xff), 0x7b}, 5),
              ElementsAre(1, 2, -1, -1, -5));
}

TEST(OperandDecoding, EveryInt8AndInt16) {
  const auto bytes = integers(DataType::Int8, all_patterns(DataType::Int8), 1U << 8U);
  for (int i = 0; i < 1 << 8; ++i) {
    ASSERT_EQ(bytes[static_cast<std::size_t>(i)], i < 128 ? i : i - 256);
  }
  const auto words = integers(DataType::Int16, all_patterns(DataType::Int16), 1U << 16U);
  for (int i = 0; i < 1 << 16; ++i) {
    ASSERT_EQ(words[static_cast<std::size_t>(i)], i < 32768 ? i : i - 65536);
  }
}

class FloatingTypes : public ::testing::TestWithParam<DataType> {};

TEST_P(FloatingTypes, DecodeLittleEndianPatterns) {
  const std::vector<std::int8_t> bytes = all_patterns(GetParam());
  std::vector<float> numbers(std::size_t{1} << bits_of(GetParam()));
  decode(GetParam(), bytes, numbers);
  for (std::uint32_t pattern = 0; pattern < numbers.size(); ++pattern) {
    ASSERT_EQ(std::bit_cast<std::uint32_t>(numbers[pattern]),
              std::bit_cast<std::uint32_t>(decoded(float_format(GetParam()), pattern)));
  }
}

INSTANTIATE_TEST_SUITE_P(All, FloatingTypes,
                         ::testing::Values(DataType::Fp8E4M3, DataType::Fp8E5M2, DataType::Fp16,
                                           DataType::Bf16));

TEST(OperandDecoding, OtherTypesAndMissingBytesAreErrors) {
  std::vector<std::int16_t> integers(2);
  std::vector<float> floats(2);
  const std::vector<std::int8_t> bytes(8);
  EXPECT_THROW(decode(DataType::Int32, bytes, integers), InternalError);
  EXPECT_THROW(decode(DataType::Bf16, bytes, integers), InternalError);
  EXPECT_THROW(decode(DataType::Fp32, bytes, floats), InternalError);
  EXPECT_THROW(decode(DataType::Int8, bytes, floats), InternalError);
  const std::vector<std::int8_t> short_of_one(3);
  EXPECT_THROW(decode(DataType::Int16, short_of_one, integers), InternalError);
  EXPECT_THROW(decode(DataType::Bf16, short_of_one, floats), InternalError);
}

}  // namespace
}  // namespace systole::testing
