#include "compiler/graph/value.h"

#include <gtest/gtest.h>

namespace systole {
namespace {

TEST(Value, KeepsElementsAsTheyAre) {
  const std::vector<std::int32_t> elements{1, -2, 0x12345678};
  const Value value = Value::of({.element = DataType::Int32, .extents = {3}}, elements);
  EXPECT_EQ(value.bytes,
            (std::vector<std::int8_t>{1, 0, 0, 0, -2, -1, -1, -1, 0x78, 0x56, 0x34, 0x12}));
  EXPECT_EQ(value.elements<std::int32_t>(), elements);
}

TEST(Value, RoundsNumbersToItsType) {
  // 1 + 2^-7 is bf16's next number behind 1; halfway between goes to the even one.
  const Value value = Value::of_numbers({.element = DataType::Bf16, .extents = {2, 2}},
                                        {1.0F, 1 + 0x1p-8F, 1 + 0x3p-8F, -2.0F});
  EXPECT_EQ(value.bytes.size(), 8U);
  EXPECT_EQ(value.numbers(), (std::vector<float>{1.0F, 1.0F, 1 + 0x1p-6F, -2.0F}));
}

TEST(Value, OfFp32IsExact) {
  const Value value = Value::of_numbers({.element = DataType::Fp32, .extents = {1}}, {0.1F});
  EXPECT_EQ(value.numbers(), std::vector<float>{0.1F});
  EXPECT_EQ(value.elements<float>(), std::vector<float>{0.1F});
}

TEST(Value, HasTheSizeOfItsType) {
  const auto make = [] {
    (void)Value::of({.element = DataType::Int8, .extents = {2, 2}}, std::vector<std::int8_t>(3));
  };
  EXPECT_THROW(make(), InternalError);
}

}  // namespace
}  // namespace systole
