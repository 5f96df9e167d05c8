#include "sim/matrix/resident_tile.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/sim/support/random_fold.h"

namespace systole::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class ResidentTileOfType : public ::testing::TestWithParam<DataType> {};

TEST_P(ResidentTileOfType, HoldsTheElementsInTheirOrder) {
  Random random(static_cast<std::uint64_t>(GetParam()));
  for (int i = 0; i < 50; ++i) {
    Tile tile{.rows = random.in(1, 70), .cols = random.in(1, 70), .type = GetParam(), .bytes = {}};
    tile.bytes = random.bytes(bytes_of(tile.type, tile.rows * tile.cols));
    std::vector<std::int32_t> expected;
    for (std::int64_t e = 0; e < tile.rows * tile.cols; ++e) {
      const double number = element(tile.bytes, 0, e, tile.type);
      const bool is_nan = std::isnan(number);
      expected.push_back(
          is_float(tile.type)
              ? (is_nan ? 0x7fc00000 : std::bit_cast<std::int32_t>(static_cast<float>(number)))
              : static_cast<std::int32_t>(number));
    }
    ASSERT_EQ(resident_tile(tile).patterns(), expected);
  }
}

TEST_P(ResidentTileOfType, ResizedHoldsZeroOutside) {
  Random random(1);
  Tile tile{.rows = 3, .cols = 5, .type = GetParam(), .bytes = {}};
  tile.bytes = random.bytes(bytes_of(tile.type, 15));
  const ResidentTile resident = resident_tile(tile);
  const std::vector<std::int32_t> before = resident.patterns();
  const std::vector<std::int32_t> after = resized(resident, 2, 7).patterns();
  for (std::size_t k = 0; k < 2; ++k) {
    for (std::size_t n = 0; n < 7; ++n) {
      EXPECT_EQ(after[k * 7 + n], n < 5 ? before[k * 5 + n] : 0);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(All, ResidentTileOfType,
                         ::testing::Values(DataType::Int4, DataType::Int8, DataType::Int16,
                                           DataType::Fp8E4M3, DataType::Fp8E5M2, DataType::Fp16,
                                           DataType::Bf16),
                         [](const auto& type) { return std::string(name_of(type.param)); });

/// By the definition of rounding alone, of numbers that are exact in double.
float nearest_bf16(double number) {
  if (number == 0 || std::isnan(number) || std::isinf(number)) {
    return static_cast<float>(number);
  }
  constexpr int kBits = 8;
  constexpr int kLeastExponent = -133;  // of the last bit, among subnormals
  int exponent = 0;
  (void)std::frexp(number, &exponent);
  const int last = std::max(exponent - kBits, kLeastExponent);
  return static_cast<float>(std::ldexp(std::nearbyint(std::ldexp(number, -last)), last));
}

/// q * s as binary32 first: exact in all types but fp8, whose products have few bits too.
TEST(ResidentTile, ConvertsElementsWithTheScalesOfTheirGroups) {
  Random random(7);
  for (const DataType type :
       {DataType::Int4, DataType::Int8, DataType::Fp8E4M3, DataType::Fp8E5M2}) {
    for (int i = 0; i < 40; ++i) {
      Tile tile{.rows = random.in(1, 40), .cols = random.in(1, 40), .type = type, .bytes = {}};
      const std::int64_t group = random.in(1, 12);
      const std::int64_t first = random.in(1, std::min(group, tile.rows));
      tile.conversion = {
          .to = DataType::Bf16, .scale = 1, .group_rows = group, .first_rows = first};
      std::vector<std::int64_t> part_of_row;
      for (std::int64_t row = 0; row < tile.rows; ++row) {
        part_of_row.push_back(row < first ? 0 : 1 + (row - first) / group);
      }
      const std::int64_t elements = bytes_of(type, tile.rows * tile.cols);
      tile.bytes = random.bytes(elements);
      std::vector<double> scales;
      for (std::int64_t s = 0; s < (part_of_row.back() + 1) * tile.cols; ++s) {
        scales.push_back(std::ldexp(static_cast<double>(random.in(128, 255)), -12));
        const auto pattern = std::bit_cast<std::uint32_t>(static_cast<float>(scales.back())) >> 16U;
        tile.bytes.push_back(static_cast<std::int8_t>(pattern & 255U));
        tile.bytes.push_back(static_cast<std::int8_t>(pattern >> 8U));
      }
      std::vector<std::int32_t> expected;
      for (std::int64_t e = 0; e < tile.rows * tile.cols; ++e) {
        const double number = element(tile.bytes, 0, e, type);
        const std::int64_t part = part_of_row[static_cast<std::size_t>(e / tile.cols)];
        const double scale = scales[static_cast<std::size_t>(part * tile.cols + e % tile.cols)];
        expected.push_back(std::isnan(number)
                               ? 0x7fc00000
                               : std::bit_cast<std::int32_t>(nearest_bf16(number * scale)));
      }
      const ResidentTile resident = resident_tile(tile);
      ASSERT_EQ(resident.type, DataType::Bf16);
      ASSERT_EQ(resident.patterns(), expected) << name_of(type);
    }
  }
}

/// 3 * (q - 2) / 8 of -128 and 5: -48.75, which bf16 has, and 1.125.
TEST(ResidentTile, ConvertsWithOneScaleAndAZeroPoint) {
  Tile tile{.rows = 1, .cols = 2, .type = DataType::Int8, .bytes = {-128, 5}};
  tile.zero_point = 2;
  tile.conversion = {.to = DataType::Bf16, .scale = 0.375F};
  EXPECT_THAT(resident_tile(tile).patterns(), ElementsAre(std::bit_cast<std::int32_t>(-48.75F),
                                                          std::bit_cast<std::int32_t>(1.125F)));
}

TEST(ResidentTile, RowsOfInt4FollowEachOtherInsideBytes) {
  const Tile tile{.rows = 2, .cols = 3, .type = DataType::Int4, .bytes = {0x21, 0x43, 0x65}};
  EXPECT_THAT(resident_tile(tile).patterns(), ElementsAre(1, 2, 3, 4, 5, 6));
}

TEST(ResidentTile, WithoutDataHasNoNumbers) {
  const ResidentTile resident = resident_tile({.rows = 2, .cols = 3});
  EXPECT_FALSE(resident.has_data());
  EXPECT_THAT(resident.patterns(), IsEmpty());
}

}  // namespace
}  // namespace systole::testing
