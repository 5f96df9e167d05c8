#include "sim/dram/channel_engine.h"

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "arch/diag/error.h"
#include "sim/dram/channel_replay.h"
#include "sim/dram/replay.h"
#include "tests/sim/dram/dram_specs.h"
#include "tests/sim/dram/reference_data.h"

namespace systole::testing {
namespace {

/// Single bursts, each in its cycle.
class TimedBursts : public BurstSource {
 public:
  explicit TimedBursts(std::vector<TimedBurst> bursts) : bursts_(std::move(bursts)) {}
  std::optional<TimedBurst> next() override {
    return next_ < bursts_.size() ? std::optional(bursts_[next_++]) : std::nullopt;
  }

 private:
  std::vector<TimedBurst> bursts_;
  std::size_t next_ = 0;
};

TimedBurst read_at(std::int64_t cycle, std::int64_t address = 0) {
  return {{address, DramOperation::Read}, DramCycles(cycle)};
}

DramRunResult replayed(const DramStandard& standard, const DramControllerSpec& spec,
                       std::vector<TimedBurst> bursts, const DramCommandObserver& observer = {}) {
  const BitFieldMap map(standard, *address_order("lin"));
  TimedBursts source(std::move(bursts));
  return replay_channel(standard, spec, map, 0, 0, source, observer);
}

TEST(IdleChannel, DoesItsRefreshesOnTimeBeforeTheFirstRequest) {
  const DramStandard standard = shipped_standard("DDR4-2400");
  for (const char* const name : {"default", "reference"}) {
    const DramControllerSpec spec = shipped_controller(name);
    // 1,000,000 lies between the refreshes of 992,159 and 1,001,519, which take nRFC = 420.
    const DramRunResult result = replayed(standard, spec, {read_at(1'000'000)});
    EXPECT_EQ(result.read_latency.max(), DramCycles(17 + 17 + 4));  // nRCD + nCL + nBL
    EXPECT_EQ(result.refreshes, 106);
    // One that falls into a refresh waits for its end: REF in 992,159, ACT in 992,579.
    EXPECT_EQ(replayed(standard, spec, {read_at(992'200)}).read_latency.max(),
              DramCycles(992'579 - 992'200 + 17 + 17 + 4));
  }
}

TEST(IdleChannel, CostsNothingHoweverLong) {
  constexpr std::int64_t kTrillion = 1'000'000'000'000;
  const DramStandard standard = shipped_standard("DDR4-2400");
  const DramRunResult result =
      replayed(standard, shipped_controller("default"), {read_at(0), read_at(kTrillion)});
  EXPECT_EQ(result.cycles, DramCycles(kTrillion + 17 + 17 + 4));
  EXPECT_EQ(result.refreshes, kTrillion / 9360);
}

/// Whoever observes commands sees every refresh, so nothing is gone over in one go.
TEST(IdleChannel, IsTheSameInOneGoAndStepByStep) {
  for (const char* const name : {"DDR4-2400-2rank", "LPDDR4-3200", "HBM3-6400", "HBM2-2000-pc"}) {
    const DramStandard standard = shipped_standard(name);
    const std::int64_t interval = standard.timing.nREFI.count();
    for (const std::int64_t power_down : {0, 1, 64, 5'000, 1'000'000}) {
      for (const PagePolicy pages : {PagePolicy::Open, PagePolicy::Closed, PagePolicy::Timeout}) {
        DramControllerSpec spec = shipped_controller("default");
        spec.power_down = DramCycles(power_down);
        spec.page_policy = pages;
        spec.page_timeout = DramCycles(3 * interval);
        std::vector<TimedBurst> bursts;
        std::int64_t cycle = 40 * interval - 7;
        for (std::int64_t burst = 0; burst < 40; ++burst) {
          bursts.push_back(read_at(cycle, burst * 4096 * 37));
          bursts.back().burst.operation =
              burst % 3 == 0 ? DramOperation::Write : DramOperation::Read;
          cycle += burst % 4 == 3 ? burst * interval + burst * 11 : burst * interval / 16;
        }
        const auto observed = [](const DramCommand& /*command*/) {};
        EXPECT_EQ(replayed(standard, spec, bursts), replayed(standard, spec, bursts, observed))
            << name << ", power-down after " << power_down;
      }
    }
  }
}

TEST(IdleChannel, RefreshesAndStandsByUntilTheOthersEnd) {
  DramStandard standard = shipped_standard("DDR4-2400");
  standard.channels = 2;
  const BitFieldMap map(standard, *address_order("lin"));
  // Both in channel 0, whose second ends in 1,000,038; channel 1 has nothing to do.
  const DramRunResult result = systole::replay(standard, shipped_controller("default"), map, 0, [] {
    return std::make_unique<TimedBursts>(std::vector{read_at(0), read_at(1'000'000)});
  });
  EXPECT_EQ(result.cycles, DramCycles(1'000'038));
  EXPECT_EQ(result.rank_cycles, DramCycles(2 * 1'000'038));
  EXPECT_EQ(result.refreshes, 2 * 106);
  EXPECT_EQ(result.reads, 2);
}

std::string failure_of(const auto& run) {
  try {
    run();
  } catch (const UserError& error) {
    return error.what();
  }
  return "";
}

TEST(Watchdog, EndsATrainThatTheControllerNeverServes) {
  // Each bank's refresh takes longer than there is time until the next: after a while one is always
  // pending, and here it blocks the whole channel. (No file may say so: read_dram.cpp.)
  DramStandard standard = shipped_standard("DDR4-2400");
  standard.timing.nREFI = DramCycles(1600);
  standard.timing.nRFCpb = DramCycles(110);
  const DramControllerSpec spec{.name = "blocking", .refresh = RefreshKind::PerBank};
  EXPECT_EQ(failure_of([&] {
              (void)replayed(standard, spec, {read_at(100'000), read_at(100'000)});
            }),
            "systole: DRAM channel 0 (ddr4_2400, controller blocking): no request has been served "
            "for 67108889 cycles in DRAM cycle 67208889: 2 reads and 0 writes wait in the "
            "controller, which serves writes; a refresh is pending");
}

class ShutFeed : public BurstFeed {
 public:
  ShutFeed() {
    gated_ = true;
    run_.bursts = 1;
  }

 private:
  [[nodiscard]] DramCycles gate_opens() const override { return kNever; }
  void taken(std::int64_t /*bursts*/, DramCycles /*last*/) override {}
};

class NoSink : public CompletionSink {
  void completed(const CompletedSeries& /*series*/) override {}
};

TEST(Watchdog, EndsATrainAfterWhichNothingCanHappen) {
  ShutFeed feed;
  NoSink sink;
  const DramControllerSpec spec{.name = "plain", .refresh = RefreshKind::Off};
  ChannelEngine engine(ddr3_1600(), spec, static_cast<ChannelIndex>(3), {&feed}, sink, {});
  engine.check_goes_on();
  engine.advance(DramCycles(100));
  EXPECT_EQ(
      failure_of([&] { engine.check_goes_on(); }),
      "systole: DRAM channel 3 (DDR3-1600, controller plain): nothing can happen any more in "
      "DRAM cycle 0: 0 reads and 0 writes wait in the controller, which serves writes; a read "
      "waits in front of it");
}

}  // namespace
}  // namespace systole::testing
