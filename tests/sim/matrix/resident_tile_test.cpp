#include "sim/matrix/resident_tile.h"

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
