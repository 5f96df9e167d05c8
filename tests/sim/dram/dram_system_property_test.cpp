#include <algorithm>
#include <cstdint>
#include <ostream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "sim/dram/dram_system.h"
#include "tests/sim/dram/command_checker.h"
#include "tests/sim/dram/dram_specs.h"
#include "tests/sim/dram/dram_traffic.h"
#include "tests/sim/dram/system_oracle.h"

namespace systole::testing {
namespace {

struct Mix {
  std::string name;
  DramStandard standard;
  std::int64_t channels = 1;
  std::int64_t initiators = 1;
  std::int64_t queue_depth = 32;
  std::int64_t longest = 64;  ///< span, in bytes
  std::int64_t region = 0;    ///< addresses below; 0: the whole capacity
  std::int64_t pause = 0;     ///< longest pause between the requests of an initiator
  std::int64_t writes = 0;    ///< of 10 requests
  DramControllerSpec controller{};
  DramMapping mapping = DramMapping::Linear;

  friend std::ostream& operator<<(std::ostream& out, const Mix& mix) { return out << mix.name; }
};

std::vector<Request> traffic(const Mix& mix, std::int64_t capacity, std::uint64_t seed) {
  Random random(seed);
  std::vector<std::int64_t> clock(static_cast<std::size_t>(mix.initiators), 0);
  std::vector<Request> requests;
  std::int64_t next = 0;
  for (int index = 0; index < 60; ++index) {
    Request request;
    request.initiator = static_cast<std::int32_t>(random.below(mix.initiators));
    request.operation = random.below(10) < mix.writes ? DramOperation::Write : DramOperation::Read;
    request.length = 1 + random.below(mix.longest);
    // One in three goes on where the one before ended.
    const std::int64_t region = mix.region > 0 ? mix.region : capacity;
    request.address = random.below(3) == 0 ? next : random.below(region);
    request.address = std::min(request.address, capacity - request.length);
    next = request.address + request.length;
    std::int64_t& time = clock[static_cast<std::size_t>(request.initiator)];
    time += random.below(mix.pause + 1);
    request.when = time;
    requests.push_back(request);
  }
  return requests;
}

class RandomTraffic : public ::testing::TestWithParam<Mix> {};

void compare_with_the_oracle(const Mix& mix, std::uint64_t seed, Decides decides) {
  DramSpec spec = memory_of(mix.standard, mix.channels);
  spec.controller = mix.controller;
  spec.mapping = mix.mapping;
  const std::vector<Request> requests = traffic(mix, spec.capacity.count(), seed);
  std::vector<std::vector<DramCommand>> commands(static_cast<std::size_t>(mix.channels));
  CommandChecker checker(mix.standard);
  DramSystem system(spec, mix.queue_depth, [&](const DramCommand& command) {
    DramCommand in_channel = command;
    in_channel.channel = ChannelIndex{0};  // as the oracle of one channel has it
    commands[static_cast<std::size_t>(command.channel)].push_back(in_channel);
    if (mix.channels == 1) {
      checker.observe(command);
    }
  });
  const std::vector<std::int64_t> ends = drive(system, requests, decides);
  const DramCounters counters = system.counters();  // of every channel until the last end
  const SystemOracleResult oracle = system_oracle(spec, mix.queue_depth, requests);
  EXPECT_EQ(ends, oracle.ends);
  EXPECT_EQ(commands, oracle.commands);
  EXPECT_EQ(counters, oracle.counters);
  EXPECT_EQ(checker.lines(), std::vector<std::string>{});
}

TEST_P(RandomTraffic, EqualsTheBurstByBurstOracleAndBreaksNoRule) {
  for (std::uint64_t seed = 1; seed <= 12 && !HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    compare_with_the_oracle(GetParam(), seed,
                            seed % 4 == 0 ? Decides::EveryCycle : Decides::Lazily);
  }
}

DramControllerSpec all_policies() {
  return {.read_entries = 8,
          .write_entries = 6,
          .drain_above = 70,
          .drain_below = 40,
          .starvation_limit = DramCycles(400),
          .page_policy = PagePolicy::Timeout,
          .page_timeout = DramCycles(50),
          .refresh_blocks = RefreshBlocks::Refreshed,
          .postponed_refreshes = 2,
          .power_down = DramCycles(60)};
}

/// Two pseudo-channels behind one split command bus, as HBM2 has them.
DramStandard with_pseudo_channels(DramStandard standard) {
  standard.name += " with pseudo-channels";
  standard.organization.pseudo_channels = 2;
  standard.bus.split = true;
  standard.bus.activate = DramCycles(2);
  return standard;
}

std::vector<Mix> mixes() {
  const DramStandard groups = two_ranks_with_groups();
  DramStandard far_apart = lpddr4_3200();  // nCL far above nCWL: only their order keeps a RD back
  far_apart.organization.ranks = 2;
  return {
      {.name = "short_reads", .standard = ddr3_1600(), .region = 1 << 20},
      {.name = "short_mix", .standard = ddr3_1600(), .region = 1 << 20, .writes = 4},
      {.name = "scattered_mix", .standard = ddr3_1600(), .writes = 5},
      {.name = "long_mix", .standard = ddr3_2133(), .channels = 2, .longest = 9000, .writes = 3},
      {.name = "groups_short", .standard = groups, .longest = 200, .writes = 5},
      {.name = "groups_long", .standard = groups, .longest = 2500, .writes = 5},
      {.name = "groups_no_refresh",
       .standard = without_refresh(groups),
       .channels = 2,
       .longest = 3000,
       .writes = 5},
      {.name = "three_initiators",
       .standard = groups,
       .channels = 3,
       .initiators = 3,
       .longest = 3000,
       .pause = 100,
       .writes = 4},
      {.name = "shallow_queue",
       .standard = groups,
       .channels = 4,
       .initiators = 4,
       .queue_depth = 1,
       .longest = 4000,
       .pause = 30,
       .writes = 5},
      {.name = "idle_between",
       .standard = groups,
       .initiators = 2,
       .longest = 600,
       .pause = 4000,
       .writes = 5},
      {.name = "groups_interleaved",
       .standard = groups,
       .channels = 2,
       .longest = 6000,
       .writes = 3,
       .mapping = DramMapping::BankGroupInterleaved},
      {.name = "streams_over_groups",
       .standard = ddr4_2400(),
       .longest = 14000,
       .writes = 3,
       .mapping = DramMapping::BankGroupInterleaved},
      {.name = "streams_over_groups_in_turn",
       .standard = ddr4_2400(),
       .initiators = 3,
       .longest = 12000,
       .pause = 3000,
       .writes = 4,
       .controller = all_policies(),
       .mapping = DramMapping::BankGroupInterleaved},
      {.name = "streams_from_group_to_group",
       .standard = ddr4_2400(),
       .initiators = 2,
       .longest = 18000,
       .pause = 5000,
       .writes = 3},
      {.name = "streams_over_pseudo_channels",
       .standard = with_pseudo_channels(ddr4_2400()),
       .initiators = 2,
       .longest = 14000,
       .pause = 2000,
       .writes = 3,
       .controller = {.read_entries = 64,
                      .write_entries = 64,
                      .starvation_limit = DramCycles(10'000),
                      .refresh_blocks = RefreshBlocks::Refreshed,
                      .postponed_refreshes = 4,
                      .power_down = DramCycles(15)},
       .mapping = DramMapping::BankGroupInterleaved},
      {.name = "streams_to_sleeping_ranks",
       .standard = two_ranks_with_groups(),
       .initiators = 3,
       .longest = 2500,
       .region = 1 << 14,
       .pause = 700,
       .writes = 3,
       .controller = {.power_down = DramCycles(5)}},
      {.name = "streams",
       .standard = ddr3_2133(),
       .initiators = 2,
       .longest = 9000,
       .pause = 2500,
       .writes = 2},
      {.name = "policies",
       .standard = groups,
       .channels = 2,
       .initiators = 3,
       .longest = 3000,
       .pause = 500,
       .writes = 4,
       .controller = all_policies()},
      {.name = "rewrites",
       .standard = ddr3_1600(),
       .initiators = 2,
       .longest = 1500,
       .region = 4096,
       .writes = 6},
      {.name = "two_ranks_far_apart",
       .standard = far_apart,
       .longest = 100,
       .region = 1 << 16,
       .writes = 5},
      {.name = "same_bank",
       .standard = groups,
       .initiators = 2,
       .queue_depth = 4,
       .longest = 100,
       .region = 1024,
       .pause = 60,
       .writes = 5},
  };
}

INSTANTIATE_TEST_SUITE_P(Dram, RandomTraffic, ::testing::ValuesIn(mixes()),
                         [](const auto& mix) { return mix.param.name; });

}  // namespace
}  // namespace systole::testing
