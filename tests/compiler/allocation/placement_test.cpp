#include "compiler/allocation/placement.h"

#include <cstdint>
#include <random>

#include <gtest/gtest.h>

namespace systole {
namespace {

TEST(Placement, BlocksOfDisjointLifetimesShareAnAddress) {
  const auto placement =
      place({{.bytes = 64, .first = 0, .last = 1}, {.bytes = 64, .first = 2, .last = 3}}, 64, 16);
  ASSERT_FALSE(placement.failed);
  EXPECT_EQ(placement.addresses, (std::vector<std::int64_t>{0, 0}));
}

TEST(Placement, FillsTheCapacityExactlyAndNotAByteMore) {
  const std::vector<BlockRequest> blocks{{.bytes = 48, .first = 0, .last = 2},
                                         {.bytes = 16, .first = 2, .last = 2}};
  EXPECT_FALSE(place(blocks, 64, 16).failed);
  ASSERT_TRUE(place(blocks, 63, 16).failed);
  EXPECT_EQ(*place(blocks, 63, 16).failed, 1U);
}

class RandomPlacement : public testing::TestWithParam<std::uint32_t> {};

TEST_P(RandomPlacement, BlocksThatLiveTogetherNeverOverlap) {
  std::mt19937 random(GetParam());
  std::vector<BlockRequest> blocks;
  for (int i = 0; i < 60; ++i) {
    const auto first = static_cast<std::int32_t>(random() % 20);
    blocks.push_back({.bytes = static_cast<std::int64_t>(1 + random() % 100),
                      .first = first,
                      .last = first + static_cast<std::int32_t>(random() % 6)});
  }
  const auto placement = place(blocks, 1 << 20, 32);
  ASSERT_FALSE(placement.failed);
  for (std::size_t a = 0; a < blocks.size(); ++a) {
    EXPECT_EQ(placement.addresses[a] % 32, 0);
    for (std::size_t b = 0; b < a; ++b) {
      const bool together = blocks[a].first <= blocks[b].last && blocks[b].first <= blocks[a].last;
      const bool apart = placement.addresses[a] + blocks[a].bytes <= placement.addresses[b] ||
                         placement.addresses[b] + blocks[b].bytes <= placement.addresses[a];
      EXPECT_TRUE(!together || apart) << a << " and " << b;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, RandomPlacement, testing::Range(0U, 8U));

}  // namespace
}  // namespace systole
