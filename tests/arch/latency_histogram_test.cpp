#include "arch/latency_histogram.h"

#include <gtest/gtest.h>

namespace systole {
namespace {

TEST(LatencyHistogram, OfNothingIsZero) {
  const LatencyHistogram histogram;
  EXPECT_EQ(histogram.count(), 0);
  EXPECT_EQ(histogram.mean(), 0.0);
  EXPECT_EQ(histogram.quantile(50, 100), DramCycles(0));
}

TEST(LatencyHistogram, QuantileIsTheSortedLatencyAtTheIndex) {
  LatencyHistogram histogram;
  for (const std::int64_t latency : {30, 10, 20, 40}) {
    histogram.add(DramCycles(latency));
  }
  EXPECT_EQ(histogram.quantile(0, 100), DramCycles(10));   // index 0
  EXPECT_EQ(histogram.quantile(49, 100), DramCycles(20));  // 4 * 0.49 = 1.96: index 1
  EXPECT_EQ(histogram.quantile(50, 100), DramCycles(30));  // index 2
  EXPECT_EQ(histogram.quantile(99, 100), DramCycles(40));
  EXPECT_EQ(histogram.mean(), 25.0);
  EXPECT_EQ(histogram.min(), DramCycles(10));
  EXPECT_EQ(histogram.max(), DramCycles(40));
}

TEST(LatencyHistogram, IsExactBelowItsLimitAndWithinOneInHalfOfItAbove) {
  for (const std::int64_t latency :
       {LatencyHistogram::kExact - 1, LatencyHistogram::kExact, std::int64_t{1'000'003},
        std::int64_t{1} << 40, (std::int64_t{1} << 40) + 12'345'678}) {
    LatencyHistogram histogram;
    histogram.add(DramCycles(latency));
    const std::int64_t found = histogram.quantile(50, 100).count();
    EXPECT_LE(found, latency);
    EXPECT_LE((latency - found) * (LatencyHistogram::kExact / 2), latency);
    if (latency < LatencyHistogram::kExact) {
      EXPECT_EQ(found, latency);
    }
  }
}

TEST(LatencyHistogram, AQuantileIsNeverOutsideWhatOccurred) {
  LatencyHistogram histogram;
  histogram.add(DramCycles(469'597));  // in the bin from 469,592 on
  for (const std::int64_t part : {0, 50, 99}) {
    EXPECT_EQ(histogram.quantile(part, 100), DramCycles(469'597));
  }
}

TEST(LatencyHistogram, OctavesAreExactAtPowersOfTwo) {
  LatencyHistogram histogram;
  for (const std::int64_t latency : {31, 32, 63, 64, 131'071, 131'072}) {
    histogram.add(DramCycles(latency), latency == 63 ? 5 : 1);
  }
  const auto octaves = histogram.octaves();
  const std::vector<std::int64_t> below{32, 64, 128, 131'072, 262'144};
  const std::vector<std::int64_t> times{1, 6, 1, 1, 1};
  ASSERT_EQ(octaves.size(), below.size());
  for (std::size_t index = 0; index < below.size(); ++index) {
    EXPECT_EQ(octaves[index].below, DramCycles(below[index]));
    EXPECT_EQ(octaves[index].times, times[index]);
  }
}

TEST(LatencyHistogram, SumsOfHistogramsAreHistogramsOfAll) {
  LatencyHistogram one;
  one.add(DramCycles(5), 3);
  LatencyHistogram two;
  two.add(DramCycles(900));
  one.add(two);
  one.add(LatencyHistogram());
  LatencyHistogram all;
  all.add(DramCycles(900));
  all.add(DramCycles(5), 3);
  EXPECT_EQ(one, all);
}

}  // namespace
}  // namespace systole
