#include <algorithm>
#include <cstdint>
#include <ostream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "sim/dram/dram_system.h"
#include "tests/sim/dram/dram_specs.h"
#include "tests/sim/dram/dram_traffic.h"

namespace systole::testing {
namespace {

struct Mix {
  std::string name;
  DramStandard standard;
  std::int64_t channels = 16;
  std::int64_t initiators = 2;
  std::int64_t even = 8;    ///< of 10 requests: as much of every channel
  std::int64_t writes = 2;  ///< of 10 requests
  std::int64_t pause = 0;   ///< longest pause between the requests of an initiator
  std::int64_t region = 1 << 22;
  DramControllerSpec controller{};
  DramMapping mapping = DramMapping::Linear;

  friend std::ostream& operator<<(std::ostream& out, const Mix& mix) { return out << mix.name; }
};

std::vector<Request> traffic(const Mix& mix, std::int64_t stripe, std::uint64_t seed) {
  Random random(seed);
  std::vector<std::int64_t> clock(static_cast<std::size_t>(mix.initiators), 0);
  std::vector<Request> requests;
  std::int64_t next = 0;
  for (int index = 0; index < 1500; ++index) {
    Request request;
    request.initiator = static_cast<std::int32_t>(random.below(mix.initiators));
    request.operation = random.below(10) < mix.writes ? DramOperation::Write : DramOperation::Read;
    const bool even = random.below(10) < mix.even;
    request.length = even ? stripe * (1 + random.below(3)) : 1 + random.below(2 * stripe);
    request.address = random.below(2) == 0 ? next : random.below(mix.region);
    request.address -= even ? request.address % stripe : 0;
    next = request.address + request.length;
    std::int64_t& time = clock[static_cast<std::size_t>(request.initiator)];
    time += random.below(4) == 0 ? random.below(mix.pause + 1) : 0;
    request.when = time;
    requests.push_back(request);
  }
  return requests;
}

struct Seen {
  std::vector<std::int64_t> ends;
  std::vector<std::vector<DramCommand>> commands;  ///< by channel
  DramCounters counters;
};

Seen run(const DramSpec& spec, const std::vector<Request>& requests,
         DramSystem::Lockstep lockstep) {
  Seen seen;
  seen.commands.resize(static_cast<std::size_t>(spec.channels));
  DramSystem system(
      spec, DramSystem::kQueueDepth,
      [&](const DramCommand& command) {
        seen.commands[static_cast<std::size_t>(command.channel)].push_back(command);
      },
      lockstep);
  seen.ends = drive(system, requests);
  seen.counters = system.counters();
  return seen;
}

class LockstepTraffic : public ::testing::TestWithParam<Mix> {};

TEST_P(LockstepTraffic, EqualsChannelsComputedAlone) {
  const Mix& mix = GetParam();
  DramSpec spec = memory_of(mix.standard, mix.channels);
  spec.controller = mix.controller;
  spec.mapping = mix.mapping;
  for (std::uint64_t seed = 1; seed <= 4 && !HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const std::vector<Request> requests =
        traffic(mix, spec.interleave.count() * spec.channels, seed);
    const Seen together = run(spec, requests, DramSystem::Lockstep::Together);
    const Seen alone = run(spec, requests, DramSystem::Lockstep::Alone);
    EXPECT_EQ(together.ends, alone.ends);
    EXPECT_TRUE(together.commands == alone.commands);
    EXPECT_EQ(together.counters, alone.counters);
  }
}

DramStandard with_pseudo_channels(DramStandard standard) {
  standard.organization.pseudo_channels = 2;
  standard.bus.split = true;
  standard.bus.activate = DramCycles(2);
  return standard;
}

std::vector<Mix> mixes() {
  const DramControllerSpec timeout{.read_entries = 8,
                                   .write_entries = 6,
                                   .drain_above = 70,
                                   .drain_below = 40,
                                   .starvation_limit = DramCycles(400),
                                   .page_policy = PagePolicy::Timeout,
                                   .page_timeout = DramCycles(50),
                                   .refresh_blocks = RefreshBlocks::Refreshed,
                                   .postponed_refreshes = 2,
                                   .power_down = DramCycles(60)};
  return {
      {.name = "streams", .standard = ddr4_2400(), .writes = 0},
      {.name = "busy", .standard = ddr4_2400()},
      {.name = "pauses", .standard = ddr4_2400(), .pause = 2000},
      {.name = "long_pauses", .standard = ddr3_1600(), .even = 9, .pause = 20'000},
      {.name = "uneven", .standard = ddr3_1600(), .channels = 4, .even = 0, .pause = 3000},
      {.name = "rewrites", .standard = ddr4_2400(), .writes = 6, .region = 1 << 14},
      {.name = "timeout_and_power_down",
       .standard = two_ranks_with_groups(),
       .channels = 8,
       .initiators = 3,
       .even = 9,
       .pause = 4000,
       .controller = timeout},
      {.name = "pseudo_channels",
       .standard = with_pseudo_channels(ddr4_2400()),
       .channels = 8,
       .pause = 2500,
       .controller = {.read_entries = 64, .write_entries = 64, .postponed_refreshes = 4},
       .mapping = DramMapping::BankGroupInterleaved},
      {.name = "closed_rows_and_sleep",
       .standard = ddr4_2400(),
       .even = 9,
       .pause = 6000,
       .controller = {.page_policy = PagePolicy::Timeout,
                      .page_timeout = DramCycles(30),
                      .power_down = DramCycles(20)}},
  };
}

INSTANTIATE_TEST_SUITE_P(Dram, LockstepTraffic, ::testing::ValuesIn(mixes()),
                         [](const auto& mix) { return mix.param.name; });

/// Reads `bytes` at `address` and waits for their end.
void read(DramSystem& system, std::int64_t address, std::int64_t bytes, std::int64_t& cycle) {
  system.submit({SpanId{0}, {}, DramOperation::Read, address, Bytes(bytes)}, DramCycles(cycle));
  for (bool is_over = false; !is_over; ++cycle) {
    cycle = system.next_news()->count();
    is_over = !system.decide(DramCycles(cycle)).empty();
  }
}

TEST(Lockstep, SplitsBySharesAndJoinsWhenRefreshesHaveClosedAllRows) {
  const DramSpec spec = memory_of(ddr4_2400(), 8);
  const std::int64_t interleave = spec.interleave.count();
  DramSystem system(spec);
  std::int64_t cycle = 0;
  EXPECT_EQ(system.groups(), 1U);
  read(system, 0, 16 * interleave, cycle);
  EXPECT_EQ(system.groups(), 1U);
  // Two interleaves: channels 3 and 4 have a share, alike, the others have none.
  read(system, 3 * interleave, 2 * interleave, cycle);
  EXPECT_EQ(system.groups(), 2U);
  // One and a half: channel 3 a whole one, channel 4 half of one.
  read(system, 3 * interleave, interleave * 3 / 2, cycle);
  EXPECT_EQ(system.groups(), 3U);
  // nREFI and a refresh later every row of all channels is closed and no gap is left.
  cycle += 2 * spec.standard.timing.nREFI.count();
  system.decide(DramCycles(cycle - 1));
  read(system, 0, 8 * interleave, cycle);
  EXPECT_EQ(system.groups(), 1U);
}

TEST(Lockstep, JoinsWhileTheSameSpansAreUnderWay) {
  const DramSpec spec = memory_of(ddr4_2400(), 8);
  const std::int64_t interleave = spec.interleave.count();
  const auto ends = [&](DramSystem::Lockstep lockstep, std::size_t groups) {
    DramSystem system(spec, DramSystem::kQueueDepth, {}, lockstep);
    std::int64_t cycle = 0;
    read(system, 0, 8 * interleave, cycle);
    std::int64_t span = 0;
    const auto submit = [&](std::int64_t address, std::int64_t bytes, std::int64_t arrival) {
      system.submit({SpanId{++span}, {}, DramOperation::Read, address, Bytes(bytes)},
                    DramCycles(arrival));
    };
    submit(3 * interleave, interleave, cycle);  // channel 3 alone, in a row that all have open
    submit(0, 8 * interleave, cycle + 1000);
    EXPECT_EQ(system.groups(), lockstep == DramSystem::Lockstep::Alone ? 8U : 2U);
    std::vector<FinishedSpan> finished = system.decide(DramCycles(cycle + 500));
    // Nothing of it has begun, and channel 3 has long done what was its own.
    submit(8 * interleave, 16 * interleave, cycle + 1000);
    submit(24 * interleave, 8 * interleave, cycle + 1001);
    EXPECT_EQ(system.groups(), groups);
    while (finished.size() < 4) {
      const std::vector<FinishedSpan>& more = system.decide(*system.next_news());
      finished.insert(finished.end(), more.begin(), more.end());
    }
    return finished;
  };
  EXPECT_EQ(ends(DramSystem::Lockstep::Together, 1), ends(DramSystem::Lockstep::Alone, 8));
}

}  // namespace
}  // namespace systole::testing
