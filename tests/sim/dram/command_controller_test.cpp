/// Random traffic under many policies: the event-driven controller against the cycle-by-cycle
/// oracle, and its commands against JEDEC's rules.
#include "sim/dram/command_controller.h"

#include <cctype>
#include <ostream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/sim/dram/command_checker.h"
#include "tests/sim/dram/controller_oracle.h"
#include "tests/sim/dram/dram_specs.h"
#include "tests/sim/dram/random_traffic.h"
#include "tests/sim/dram/reference_data.h"

namespace systole::testing {
namespace {

struct Policy {
  std::string name;
  DramControllerSpec spec;
};

std::vector<Policy> policies() {
  const DramControllerSpec plain;
  std::vector<Policy> all{{"plain", plain}};
  const auto add = [&](const std::string& name, const auto& change) {
    all.push_back({name, plain});
    change(all.back().spec);
  };
  add("as_reads", [](auto& spec) { spec.rank_turnaround = RankTurnaround::AsReads; });
  add("small", [](auto& spec) {
    spec.read_entries = 3;
    spec.write_entries = 5;
    spec.drain_above = 60;
    spec.drain_below = 30;
  });
  add("starving", [](auto& spec) { spec.starvation_limit = DramCycles(150); });
  add("closed", [](auto& spec) { spec.page_policy = PagePolicy::Closed; });
  add("timeout", [](auto& spec) {
    spec.page_policy = PagePolicy::Timeout;
    spec.page_timeout = DramCycles(60);
  });
  add("postponed", [](auto& spec) {
    spec.postponed_refreshes = 8;
    spec.refresh_blocks = RefreshBlocks::Refreshed;
  });
  add("per_bank", [](auto& spec) {
    spec.refresh = RefreshKind::PerBank;
    spec.refresh_blocks = RefreshBlocks::Refreshed;
    spec.postponed_refreshes = 1;
  });
  add("power_down", [](auto& spec) {
    spec.power_down = DramCycles(25);
    spec.refresh_blocks = RefreshBlocks::Refreshed;
    spec.postponed_refreshes = 2;
  });
  add("all_at_once", [](auto& spec) {
    spec.power_down = DramCycles(10);
    spec.refresh = RefreshKind::PerBank;
    spec.refresh_blocks = RefreshBlocks::Refreshed;
    spec.page_policy = PagePolicy::Timeout;
    spec.page_timeout = DramCycles(40);
    spec.starvation_limit = DramCycles(300);
    spec.postponed_refreshes = 2;
  });
  // Every value at its ends.
  add("drain_to_the_last", [](auto& spec) { spec.drain_below = 0; });
  add("drain_at_once", [](auto& spec) { spec.drain_above = spec.drain_below = 0; });
  add("drain_when_full", [](auto& spec) { spec.drain_above = 100; });
  add("drain_one", [](auto& spec) { spec.drain_above = spec.drain_below = 100; });
  add("one_entry", [](auto& spec) {
    spec.read_entries = spec.write_entries = 1;
    spec.drain_below = 0;
  });
  add("one_cycle", [](auto& spec) {
    spec.read_entries = spec.write_entries = 1;
    spec.drain_above = spec.drain_below = 100;
    spec.starvation_limit = DramCycles(1);
    spec.page_policy = PagePolicy::Timeout;
    spec.page_timeout = DramCycles(1);
    spec.power_down = DramCycles(1);
  });
  add("most", [](auto& spec) {
    spec.read_entries = spec.write_entries = 1024;
    spec.drain_above = 100;
    spec.drain_below = 0;
    spec.starvation_limit = DramCycles(1'000'000);
    spec.page_policy = PagePolicy::Timeout;
    spec.page_timeout = DramCycles(1'000'000);
    spec.power_down = DramCycles(1'000'000);
    spec.postponed_refreshes = 8;
  });
  add("no_refresh_closed", [](auto& spec) {
    spec.refresh = RefreshKind::Off;
    spec.page_policy = PagePolicy::Closed;
    spec.drain_below = 0;
    spec.starvation_limit = DramCycles(1);
  });
  return all;
}

/// Rows few, refreshes often and of single banks too: every rule at work within a few thousand
/// cycles.
DramStandard hurried(DramStandard standard) {
  standard.channels = 1;
  standard.timing.nREFI = std::max(DramCycles(700), standard.timing.nRFC * 3);
  standard.timing.nRFCpb = standard.timing.nRFC / 3;
  standard.timing.nPBR2PBR = standard.timing.nRFCpb / 2;
  return standard;
}

struct Mix {
  std::string config;
  Policy policy;
  std::int64_t window = 0;

