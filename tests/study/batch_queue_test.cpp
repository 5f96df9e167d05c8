#include "study/batch_queue.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include <gtest/gtest.h>

namespace systole {
namespace {

constexpr std::int64_t kMillisecond = 1'000'000'000'000;

std::vector<StreamTime> at(const std::vector<std::int64_t>& times) {
  std::vector<StreamTime> arrivals;
  for (const std::int64_t time : times) {
    arrivals.emplace_back(time);
  }
  return arrivals;
}

BatchServer one_at_a_time(std::int64_t time) {
  return {.sizes = {{.batch = 1, .time = Femtoseconds(time)}}};
}

/// 10 for one or two, 16 for three or four.
BatchServer up_to_four() {
  return {
      .sizes = {{.batch = 2, .time = Femtoseconds(10)}, {.batch = 4, .time = Femtoseconds(16)}}};
}

TEST(BatchQueue, RequestsWaitForTheOneBefore) {
  const LoadResult result = serve(one_at_a_time(10), at({5, 7, 40}));
  // 5..15, 15..25, 40..50: latencies 10, 18, 10.
  EXPECT_EQ(result.batches, 3);
  EXPECT_EQ(result.busy, StreamTime(30));
  EXPECT_EQ(result.span, StreamTime(50 - 5));
  EXPECT_EQ(result.mean, StreamTime((10 + 18 + 10) / 3));
  EXPECT_EQ(result.p50, StreamTime(10));
  EXPECT_EQ(result.p99, StreamTime(18));
  EXPECT_EQ(result.worst, StreamTime(18));
}

TEST(BatchQueue, FreeDeviceTakesAllThatWaitUpToItsLargestBatch) {
  const LoadResult result = serve(up_to_four(), at({0, 1, 2, 3, 4, 5}));
  // {0} 0..10, {1, 2, 3, 4} 10..26, {5} 26..36.
  EXPECT_EQ(result.batches, 3);
  EXPECT_EQ(result.busy, StreamTime(10 + 16 + 10));
  EXPECT_EQ(result.mean, StreamTime((10 + 25 + 24 + 23 + 22 + 31) / 6));
  EXPECT_EQ(result.worst, StreamTime(31));
}

TEST(BatchQueue, ThreeTakeTheTimeOfTheSizeThatHoldsThem) {
  EXPECT_EQ(serve(up_to_four(), at({0, 0, 0})).worst, StreamTime(16));
  EXPECT_EQ(serve(up_to_four(), at({0, 0})).worst, StreamTime(10));
}

TEST(BatchQueue, PatientDeviceWaitsUntilItsBatchIsFullOrTheOldestHasWaitedLongEnough) {
  BatchServer server = up_to_four();
  server.patience = Femtoseconds(5);
  // Full at 3: 3..19. The next waits until 30 + 5, alone: 35..45.
  const LoadResult result = serve(server, at({0, 1, 2, 3, 30}));
  EXPECT_EQ(result.batches, 2);
  EXPECT_EQ(result.span, StreamTime(45));
  EXPECT_EQ(result.worst, StreamTime(19));
  EXPECT_EQ(result.p50, StreamTime(17));  // of 15, 16, 17, 18, 19
}

TEST(BatchQueue, PatienceIsOverWhenTheDeviceWasBusyForLonger) {
  BatchServer server = up_to_four();
  server.patience = Femtoseconds(5);
  // {0}: 5..15. {6} has waited for 9 then, so it begins at once: 15..25.
  const LoadResult result = serve(server, at({0, 6}));
  EXPECT_EQ(result.span, StreamTime(25));
}

TEST(BatchQueue, WarmUpIsServedButNotCounted) {
  const LoadResult result = serve(one_at_a_time(10), at({0, 0, 0}), 2);
  EXPECT_EQ(result.requests, 1);
  EXPECT_EQ(result.batches, 3);
  EXPECT_EQ(result.p50, StreamTime(30));
}

TEST(BatchQueue, SingleRequestsFollowLindleysRecursion) {
  constexpr std::int64_t kService = 700;
  const std::vector<StreamTime> stream = arrivals(ArrivalKind::Poisson, StreamTime(1000), 5000, 3);
  std::vector<std::int64_t> latencies;
  std::int64_t wait = 0;
  for (std::size_t i = 0; i < stream.size(); ++i) {
    if (i > 0) {
      const auto gap = static_cast<std::int64_t>((stream[i] - stream[i - 1]).count());
      wait = std::max<std::int64_t>(0, wait + kService - gap);
    }
    latencies.push_back(wait + kService);
  }
  std::sort(latencies.begin(), latencies.end());
  const LoadResult result = serve(one_at_a_time(kService), stream);
  EXPECT_EQ(result.p50, StreamTime(latencies[2500 - 1]));
  EXPECT_EQ(result.p99, StreamTime(latencies[4950 - 1]));
  EXPECT_EQ(result.worst, StreamTime(latencies.back()));
}

TEST(BatchQueue, PoissonArrivalsWaitAsLongAsTheFormulaOfTheMD1QueueSays) {
  for (const int percent : {30, 50, 80}) {
    const double load = percent / 100.0;
    const double service = 1.0 * kMillisecond;
    const LoadResult result =
        under_load(one_at_a_time(kMillisecond), StreamTime(std::llround(service / load)),
                   {.requests = 400'000, .seed = 5});
    // Pollaczek and Khinchine, constant service: S + load S / (2 (1 - load)).
    const double expected = service + load * service / (2 * (1 - load));
    EXPECT_NEAR(static_cast<double>(result.mean.count()) / expected, 1, 0.02) << percent << " %";
    EXPECT_NEAR(static_cast<double>(result.busy.count()) / static_cast<double>(result.span.count()),
                load, 0.01);
  }
}

/// Batches by size are {1} and {5} in the smaller, {1, 2, 3, 4} in the larger.
TEST(BatchQueue, CountsBatchesBySize) {
  const LoadResult result = serve(up_to_four(), at({0, 1, 2, 3, 4, 5}), 1);
  EXPECT_EQ(result.by_size, (std::vector<std::int64_t>{2, 1}));
  EXPECT_EQ(result.requests, 5);
  EXPECT_EQ(result.served, 6);
}

/// A request a fortnight, on a device that takes two hours: 64 bits of femtoseconds end before the
/// second arrives. Nobody waits.
TEST(BatchQueue, TimesOfAnyLengthAreTold) {
  constexpr std::int64_t kTwoHours = 7200 * 1000 * kMillisecond;
  const LoadResult result = under_load(one_at_a_time(kTwoHours), kLongestGap,
                                       {.requests = 1000, .arrivals = ArrivalKind::Periodic});
  EXPECT_EQ(result.worst, StreamTime(kTwoHours));
  EXPECT_EQ(result.busy, StreamTime(Wide{kTwoHours} * 1100));
  EXPECT_EQ(result.span, StreamTime(kLongestGap.count() * 1099 + kTwoHours));
  EXPECT_DOUBLE_EQ(seconds(result.worst), 7200);
}

/// At the capacity and beyond it every request waits for all before it: of 1100 requests of two
/// hours each, all arriving at once but for 1 fs, the last ends after 2200 hours.
TEST(BatchQueue, LatenciesOfAnyLengthAreTold) {
  constexpr std::int64_t kTwoHours = 7200 * 1000 * kMillisecond;
  const LoadResult result = under_load(one_at_a_time(kTwoHours), StreamTime(1),
                                       {.requests = 1000, .arrivals = ArrivalKind::Periodic});
  EXPECT_EQ(result.worst, StreamTime(Wide{kTwoHours} * 1100 - 1099));
}

TEST(BatchQueue, PeriodicRequestsBelowTheCapacityNeverWait) {
  const LoadResult result =
      under_load(one_at_a_time(10), StreamTime(10), {.arrivals = ArrivalKind::Periodic});
  EXPECT_EQ(result.worst, StreamTime(10));
  EXPECT_EQ(result.busy, result.span);
}

TEST(PeriodicArrivals, AreOneGapApart) {
  EXPECT_EQ(arrivals(ArrivalKind::Periodic, StreamTime(7), 3, 5),
            (std::vector<StreamTime>{StreamTime(7), StreamTime(14), StreamTime(21)}));
}

/// 2^70 fs is a thousand times 2^60 but for the bits that the product with a fraction cannot hold.
TEST(PoissonArrivals, StretchBeyond64Bits) {
  const std::vector<StreamTime> fast =
      arrivals(ArrivalKind::Poisson, StreamTime(Wide{1} << 59), 100, 9);
  const std::vector<StreamTime> slow =
      arrivals(ArrivalKind::Poisson, StreamTime(Wide{1} << 69), 100, 9);
  for (std::size_t i = 0; i < fast.size(); ++i) {
    EXPECT_NEAR(seconds(slow[i]) / seconds(fast[i]), 1024, 1e-9);
  }
}

TEST(PoissonArrivals, GapsAreExponential) {
  constexpr std::size_t kCount = 200'000;
  constexpr std::int64_t kMean = 1'000'000;
  const std::vector<StreamTime> times =
      arrivals(ArrivalKind::Poisson, StreamTime(kMean), kCount, 7);
  const double mean = static_cast<double>(times.back().count()) / kCount / kMean;
  EXPECT_NEAR(mean, 1, 4 / std::sqrt(kCount));  // standard deviation 1, four sigma
  for (const double limit : {0.1, 0.5, 1.0, 2.5, 6.0}) {
    std::size_t longer = 0;
    StreamTime before{0};
    for (const StreamTime arrival : times) {
      if (static_cast<double>((arrival - before).count()) > limit * kMean) {
        ++longer;
      }
      before = arrival;
    }
    const double share = std::exp(-limit);
    EXPECT_NEAR(static_cast<double>(longer) / kCount, share,
                4 * std::sqrt(share * (1 - share) / kCount))
        << limit;
  }
}

TEST(PoissonArrivals, AreTheSameProcessStretchedAtOtherRates) {
  const std::vector<StreamTime> fast = arrivals(ArrivalKind::Poisson, StreamTime(1 << 20), 100, 9);
  const std::vector<StreamTime> slow = arrivals(ArrivalKind::Poisson, StreamTime(1 << 23), 100, 9);
  for (std::size_t i = 0; i < fast.size(); ++i) {
    EXPECT_NEAR(static_cast<double>(slow[i].count()), 8.0 * static_cast<double>(fast[i].count()),
                8.0 * static_cast<double>(i + 1));  // each gap is rounded down
  }
}

TEST(LargestLoad, MeetsTheDeadlineAndTheNextThousandthDoesNot) {
  const BatchServer server{.sizes = {{.batch = 1, .time = Femtoseconds(kMillisecond)},
                                     {.batch = 8, .time = Femtoseconds(2 * kMillisecond)}}};
  const Femtoseconds deadline(5 * kMillisecond);
  const LoadSpec spec{.requests = 20'000, .seed = 2};
  EXPECT_DOUBLE_EQ(capacity(server), 4000);
  const auto load = largest_load(server, deadline, spec);
  ASSERT_TRUE(load.has_value());
  EXPECT_LE(load->result.p99, stream_time(deadline));
  EXPECT_EQ(under_load(server, load->mean_gap, spec), load->result);
  const double step = 250e9 * 1000 / static_cast<double>(load->mean_gap.count());
  const StreamTime next(static_cast<std::int64_t>(250e9 * 1000 / (std::round(step) + 1)));
  EXPECT_GT(under_load(server, next, spec).p99, stream_time(deadline));
}

TEST(LargestLoad, OfPeriodicRequestsIsTheCapacity) {
  const auto load = largest_load(one_at_a_time(kMillisecond), Femtoseconds(kMillisecond),
                                 {.requests = 1000, .arrivals = ArrivalKind::Periodic});
  ASSERT_TRUE(load);
  EXPECT_EQ(load->mean_gap, StreamTime(kMillisecond));
  EXPECT_DOUBLE_EQ(load->per_second(), 1000);
}

TEST(LargestLoad, IsNoneWhereOneRequestAloneTakesTooLong) {
  EXPECT_EQ(largest_load(one_at_a_time(kMillisecond), Femtoseconds(kMillisecond - 1),
                         {.requests = 1000, .seed = 1}),
            std::nullopt);
}

}  // namespace
}  // namespace systole
