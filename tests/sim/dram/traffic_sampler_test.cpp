#include "sim/dram/traffic_sampler.h"

#include <random>

#include <gmock/gmock.h>

#include "tests/sim/dram/dram_specs.h"

namespace systole::testing {
namespace {

using Sample = DramTraffic::Sample;
using ::testing::ElementsAre;

/// DDR3-1600: bursts of 64 bytes in 4 cycles of 1.25 ns; the first beat comes nCL = 11 cycles after
/// a read, nCWL = 8 after a write. The first width is 16 bursts: 64 cycles.
TrafficSampler sampler() {
  return TrafficSampler(memory_of(ddr3_1600(), 1));
}

DramCommand command(DramCommandKind kind, std::int64_t at) {
  return {.kind = kind, .at = DramCycles(at)};
}

TEST(TrafficSampler, CountsBurstsWhereTheirFirstBeatIs) {
  TrafficSampler traffic = sampler();
  traffic.add(command(DramCommandKind::Read, 63 - 11));
  traffic.add(command(DramCommandKind::Read, 64 - 11));
  traffic.add(command(DramCommandKind::Write, 63 - 8));
  traffic.add(command(DramCommandKind::Write, 128 - 8));
  EXPECT_EQ(traffic.traffic().width.count(), 64 * 1'250'000);
  EXPECT_THAT(traffic.traffic().samples, ElementsAre(Sample{64, 64}, Sample{64, 0}, Sample{0, 64}));
}

TEST(TrafficSampler, OtherCommandsCarryNothing) {
  TrafficSampler traffic = sampler();
  traffic.add(command(DramCommandKind::Activate, 5));
  traffic.add(command(DramCommandKind::Precharge, 500));
  traffic.add(command(DramCommandKind::Refresh, 5000));
  EXPECT_TRUE(traffic.traffic().samples.empty());
}

TEST(TrafficSampler, WidthDoublesBeforeThereAreTooMany) {
  constexpr std::int64_t kLast = 64 * TrafficSampler::kMostSamples - 1;  // of the first width
  TrafficSampler traffic = sampler();
  for (std::int64_t sample = 0; sample < 4; ++sample) {
    traffic.add(command(DramCommandKind::Write, 64 * sample));
  }
  traffic.add(command(DramCommandKind::Read, kLast - 11));
  EXPECT_EQ(traffic.traffic().samples.size(),
            static_cast<std::size_t>(TrafficSampler::kMostSamples));
  traffic.add(command(DramCommandKind::Read, kLast + 1 - 11));
  EXPECT_EQ(traffic.traffic().width.count(), 128 * 1'250'000);
  const auto& samples = traffic.traffic().samples;
  ASSERT_EQ(samples.size(), static_cast<std::size_t>(TrafficSampler::kMostSamples / 2 + 1));
  EXPECT_EQ(samples[0], (Sample{0, 128}));
  EXPECT_EQ(samples[1], (Sample{0, 128}));
  EXPECT_EQ(samples[TrafficSampler::kMostSamples / 2 - 1], (Sample{64, 0}));
  EXPECT_EQ(samples[TrafficSampler::kMostSamples / 2], (Sample{64, 0}));
}

TEST(TrafficSampler, LosesNothingHoweverFarCommandsAreApart) {
  std::mt19937_64 random(5);
  TrafficSampler traffic = sampler();
  std::int64_t reads = 0;
  std::int64_t writes = 0;
  for (int i = 0; i < 5000; ++i) {
    const bool read = random() % 2 == 0;
    (read ? reads : writes) += 64;
    const auto at = static_cast<std::int64_t>(random() % (std::uint64_t{1} << (random() % 36)));
    traffic.add(command(read ? DramCommandKind::Read : DramCommandKind::Write, at));
  }
  Sample sum;
  for (const Sample& sample : traffic.traffic().samples) {
    sum.read_bytes += sample.read_bytes;
    sum.write_bytes += sample.write_bytes;
  }
  EXPECT_EQ(sum, (Sample{reads, writes}));
  EXPECT_LE(traffic.traffic().samples.size(),
            static_cast<std::size_t>(TrafficSampler::kMostSamples));
}

}  // namespace
}  // namespace systole::testing
