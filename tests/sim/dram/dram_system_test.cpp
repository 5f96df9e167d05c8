#include "sim/dram/dram_system.h"

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "arch/diag/error.h"
#include "tests/sim/dram/dram_specs.h"
#include "tests/sim/dram/dram_traffic.h"

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
  EXPECT_EQ(system.counters().row_misses, 2 * 8);       // first visit of each bank
  EXPECT_EQ(system.counters().row_conflicts, 2 * 120);  // 128 rows a channel
}

TEST(DramSystem, StreamOnTwoChannelsReachesTheEfficiencyThatRefreshLeaves) {
  DramSystem system(memory_of(ddr3_2133(), 2));
  const std::int64_t end = drive(system, {{0, Read, 0, 4 << 20, 0}}).at(0);
  // In the long run a refresh costs 8 + 14 + 278 + 14 - 4 = 310 cycles: 1 - 310 / 8320 = 96.3 %.
  const std::int64_t bus_cycles = std::int64_t{32768} * 4;  // of each channel
  EXPECT_GE(bus_cycles * 1000, end * 962);
  EXPECT_LE(bus_cycles * 1000, end * 964);
}

/// From arrival to response of one burst that arrives in cycle 1000, alone; in cycle 0 row `before`
/// of its bank was opened by a burst.
std::int64_t lone_burst(DramOperation operation, std::optional<std::int64_t> before) {
  DramSystem system(memory_of(without_refresh(ddr3_1600()), 1));
  constexpr std::int64_t kRow = 8 * 8192;  // of the same bank
  std::vector<Request> requests;
  if (before) {
    requests.push_back({0, Read, *before * kRow, 64, 0});
  }
  requests.push_back({0, operation, kRow + 640, 64, 1000});
  return drive(system, requests).back() - 1000;
}

TEST(DramSystem, LoneBurstTakesWhatItsRowNeeds) {
  // DDR3-1600: nRCD = nRP = nCL 11, nCWL 8, nBL 4.
  EXPECT_EQ(lone_burst(Read, 1), 11 + 4);
  EXPECT_EQ(lone_burst(Read, std::nullopt), 11 + 11 + 4);
  EXPECT_EQ(lone_burst(Read, 0), 11 + 11 + 11 + 4);
  EXPECT_EQ(lone_burst(Write, 1), 8 + 4);
  EXPECT_EQ(lone_burst(Write, std::nullopt), 11 + 8 + 4);
  EXPECT_EQ(lone_burst(Write, 0), 11 + 11 + 8 + 4);
}

TEST(DramSystem, RefreshHoldsTheRestOfARow) {
  std::vector<std::int64_t> cycles;
  DramSystem system(memory_of(ddr3_1600(), 1), DramSystem::kQueueDepth,
                    [&](const DramCommand& command) { cycles.push_back(command.at.count()); });
  system.decide(DramCycles(6199));
  system.submit({SpanId{0}, {}, Read, 0, Bytes(640)}, DramCycles(6200));
  const std::vector<FinishedSpan> spans = system.decide(DramCycles(6600));
  // ACT; seven RDs before the refresh falls due in 6240 - 1; PREA nRTP 6 after the last, REF nRP 11
  // later, ACT nRFC 208 later; three RDs.
  EXPECT_EQ(cycles, (std::vector<std::int64_t>{6200, 6211, 6215, 6219, 6223, 6227, 6231, 6235, 6241,
                                               6252, 6460, 6471, 6475, 6479}));
  EXPECT_EQ(spans, (std::vector<FinishedSpan>{{SpanId{0}, DramCycles(6479 + 11 + 4)}}));
  EXPECT_EQ(system.counters().row_misses, 2);
  EXPECT_EQ(system.counters().row_hits, 8);
}

TEST(DramSystem, PartialBurstsMoveWholeBursts) {
  DramSystem system(memory_of(ddr3_1600(), 2));
  // Bytes 250 .. 320: the last burst of block 0 (channel 0), two of block 1 (channel 1).
  drive(system, {{0, Read, 250, 71, 0}, {0, Write, 640, 1, 0}});
  const DramCounters counters = system.counters();
  EXPECT_EQ(counters.reads, 3);
  EXPECT_EQ(counters.read_bytes, 71);
  EXPECT_EQ(counters.writes, 1);
  EXPECT_EQ(counters.write_bytes, 1);
  EXPECT_EQ(counters.data_bus_busy, DramCycles(16));
}

