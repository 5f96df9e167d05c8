#include "sim/dram/stream_beat.h"

#include <cstdint>
#include <vector>

#include <gtest/gtest.h>

#include "sim/dram/channel_engine.h"
#include "sim/dram/part_feed.h"
#include "tests/sim/dram/dram_specs.h"

namespace systole::testing {
namespace {

using Lane = StreamBeat::Lane;

StreamBeat with_lanes(const std::vector<Lane>& lanes) {
  StreamBeat beat;
  beat.lanes() = lanes;
  return beat;
}

constexpr Lane lane(std::int64_t marked, std::int64_t arrival, std::int64_t step) {
  return {DramCycles(marked), DramCycles(arrival), DramCycles(step)};
}

TEST(StreamBeat, LanesInStepStayInOrderForEver) {
  EXPECT_EQ(with_lanes({lane(100, 116, 16), lane(104, 120, 16)}).times_in_order(DramCycles(16)),
            INT64_MAX);
}

TEST(StreamBeat, LanesOfOtherStepsStayInOrderUntilOneReachesTheNext) {
  // 116, 122, 128, 134 are younger than 135 and older: after three more steps, not after four.
  EXPECT_EQ(with_lanes({lane(135, 143, 8), lane(110, 116, 6)}).times_in_order(DramCycles(8)), 3);
  EXPECT_EQ(with_lanes({lane(134, 142, 8), lane(110, 116, 6)}).times_in_order(DramCycles(8)), 2);
}

TEST(StreamBeat, ALaneThatHasPassedTheNextIsNotInOrder) {
  EXPECT_EQ(with_lanes({lane(110, 116, 6), lane(112, 120, 8)}).times_in_order(DramCycles(8)), 0);
}

TEST(StreamBeat, OthersWaitWhileTheyAreYounger) {
  const StreamBeat beat = with_lanes({lane(100, 116, 16), lane(104, 120, 16)});
  EXPECT_EQ(beat.times_before(DramCycles(120)), 0);
  EXPECT_EQ(beat.times_before(DramCycles(136)), 0);
  EXPECT_EQ(beat.times_before(DramCycles(137)), 1);
  EXPECT_EQ(beat.times_before(DramCycles(153)), 2);
}

class CountingSink : public CompletionSink {
 public:
  void completed(const CompletedSeries& series) override {
    ++series_;
    bursts_ += series.bursts.bursts;
  }
  [[nodiscard]] std::int64_t series() const { return series_; }
  [[nodiscard]] std::int64_t bursts() const { return bursts_; }

 private:
  std::int64_t series_ = 0;
  std::int64_t bursts_ = 0;
};

/// Bursts completed one after the other cost the more the more series they come in.
double bursts_in_a_series(const DramStandard& standard, DramMapping mapping) {
  constexpr std::int64_t kBursts = 1 << 14;
  DramSpec spec = memory_of(standard, 1);
  spec.mapping = mapping;
  const DramAddressMap map(spec);
  PartFeed feed(map, DramOperation::Read);
  CountingSink sink;
  ChannelEngine engine(standard, DramControllerSpec{}, {}, {&feed}, sink, {});
  feed.enqueue({.bursts = kBursts}, 0);
  engine.wake(DramCycles(0));
  while (sink.bursts() < kBursts) {
    engine.go_on(kNever);
  }
  EXPECT_EQ(sink.bursts(), kBursts);
  return static_cast<double>(sink.bursts()) / static_cast<double>(sink.series());
}

TEST(StreamBeat, RowsThatTakeTurnsAreGoneThroughInFewSteps) {
  EXPECT_GT(bursts_in_a_series(ddr4_2400(), DramMapping::BankGroupInterleaved), 8.0);
  EXPECT_GT(bursts_in_a_series(ddr4_2400(), DramMapping::Linear), 4.0);
  EXPECT_GT(bursts_in_a_series(ddr3_2133(), DramMapping::Linear), 8.0);
}

}  // namespace
}  // namespace systole::testing
