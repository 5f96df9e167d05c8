#include "sim/dram/dram_channel.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "arch/diag/error.h"
#include "tests/dram/dram_specs.h"

namespace systole::testing {
namespace {

using enum DramCommandKind;

/// DDR3-1600 unless told otherwise: nRCD = nRP = nCL = 11, nCWL 8, nBL = nCCD 4, nRAS 28, nRC 39,
/// nRRD 5, nFAW 24, nWTR 6, nWR 12, nRTP 6, nRTW 9, nREFI 6240, nRFC 208.
class DramChannelTest : public ::testing::Test {
 protected:
  explicit DramChannelTest(const DramStandard& standard = ddr3_1600())
      : channel(standard.organization, standard.timing, {},
                [this](const DramCommand& command) { commands.push_back(command); }) {}

  /// The edge after the last beat.
  std::int64_t serve(DramOperation operation, int bank, std::int64_t row, std::int64_t bursts,
                     std::int64_t not_before) {
    const DramRun run{static_cast<BankIndex>(bank), static_cast<RowIndex>(row), bursts, operation};
    return channel.serve(run, DramCycles(not_before)).data_end.count();
  }
  std::int64_t read(int bank, std::int64_t row, std::int64_t bursts, std::int64_t not_before) {
    return serve(DramOperation::Read, bank, row, bursts, not_before);
  }
  std::int64_t write(int bank, std::int64_t row, std::int64_t bursts, std::int64_t not_before) {
    return serve(DramOperation::Write, bank, row, bursts, not_before);
  }
  [[nodiscard]] std::vector<std::int64_t> times(DramCommandKind kind) const {
    std::vector<std::int64_t> times;
    for (const DramCommand& command : commands) {
      if (command.kind == kind) {
        times.push_back(command.at.count());
      }
    }
    return times;
  }

