#include "arch/units/shares.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include <gmock/gmock.h>

namespace systole {
namespace {

using testing::ElementsAre;

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

}  // namespace
}  // namespace systole