  friend std::ostream& operator<<(std::ostream& out, const Mix& mix) {
    return out << mix.config << ' ' << mix.policy.name << ' ' << mix.window;
  }
};

std::vector<Mix> mixes() {
  std::vector<Mix> all;
  std::int64_t window = 0;
  for (const char* const config :
       {"DDR3-1600", "DDR4-2400-2rank", "LPDDR4-3200", "GDDR5-6000", "HBM1-1000", "HBM2-2000-pc"}) {
    for (const Policy& policy : policies()) {
      all.push_back({config, policy, window++ % 3 * 9});
    }
  }
  return all;
}

std::string name_of(const ::testing::TestParamInfo<Mix>& test) {
  std::string name = test.param.config + "_" + test.param.policy.name;
  for (char& letter : name) {
    letter = std::isalnum(static_cast<unsigned char>(letter)) != 0 ? letter : '_';
  }
  return name;
}

class RandomTraffic : public ::testing::TestWithParam<Mix> {};

TEST_P(RandomTraffic, HasTheCommandsAndCompletionsOfTheCycleByCycleOracle) {
  const Mix& mix = GetParam();
  const DramStandard standard = hurried(shipped_standard(mix.config));
  const BitFieldMap map(standard, *address_order("bgi"));
  constexpr std::int64_t kBursts = 500;
  for (std::uint64_t seed = 1; seed <= 2; ++seed) {
    RandomBursts slow(map, kBursts, seed);
    const ControllerOracleResult expected =
        controller_oracle(standard, mix.policy.spec, map, mix.window, slow);
    RandomBursts fast(map, kBursts, seed);
    std::vector<DramCommand> commands;
    std::vector<CompletedBurst> completions(kBursts);
    const DramRunResult observed = replay_channel(
        standard, mix.policy.spec, map, 0, mix.window, fast,
        [&](const DramCommand& command) { commands.push_back(command); },
        [&](ChannelIndex, const CompletedBurst& burst) {
          completions.at(static_cast<std::size_t>(burst.id)) = burst;
        });
    ASSERT_EQ(expected.completions.size(), static_cast<std::size_t>(kBursts));
    for (std::size_t index = 0; index < std::min(commands.size(), expected.commands.size());
         ++index) {
      ASSERT_EQ(commands[index], expected.commands[index])
          << "command " << index << " of seed " << seed << ": kind "
          << static_cast<int>(commands[index].kind) << " at " << commands[index].at.count()
          << ", expected kind " << static_cast<int>(expected.commands[index].kind) << " at "
          << expected.commands[index].at.count();
    }
    EXPECT_EQ(commands.size(), expected.commands.size());
    for (std::size_t index = 0; index < completions.size(); ++index) {
      ASSERT_EQ(completions[index].at, expected.completions[index].at) << index;
      ASSERT_EQ(completions[index].accepted, expected.completions[index].accepted) << index;
    }
    // Unobserved, idle times are gone over in one go.
    RandomBursts unseen(map, kBursts, seed);
    EXPECT_EQ(replay_channel(standard, mix.policy.spec, map, 0, mix.window, unseen), observed);
  }
}

INSTANTIATE_TEST_SUITE_P(Policies, RandomTraffic, ::testing::ValuesIn(mixes()), name_of);

class JedecRules : public ::testing::TestWithParam<Mix> {};

TEST_P(JedecRules, AreKeptByEveryCommand) {
  const Mix& mix = GetParam();
  const DramStandard standard = hurried(shipped_standard(mix.config));
  const BitFieldMap map(standard, *address_order("lin"));
  RandomBursts bursts(map, 10'000, 7);
  CommandChecker checker(standard);
  (void)replay_channel(standard, mix.policy.spec, map, 0, mix.window, bursts,
                       [&](const DramCommand& command) { checker.observe(command); });
  EXPECT_GT(checker.commands(), 10'000);
  EXPECT_EQ(checker.lines(), std::vector<std::string>{});
}

/// Bursts of ranks that turn as reads overlap on purpose: AsReadsOverlapsOnTheDataBusOfTwoRanks.
std::vector<Mix> lawful_mixes() {
  std::vector<Mix> lawful = mixes();
  std::erase_if(lawful, [](const Mix& mix) {
    return mix.policy.spec.rank_turnaround == RankTurnaround::AsReads;
  });
  return lawful;
}

INSTANTIATE_TEST_SUITE_P(Policies, JedecRules, ::testing::ValuesIn(lawful_mixes()), name_of);

TEST(JedecRulesOfR, AsReadsOverlapsOnTheDataBusOfTwoRanks) {
  const DramStandard standard = shipped_standard("DDR4-2400-2rank");
  const BitFieldMap map(standard, *address_order("bgi"));
  RandomBursts bursts(map, 10'000, 7);
  CommandChecker checker(standard);
  (void)replay_channel(standard, shipped_controller("ramulator2"), map, 0, 0, bursts,
                       [&](const DramCommand& command) { checker.observe(command); });
  ASSERT_GT(checker.violations(), 0);
  for (const std::string& line : checker.lines()) {
    EXPECT_EQ(line.substr(0, 8), "data bus");
  }
}

TEST(Starvation, IsBounded) {
  DramStandard standard = without_refresh(shipped_standard("DDR4-2400"));
  const BitFieldMap map(standard, *address_order("lin"));
  // Row 0 of bank 0 for ever, and one read of its row 1.
  class Stream : public BurstSource {
   public:
    explicit Stream(std::int64_t row_bytes) : row_bytes_(row_bytes) {}
    std::optional<TimedBurst> next() override {
      constexpr std::int64_t kLength = 2000;
      const std::int64_t index = index_++;
      if (index == kLength) {
        return std::nullopt;
      }
      return TimedBurst{{index == 50 ? row_bytes_ : index % 128 * 64, DramOperation::Read}, {}};
    }

   private:
    std::int64_t row_bytes_;
    std::int64_t index_ = 0;
  };
  const auto latency = [&](std::int64_t limit) {
    DramControllerSpec spec;
    spec.starvation_limit = DramCycles(limit);
    Stream stream(standard.organization.row_bytes().count() * 16);  // the next row of the bank
    DramCycles longest{0};
    (void)replay_channel(standard, spec, map, 0, 0, stream, {},
                         [&](ChannelIndex, const CompletedBurst& burst) {
                           longest = std::max(longest, burst.at - burst.accepted);
                         });
    return longest.count();
  };
  // 1949 bursts 6 cycles apart go first where nothing bounds it.
  EXPECT_GT(latency(0), 1900 * 6);
  const DramTiming& t = standard.timing;
  // At most the limit, a last read and its way to the precharge, and the burst of a conflict; one
  // cycle because the limit is to be exceeded.
  const std::int64_t conflict = (t.nRP + t.nRCD + t.nCL + t.nBL).count();
  EXPECT_LE(latency(500), 500 + 1 + t.nRTP.count() + conflict);
  EXPECT_GT(latency(500), 500 + conflict);
}

}  // namespace
}  // namespace systole::testing
