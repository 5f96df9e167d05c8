#include "sim/dram/dram_system.h"

#include <algorithm>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "arch/diag/error.h"
#include "tests/dram/dram_specs.h"
#include "tests/dram/dram_traffic.h"

namespace systole::testing {
namespace {

using enum DramOperation;

std::int64_t last_of(const std::vector<std::int64_t>& ends) {
  return *std::max_element(ends.begin(), ends.end());
}

std::string message_of(DramSystem& system, const DramSpan& span) {
  try {
    system.submit(span, DramCycles(0));
  } catch (const InternalError& error) {
    return error.what();
  }
  return "no error";
}

TEST(DramSystem, StreamWithoutRefreshKeepsTheBusFull) {
  DramSystem system(memory_of(without_refresh(ddr3_2133()), 2));
  // 1 MiB in each of two channels: 16384 bursts of 4 cycles after nRCD 14 and nCL 14.
  const auto ends = drive(system, {{0, Read, 0, 2 << 20, 0}});
  EXPECT_EQ(ends.at(0), 14 + 14 + 16384 * 4);
  EXPECT_EQ(system.counters(DramCycles(0)).row_misses, 2 * 8);       // first visit of each bank
  EXPECT_EQ(system.counters(DramCycles(0)).row_conflicts, 2 * 120);  // 128 rows a channel
}

TEST(DramSystem, StreamOnTwoChannelsLosesTheShareOfTheRefreshes) {
  const DramSpec spec = memory_of(ddr3_2133(), 2);
  DramSystem system(spec);
  const auto ends = drive(system, {{0, Read, 0, 4 << 20, 0}});
  // 2 MiB in each channel: 32768 bursts, one every 4 cycles, the first RD at nRCD 14. A refresh
  // stops them: PREA nRTP 8 after the last RD, or nRAS 36 after the last ACT, which was nRCD 14
  // before the first RD of that row; then nRP 14 (REF), nRFC 278 (ACT), nRCD 14 (next RD).
  std::int64_t first_read = 14;
  std::int64_t bursts = 0;
  std::int64_t refreshes = 0;
  for (std::int64_t due = 8320; first_read + (32768 - bursts - 1) * 4 >= due; due += 8320) {
    const std::int64_t before = ceil_div(due - first_read, 4);
    bursts += before;
    const std::int64_t of_the_row = (bursts - 1) % 128;  // RDs after the row's first
    const std::int64_t close = std::max<std::int64_t>(8, 36 - 14 - of_the_row * 4);
    first_read += (before - 1) * 4 + close + 14 + 278 + 14;
    ++refreshes;
  }
  EXPECT_EQ(refreshes, 16);
  EXPECT_EQ(ends.at(0), first_read + (32768 - bursts - 1) * 4 + 14 + 4);
  EXPECT_EQ(system.counters(DramCycles(ends.at(0))).refreshes, 2 * 16);
}

TEST(DramSystem, StreamOnTwoChannelsReachesTheEfficiencyThatRefreshLeaves) {
  DramSystem system(memory_of(ddr3_2133(), 2));
  const std::int64_t end = drive(system, {{0, Read, 0, 4 << 20, 0}}).at(0);
  // In the long run a refresh costs 8 + 14 + 278 + 14 - 4 = 310 cycles: 1 - 310 / 8320 = 96.3 %.
  const std::int64_t bus_cycles = std::int64_t{32768} * 4;  // of each channel
  EXPECT_GE(bus_cycles * 1000, end * 962);
  EXPECT_LE(bus_cycles * 1000, end * 964);
}

TEST(DramSystem, PartialBurstsMoveWholeBursts) {
  DramSystem system(memory_of(ddr3_1600(), 2));
  // Bytes 250 .. 320: the last burst of block 0 (channel 0), two of block 1 (channel 1).
  drive(system, {{0, Read, 250, 71, 0}, {0, Write, 320, 1, 0}});
  const DramCounters counters = system.counters(DramCycles(1000));
  EXPECT_EQ(counters.reads, 3);
  EXPECT_EQ(counters.read_bytes, 71);
  EXPECT_EQ(counters.writes, 1);
  EXPECT_EQ(counters.write_bytes, 1);
  EXPECT_EQ(counters.data_bus_busy, DramCycles(16));
}

TEST(DramSystem, SpanIsOverWithItsLastPart) {
  DramSystem system(memory_of(ddr3_1600(), 2));
  EXPECT_EQ(system.submit({SpanId{1}, {}, Read, 192, Bytes(192)}, DramCycles(0)), 2);
  const std::vector<FinishedPart> parts = system.choose(DramCycles(0));
  // One burst in channel 0, two in channel 1.
  EXPECT_EQ(parts, (std::vector<FinishedPart>{{SpanId{1}, ChannelIndex{0}, DramCycles(26)},
                                              {SpanId{1}, ChannelIndex{1}, DramCycles(30)}}));
}

TEST(DramSystem, InitiatorsTakeTurnsByRun) {
  // Two streams of four rows each, in different banks; 128 bursts of 4 cycles a run.
  DramSystem system(memory_of(without_refresh(ddr3_1600()), 1));
  const std::int64_t row = 8192;
  const auto ends = drive(
      system, {{0, Read, 0, 4 * row, 0}, {1, Read, 4 * row, 4 * row, 0}, {2, Read, 0, 64, 100}});
  // Initiator 2 has the row of initiator 0's first run. Chosen after runs 0 and 1 (its one burst
  // waits for 2 * 512 cycles of data), it is a hit: nRCD + nCL + 1024 + 4.
  EXPECT_EQ(ends.at(2), 11 + 11 + 1024 + 4);
  // Then runs 0 1 0 1 0 1: initiator 0 ends with the seventh row run, initiator 1 one later.
  EXPECT_EQ(ends.at(0), 11 + 11 + 7 * 512 + 4);
  EXPECT_EQ(ends.at(1), 11 + 11 + 8 * 512 + 4);
}

TEST(DramSystem, ChoosesNoEarlierThanItNeeds) {
  DramSystem system(memory_of(without_refresh(ddr3_1600()), 1));
  system.submit({SpanId{0}, {}, Read, 0, Bytes(16384)}, DramCycles(5));
  EXPECT_EQ(system.next_choice(), DramCycles(5));
  EXPECT_TRUE(system.choose(DramCycles(5)).empty());
  // RDs at 16 .. 16 + 127 * 4 = 524; the next could be at 528; nRP + nRCD before: 506.
  EXPECT_EQ(system.next_choice(), DramCycles(506));
  EXPECT_TRUE(system.choose(DramCycles(505)).empty());
  EXPECT_EQ(system.choose(DramCycles(506)).at(0).at, DramCycles(528 + 127 * 4 + 11 + 4));
  EXPECT_EQ(system.next_choice(), std::nullopt);
}

TEST(DramSystem, QueueOfAnInitiatorFillsAndFreesByItsOwnParts) {
  const DramSpec spec = memory_of(without_refresh(ddr3_1600()), 2);
  DramSystem system(spec, 2);
  const auto span = [](int id, int initiator, std::int64_t address, std::int64_t length) {
    return DramSpan{static_cast<SpanId>(id), static_cast<InitiatorIndex>(initiator), Read, address,
                    Bytes(length)};
  };
  system.submit(span(0, 0, 0, 256), DramCycles(0));
  system.submit(span(1, 0, 512, 256), DramCycles(0));
  EXPECT_FALSE(system.has_room(span(2, 0, 0, 64)));     // channel 0 is full
  EXPECT_TRUE(system.has_room(span(2, 0, 256, 64)));    // channel 1 is not
  EXPECT_FALSE(system.has_room(span(2, 0, 256, 300)));  // touches both
  EXPECT_TRUE(system.has_room(span(2, 1, 0, 64)));      // another initiator
  EXPECT_THAT(message_of(system, span(2, 0, 0, 64)),
              ::testing::HasSubstr("the queue of initiator 0 is full"));
}

TEST(DramSystem, ChoiceOfTheLastRunFreesThePlaceOfItsPart) {
  DramSystem system(memory_of(without_refresh(ddr3_1600()), 1), 1);
  // Two rows: the part keeps its place until the second is chosen, at 506 (see above).
  const DramSpan span{SpanId{0}, {}, Read, 0, Bytes(16384)};
  system.submit(span, DramCycles(5));
  system.choose(DramCycles(5));
  EXPECT_FALSE(system.has_room(span));
  system.choose(DramCycles(506));
  EXPECT_TRUE(system.has_room(span));
}

TEST(DramSystem, QueuedSpansBackToBackAreAsFastAsOneSpan) {
  DramSystem system(memory_of(without_refresh(ddr3_1600()), 1));
  std::vector<Request> requests;
  requests.reserve(1024);
  for (std::int64_t index = 0; index < 1024; ++index) {
    requests.push_back({0, Read, index * 64, 64, 0});
  }
  EXPECT_EQ(last_of(drive(system, requests)), 11 + 11 + 1024 * 4);
}

TEST(DramSystem, RefreshesOfAnIdleMemoryAreCounted) {
  const DramSystem system(memory_of(ddr3_1600(), 4));
  EXPECT_EQ(system.counters(DramCycles(6239)).refreshes, 0);
  EXPECT_EQ(system.counters(DramCycles(6240)).refreshes, 4);
  EXPECT_EQ(system.counters(DramCycles(62400)).refreshes, 40);
}

TEST(DramSystem, RefusesWhatItsCallerMustPrevent) {
  using ::testing::HasSubstr;
  const DramSpec spec = memory_of(ddr3_1600(), 1);
  DramSystem system(spec, 1);
  EXPECT_THAT(message_of(system, {SpanId{0}, InitiatorIndex{3}, Read, 64, Bytes(0)}),
              HasSubstr("an empty span at address 64"));
  system.submit({SpanId{0}, InitiatorIndex{3}, Read, 64, Bytes(1)}, DramCycles(0));
  EXPECT_THAT(message_of(system, {SpanId{1}, InitiatorIndex{3}, Read, 64, Bytes(1)}),
              HasSubstr("the queue of initiator 3 is full"));
}

TEST(DramSystem, RefusesAQueueWithoutEntries) {
  try {
    const DramSystem system(memory_of(ddr3_1600(), 1), 0);
    FAIL();
  } catch (const InternalError& error) {
    EXPECT_THAT(error.what(), ::testing::HasSubstr("a queue needs an entry, got 0"));
  }
}

}  // namespace
}  // namespace systole::testing
