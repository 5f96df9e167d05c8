/// The controller preset `ramulator2` against the logs and results of R.
#include "sim/dram/channel_replay.h"

#include <cctype>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/sim/dram/reference_data.h"

namespace systole::testing {
namespace {

std::string test_name(const ReferenceRun& run) {
  std::string name = fmt::format("{}_{}_{}_{}", run.config, run.mapping, run.pattern, run.window);
  for (char& letter : name) {
    letter = std::isalnum(static_cast<unsigned char>(letter)) != 0 ? letter : '_';
  }
  return name;
}

class Reference : public ::testing::TestWithParam<ReferenceRow> {};

TEST_P(Reference, CyclesCommandsAndLatenciesAreExactlyThoseOfR) {
  const ReferenceRow& row = GetParam();
  const DramStandard standard = as_reference_knew_it(shipped_standard(row.run.config));
  const DramRunResult result = replay(standard, shipped_controller("ramulator2"), row.run);
  EXPECT_EQ(result.cycles.count(), row.cycles);
  EXPECT_EQ(result.read_requests + result.write_requests, row.run.requests);
  EXPECT_EQ(result.activates, row.activates);
  EXPECT_EQ(result.precharges, row.precharges);
  EXPECT_EQ(result.precharges_all, row.precharges_all);
  EXPECT_EQ(result.refreshes, row.refreshes);
  const double period = static_cast<double>(standard.timing.tCK.count()) / 1e6;
  const auto in_ns = [&](DramCycles latency) {
    return static_cast<double>(latency.count()) * period;
  };
  const double printed = 0.000501;  // three decimals there
  const LatencyHistogram& latency = result.read_latency;
  EXPECT_NEAR(latency.mean() * period, row.latency_mean, printed);
  EXPECT_NEAR(in_ns(latency.quantile(50, 100)), row.latency_p50, printed);
  EXPECT_NEAR(in_ns(latency.quantile(99, 100)), row.latency_p99, printed);
  EXPECT_NEAR(in_ns(latency.max()), row.latency_max, printed);
}

INSTANTIATE_TEST_SUITE_P(Rows, Reference, ::testing::ValuesIn(reference_rows()),
                         [](const auto& test) { return test_name(test.param.run); });

class ReferenceRequests : public ::testing::TestWithParam<ReferenceLog> {};

TEST_P(ReferenceRequests, AreAcceptedAndCompletedInTheCyclesOfR) {
  const ReferenceLog& log = GetParam();
  std::vector<CompletedBurst> bursts(log.tokens.size());
  (void)replay(shipped_standard(log.run.config), shipped_controller("ramulator2"), log.run, {},
               [&](ChannelIndex, const CompletedBurst& burst) {
                 bursts.at(static_cast<std::size_t>(burst.id)) = burst;
               });
  DramCycles before{0};
  for (std::size_t index = 0; index < bursts.size(); ++index) {
    const CompletedBurst& burst = bursts[index];
    EXPECT_EQ(fmt::format("{}+{}", (burst.accepted - before).count(),
                          (burst.at - burst.accepted).count()),
              log.tokens[index])
        << "request " << index;
    before = burst.accepted;
  }
}

INSTANTIATE_TEST_SUITE_P(Logs, ReferenceRequests,
                         ::testing::ValuesIn(reference_logs("reference_requests.txt")),
                         [](const auto& test) { return test_name(test.param.run); });

std::string token(const DramCommand& command, DramCycles before, const DramOrganization& shape) {
  const std::int64_t bank = static_cast<std::int64_t>(command.bank);
  const std::string at = fmt::format("{}.{}", bank / shape.banks_per_group % shape.bank_groups,
                                     bank % shape.banks_per_group);
  const std::int64_t since = (command.at - before).count();
  const auto row = static_cast<std::int64_t>(command.row);
  switch (command.kind) {
    case DramCommandKind::Precharge:
      return fmt::format("{}PRE{}:{}", since, at, row);
    case DramCommandKind::Activate:
      return fmt::format("{}ACT{}:{}", since, at, row);
    case DramCommandKind::Read:
      return fmt::format("{}RD{}", since, at);
    case DramCommandKind::Write:
      return fmt::format("{}WR{}", since, at);
    case DramCommandKind::PrechargeAll:
      return fmt::format("{}PREA", since);
    case DramCommandKind::Refresh:
      return fmt::format("{}REF", since);
    case DramCommandKind::RefreshBank:
      return fmt::format("{}REFpb{}", since, at);
    case DramCommandKind::PowerDown:
      return fmt::format("{}PDE", since);
    case DramCommandKind::PowerUp:
      return fmt::format("{}PDX", since);
  }
  return "";
}

class ReferenceCommands : public ::testing::TestWithParam<ReferenceLog> {};

/// The logs hold the beginning of a run and, for rand_rd, the commands around its first refresh:
/// a jump in time that only this test's reader must follow.
TEST_P(ReferenceCommands, AreThoseOfRInTheCyclesOfR) {
  const ReferenceLog& log = GetParam();
  const DramStandard standard = shipped_standard(log.run.config);
  std::vector<DramCommand> commands;
  (void)replay(standard, shipped_controller("ramulator2"), log.run,
               [&](const DramCommand& command) { commands.push_back(command); });
  DramCycles before{0};
  std::size_t next = 0;
  for (const std::string& expected : log.tokens) {
    const DramCycles at = before + DramCycles(std::stoll(expected));
    while (next < commands.size() && commands[next].at < at && at - before > standard.timing.nRFC) {
      ++next;
    }
    ASSERT_LT(next, commands.size());
    EXPECT_EQ(token(commands[next], before, standard.organization), expected) << "command " << next;
    before = at;
    ++next;
  }
}

INSTANTIATE_TEST_SUITE_P(Logs, ReferenceCommands,
                         ::testing::ValuesIn(reference_logs("reference_commands.txt")),
                         [](const auto& test) { return test_name(test.param.run); });

}  // namespace
}  // namespace systole::testing