  std::vector<DramCommand> commands;
  DramChannel channel;
};

using Times = std::vector<std::int64_t>;

TEST_F(DramChannelTest, ReadOfAClosedBankTakesActivateLatencyAndBurst) {
  EXPECT_EQ(read(0, 5, 1, 0), 11 + 11 + 4);
  EXPECT_EQ(times(Activate), (Times{0}));
  EXPECT_EQ(times(Read), (Times{11}));
  EXPECT_EQ(channel.counters().row_misses, 1);
}

TEST_F(DramChannelTest, HitTakesLatencyAndBurst) {
  read(0, 5, 1, 0);
  EXPECT_EQ(read(0, 5, 1, 100), 100 + 11 + 4);
  EXPECT_EQ(channel.counters().row_hits, 1);
}

TEST_F(DramChannelTest, ConflictAddsPrecharge) {
  read(0, 5, 1, 0);
  EXPECT_EQ(read(0, 6, 1, 100), 100 + 11 + 11 + 11 + 4);
  EXPECT_EQ(channel.counters().row_conflicts, 1);
  EXPECT_EQ(channel.counters().precharges, 1);
}

TEST_F(DramChannelTest, RowStaysOpenForItsActiveTime) {
  read(0, 5, 1, 0);
  // PRE at max(12, ACT 0 + nRAS 28, RD 11 + nRTP 6) = 28; ACT at 28 + nRP = 0 + nRC = 39.
  EXPECT_EQ(read(0, 6, 1, 12), 39 + 11 + 11 + 4);
  EXPECT_EQ(times(Precharge), (Times{28}));
}

TEST_F(DramChannelTest, LateReadHoldsThePrecharge) {
  read(0, 5, 1, 0);
  read(0, 5, 1, 100);
  // RD at 100, so PRE at 100 + nRTP.
  EXPECT_EQ(read(0, 6, 1, 101), 106 + 11 + 11 + 11 + 4);
}

TEST_F(DramChannelTest, WriteRecoversBeforeThePrecharge) {
  EXPECT_EQ(write(0, 5, 1, 0), 11 + 8 + 4);
  // WR at 11: data end 23, PRE at 23 + nWR 12.
  EXPECT_EQ(read(0, 6, 1, 12), 35 + 11 + 11 + 11 + 4);
}

TEST_F(DramChannelTest, BurstsOfARunFollowWithoutAGap) {
  EXPECT_EQ(read(0, 5, 128, 0), 11 + 11 + 128 * 4);
  EXPECT_EQ(channel.counters().row_hits, 127);
  EXPECT_EQ(channel.counters().data_bus_busy, DramCycles(512));
}

TEST_F(DramChannelTest, ReadWaitsForTheWriteToTurnAround) {
  write(0, 5, 1, 0);
  // WR 11 + nCWL 8 + nBL 4 + nWTR 6 = 29.
  EXPECT_EQ(read(0, 5, 1, 12), 29 + 11 + 4);
}

TEST_F(DramChannelTest, WriteWaitsForTheReadToTurnAround) {
  read(0, 5, 1, 0);
  // RD 11 + nRTW 9 = 20.
  EXPECT_EQ(write(0, 5, 1, 12), 20 + 8 + 4);
}

TEST_F(DramChannelTest, ActivatesKeepTheirDistanceAndTheFifthWaitsForTheWindow) {
  for (int bank = 0; bank < 6; ++bank) {
    read(bank, 0, 1, 0);
  }
  // nRRD 5 each; the fifth nFAW 24 after the first, the sixth nFAW after the second.
  EXPECT_EQ(times(Activate), (Times{0, 5, 10, 15, 24, 29}));
  EXPECT_EQ(times(Read), (Times{11, 16, 21, 26, 35, 40}));
}

TEST_F(DramChannelTest, ActivateHidesBehindTheDataOfTheRunBefore) {
  read(0, 0, 128, 0);
  // RDs of bank 0 at 11 .. 11 + 127 * 4 = 519; bank 1's row opens meanwhile.
  EXPECT_EQ(read(1, 0, 1, 500), 523 + 11 + 4);
  EXPECT_EQ(times(Activate), (Times{0, 500}));
}

TEST_F(DramChannelTest, LastBurstBeforeARefreshIsOneCycleBeforeItIsDue) {
  // ACT 6228, RD 6239 = nREFI - 1.
  EXPECT_EQ(read(0, 0, 1, 6228), 6239 + 11 + 4);
  EXPECT_EQ(times(Refresh), (Times{}));
}

TEST_F(DramChannelTest, BurstOfTheDueCycleWaitsForTheRefresh) {
  // RD would be at 6240; so REF at 6240, ACT at 6240 + nRFC 208, RD at 6459.
  EXPECT_EQ(read(0, 0, 1, 6229), 6240 + 208 + 11 + 11 + 4);
  EXPECT_EQ(times(Refresh), (Times{6240}));
  EXPECT_EQ(times(Activate), (Times{6448}));
}

TEST_F(DramChannelTest, RefreshSplitsARun) {
  // ACT 6200, RDs 6211, 6215, ... 6239 (eight of them), then the refresh.
  // PREA at max(6240, 6200 + nRAS 28, 6239 + nRTP 6) = 6245, REF at 6256, ACT at 6464, RD 6475.
  EXPECT_EQ(read(0, 0, 10, 6200), 6475 + 4 + 11 + 4);
  EXPECT_EQ(times(Precharge), (Times{6245}));
  EXPECT_EQ(times(Refresh), (Times{6256}));
  EXPECT_EQ(times(Activate), (Times{6200, 6464}));
  EXPECT_EQ(times(Read), (Times{6211, 6215, 6219, 6223, 6227, 6231, 6235, 6239, 6475, 6479}));
  EXPECT_EQ(channel.counters().row_misses, 2);
  EXPECT_EQ(channel.counters().row_hits, 8);
}

TEST_F(DramChannelTest, IdleRefreshesAreCarriedOutLazily) {
  read(0, 0, 1, 0);
  channel.refresh_until(DramCycles(18720 - 1));
  EXPECT_EQ(channel.counters().refreshes, 2);
  channel.refresh_until(DramCycles(18720));
  EXPECT_EQ(channel.counters().refreshes, 3);
  // The first closes the row (PRE 6240, REF 6251); the others find every bank closed.
  EXPECT_EQ(times(Precharge), (Times{6240}));
  EXPECT_EQ(times(Refresh), (Times{6251, 12480, 18720}));
  // A read in the middle of a refresh waits for its end: 18720 + 208.
  EXPECT_EQ(read(0, 0, 1, 18800), 18928 + 11 + 11 + 4);
}

TEST_F(DramChannelTest, SilentCopyLeavesTheChannelAlone) {
  DramChannel copy = channel.silent_copy();
  copy.refresh_until(DramCycles(6240));
  EXPECT_EQ(copy.counters().refreshes, 1);
  EXPECT_EQ(channel.counters().refreshes, 0);
  EXPECT_THAT(commands, ::testing::IsEmpty());
}

/// Two ranks of two groups of two banks; nRCD 16, nCL 17, nCWL 12, nBL 4, nCCD 4/6, nRRD 5/7,
/// nWTR 3/9. Bank = 4 * rank + 2 * group + bank.
class DramChannelGroupsTest : public DramChannelTest {
 protected:
  DramChannelGroupsTest() : DramChannelTest(two_ranks_with_groups()) {
    for (const int bank : {0, 1, 2, 4}) {
      write(bank, 0, 1, 0);
    }
    commands.clear();
  }
};

TEST_F(DramChannelGroupsTest, BurstsOfOneGroupAreFurtherApart) {
  EXPECT_EQ(read(0, 0, 3, 200), 200 + 2 * 6 + 17 + 4);
  read(1, 0, 1, 200);  // same group: nCCD_L after 212
  read(2, 0, 1, 200);  // other group: nCCD_S later
  read(4, 0, 1, 200);  // other rank: nBL + 2
  EXPECT_EQ(times(Read), (Times{200, 206, 212, 218, 222, 228}));
}

TEST_F(DramChannelGroupsTest, WriteToReadDependsOnTheGroupAndTheRank) {
  write(0, 0, 1, 200);
  DramChannel other_group = channel;
  DramChannel other_rank = channel;
  // Same group: 200 + nCWL 12 + nBL 4 + nWTR_L 9.
  EXPECT_EQ(read(1, 0, 1, 200), 225 + 17 + 4);
  // Other group: nWTR_S 3.
  const auto from = DramCycles(200);
  EXPECT_EQ(other_group.serve({BankIndex{2}, RowIndex{0}, 1, DramOperation::Read}, from).data_end,
            DramCycles(219 + 17 + 4));
  // Other rank: its data may start two cycles after the end of the data at 216.
  EXPECT_EQ(other_rank.serve({BankIndex{4}, RowIndex{0}, 1, DramOperation::Read}, from).data_end,
            DramCycles(216 + 2 + 4));
}

std::string message_of(const DramStandard& standard) {
  try {
    const DramChannel channel(standard.organization, standard.timing);
  } catch (const InternalError& error) {
    return error.what();
  }
  return "no error";
}

TEST(DramChannelLimits, RefusesARefreshIntervalWithoutRoomForABurst) {
  DramStandard standard = ddr3_1600();
  // Close 28 + 11, open 208 + 11, turn 8 + 4 + 6, nRC 39: 315.
  standard.timing.nREFI = DramCycles(315);
  EXPECT_THAT(message_of(standard),
              ::testing::HasSubstr("nREFI 315 leaves no time for a burst between refreshes: a "
                                   "refresh and a burst take up to 315"));
  standard.timing.nREFI = DramCycles(316);
  EXPECT_EQ(message_of(standard), "no error");
  standard.timing.nBL = DramCycles(0);
  EXPECT_THAT(message_of(standard),
              ::testing::HasSubstr("a burst takes at least a cycle, got nBL 0"));
}

}  // namespace
}  // namespace systole::testing
