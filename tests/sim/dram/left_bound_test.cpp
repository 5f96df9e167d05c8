#include "sim/dram/left_bound.h"

#include <cstdint>
#include <iterator>
#include <set>

#include <gtest/gtest.h>

#include "tests/sim/dram/dram_traffic.h"

namespace systole::testing {
namespace {

std::int64_t fewest_of(std::int64_t left) {
  LeftBound bound;
  bound.add(left);
  return bound.fewest();
}

TEST(LeftBound, IsExactBelow32AndThePowerOfTwoBelowFromThereOn) {
  for (std::int64_t left = 1; left < 32; ++left) {
    EXPECT_EQ(fewest_of(left), left);
  }
  EXPECT_EQ(fewest_of(32), 32);
  EXPECT_EQ(fewest_of(63), 32);
  EXPECT_EQ(fewest_of(64), 64);
  EXPECT_EQ(fewest_of((std::int64_t{1} << 36) - 1), std::int64_t{1} << 35);
}

TEST(LeftBound, IsNeverAboveTheFewestNorBelowHalfOfThem) {
  Random random(1);
  LeftBound bound;
  std::multiset<std::int64_t> parts;
  for (int step = 0; step < 20'000; ++step) {
    if (parts.size() < 8) {
      const std::int64_t left = 1 + random.below(random.below(2) == 0 ? 8 : 3000);
      bound.add(left);
      parts.insert(left);
    } else {
      const auto part = std::next(parts.begin(), random.below(8));
      const std::int64_t left = *part;
      const std::int64_t now = left - 1 - random.below(left);
      parts.erase(part);
      if (now == 0) {
        bound.remove(left);
      } else {
        bound.change(left, now);
        parts.insert(now);
      }
    }
    if (!parts.empty()) {
      ASSERT_LE(bound.fewest(), *parts.begin());
      ASSERT_GT(2 * bound.fewest(), *parts.begin());
    }
  }
}

}  // namespace
}  // namespace systole::testing
