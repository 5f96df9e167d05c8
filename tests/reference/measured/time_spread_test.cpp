#include "reference/measured/time_spread.h"

#include <gmock/gmock.h>

namespace systole {
namespace {

TEST(SpreadOf, OneSampleIsAllThree) {
  EXPECT_EQ(spread_of({3}), (TimeSpread{.median = 3, .lower_quartile = 3, .upper_quartile = 3}));
}

TEST(SpreadOf, OddCountsHitSamples) {
  // sorted 1 2 4 8 16: positions 1, 2, 3
  EXPECT_EQ(spread_of({16, 1, 8, 2, 4}),
            (TimeSpread{.median = 4, .lower_quartile = 2, .upper_quartile = 8}));
}

TEST(SpreadOf, InterpolatesBetweenSamples) {
  // sorted 10 20 40 80: positions 0.75, 1.5, 2.25: 10 + 0.75 * 10, (20 + 40) / 2, 40 + 0.25 * 40
  EXPECT_EQ(spread_of({80, 40, 20, 10}),
            (TimeSpread{.median = 30, .lower_quartile = 17.5, .upper_quartile = 50}));
}

}  // namespace
}  // namespace systole