TEST(DramSystem, SpanIsOverWithItsLastPart) {
  DramSystem system(memory_of(ddr3_1600(), 2));
  system.submit({SpanId{1}, {}, Read, 192, Bytes(192)}, DramCycles(0));
  // One burst in channel 0, which ends in cycle 26, two in channel 1.
  EXPECT_EQ(system.decide(DramCycles(100)),
            (std::vector<FinishedSpan>{{SpanId{1}, DramCycles(30)}}));
}

TEST(DramSystem, InitiatorsTakeTurnsByRun) {
  // Two streams of four rows each, in different banks, offered run by run in turn; a third asks
  // for one burst of the row of the first run.
  DramSystem system(memory_of(without_refresh(ddr3_1600()), 1));
  const std::int64_t row = 8192;
  const auto ends = drive(
      system, {{0, Read, 0, 4 * row, 0}, {1, Read, 4 * row, 4 * row, 0}, {2, Read, 0, 64, 100}});
  // All 8 * 128 + 1 bursts keep the data bus full: nRCD + nCL + 1025 * nBL.
  EXPECT_EQ(last_of(ends), 11 + 11 + 1025 * 4);
  // Initiator 2 waits until the runs before its own are accepted, which the buffer of 32 allows
  // when all but 32 of their 256 bursts have been read; its row is open, so it goes before those of
  // the rows to come: it ends within the buffer's 32 bursts after that.
  EXPECT_GT(ends.at(2), 11 + 11 + (256 - 32) * 4);
  EXPECT_LE(ends.at(2), 11 + 11 + (256 + 32) * 4);
  // Initiator 0 has its last run before initiator 1's last.
  EXPECT_LT(ends.at(0), ends.at(1));
}

TEST(DramSystem, NamesNoCycleBeforeTheNews) {
  DramSystem system(memory_of(without_refresh(ddr3_1600()), 1));
  system.submit({SpanId{0}, {}, Read, 0, Bytes(16384)}, DramCycles(5));
  // The last of 256 RDs is issued in 5 + nRCD 11 + 255 * 4 = 1036 and ends nCL + nBL later.
  std::int64_t asked = 0;
  for (std::vector<FinishedSpan> spans; spans.empty(); ++asked) {
    const DramCycles news = *system.next_news();
    ASSERT_LE(news, DramCycles(1036));
    spans = system.decide(news);
    if (!spans.empty()) {
      EXPECT_EQ(news, DramCycles(1036));
      EXPECT_EQ(spans.at(0).at, DramCycles(1036 + 11 + 4));
    }
  }
  EXPECT_LE(asked, 4);
  EXPECT_EQ(system.next_news(), std::nullopt);
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

TEST(DramSystem, AcceptanceOfTheLastBurstFreesThePlaceOfItsPart) {
  DramSystem system(memory_of(without_refresh(ddr3_1600()), 1), 1);
  // 34 bursts from cycle 5 on, one a cycle. The ACT frees the entry of the first (its burst is
  // active from then on), so 33 are accepted in cycles 5 to 37 while the RDs, from 16 on, free one
  // more every 4: the 34th is accepted in 38.
  const DramSpan span{SpanId{0}, {}, Read, 0, Bytes(34 * 64)};
  system.submit(span, DramCycles(5));
  system.decide(DramCycles(37));
  EXPECT_FALSE(system.has_room(span));
  system.decide(DramCycles(38));
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
  DramSystem system(memory_of(ddr3_1600(), 4));
  // The k-th falls due in cycle k * 6240 - 1.
  system.decide(DramCycles(6238));
  EXPECT_EQ(system.counters().refreshes, 0);
  system.decide(DramCycles(6239));
  EXPECT_EQ(system.counters().refreshes, 4);
  system.decide(DramCycles(62399));
  EXPECT_EQ(system.counters().refreshes, 40);
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
