#include "sim/dma/dma_engine.h"

#include <gtest/gtest.h>

#include "tests/sim/support/program_builder.h"
#include "tests/sim/support/run_core.h"
#include "tests/sim/support/small_chip.h"

namespace systole::testing {
namespace {

// The fake memory: latency 20 cycles, then 4 bytes a cycle. Requests of 16 bytes take 4 cycles
// there and 2 port accesses of 8 bytes at the buffer. Issue costs 3 cycles.
constexpr std::int64_t kIssue = 3;
constexpr std::int64_t kLatency = 20;
constexpr std::int64_t kMove = 4;
constexpr std::int64_t kPort = 2;

Femtoseconds at_cycle(std::int64_t cycle) {
  return Femtoseconds(cycle * 1'000'000);
}

TEST(DmaIn, CompletesWhenTheLastRequestIsInTheBuffer) {
  ProgramBuilder builder;
  builder.add(EngineKind::DmaIn, transfer_of(true, 0, 0, 32));
  const CoreRun run = run_core(small_chip(), builder.program());
  EXPECT_EQ(run.elapsed(), kIssue + kLatency + 2 * kMove + kPort);
  // 32 bytes at the memory's 12.8 bytes per cycle: 2.5, rounded up.
  EXPECT_EQ(run.cycles(EngineKind::DmaIn, Cause::Busy), 3);
  EXPECT_EQ(run.cycles(EngineKind::DmaIn, Cause::Memory), run.elapsed() - 3);
  EXPECT_EQ(run.counters.layers[0].dram_read_bytes, 32);
  EXPECT_EQ(run.counters.actions.buffer_writes, 4);
}

TEST(DmaIn, KeepsOnlyTheAllowedRequestsInFlight) {
  ProgramBuilder builder;
  builder.add(EngineKind::DmaIn, transfer_of(true, 0, 0, 64));
  const CoreRun run = run_core(small_chip(), builder.program());  // 2 outstanding
  ASSERT_EQ(run.requests.size(), 4U);
  EXPECT_EQ(run.requests[0].time, at_cycle(kIssue));
  EXPECT_EQ(run.requests[1].time, at_cycle(kIssue));
  const std::int64_t first_done = kIssue + kLatency + kMove + kPort;
  EXPECT_EQ(run.requests[2].time, at_cycle(first_done));
  EXPECT_EQ(run.requests[3].time, at_cycle(first_done + kMove));
}

TEST(DmaIn, RoundsTheResponseUpToACoreCycle) {
  ProgramBuilder builder;
  builder.add(EngineKind::DmaIn, transfer_of(true, 0, 0, 8));
  FakeMemoryRule rule;
  rule.latency = Femtoseconds(20'000'001);  // one femtosecond past the edge
  const CoreRun run = run_core(small_chip(), builder.program(), nullptr, rule);
  EXPECT_EQ(run.elapsed(), kIssue + kLatency + 2 + 1 + 1);  // 8 bytes: 2 cycles, 1 access
}

TEST(DmaIn, NextDescriptorsRequestsFollowWithoutABubble) {
  ChipSpec chip = small_chip();
  chip.dma.outstanding = 16;
  ProgramBuilder builder;
  for (int i = 0; i < 5; ++i) {
    builder.add(EngineKind::DmaIn, transfer_of(true, 0, 0, 32));
  }
  const CoreRun run = run_core(chip, builder.program());
  // 10 requests at the memory's rate; issue and latency of all but the first are hidden.
  EXPECT_EQ(run.elapsed(), kIssue + kLatency + 10 * kMove + kPort);
}

TEST(DmaIn, PortsSharedWithTheVectorUnitAreChargedToPort) {
  ChipSpec chip = small_chip();
  chip.buffer.ports = 1;
  chip.dma.request = Bytes(64);
  chip.vector.latency = CoreCycles(0);
  chip.vector.pace.fill(CoreCycles(0));
  ProgramBuilder builder;
  builder.add(EngineKind::DmaIn, transfer_of(true, 0, 0, 64));
  // Bytes arrive at 3 + 20 + 16 = 39 and need 8 accesses. The bias of Requantize is a stream of
  // 2 accesses (16 bytes), its results 30: alone 32 cycles, from 0 on.
  builder.add(EngineKind::Vector, requantize_of(30, 4, 1024));
  builder.add(EngineKind::Vector, requantize_of(30, 4, 1024));
  const CoreRun run = run_core(chip, builder.program());
  // In the first, bias and results took turns until the bias was through in cycle 2: it is the
  // results' turn when the second begins at 32. Results in 32, 34, 36, 37, 38, bias in 33, 35, and
  // again the results' turn when the bytes arrive: their accesses are in 40, 42, ..., 54.
  const std::int64_t done = 55;
  EXPECT_EQ(run.cycles(EngineKind::DmaIn, Cause::Port), done - 39 - 8);
  EXPECT_EQ(run.cycles(EngineKind::DmaIn, Cause::Busy), 5);  // 64 / 12.8
  EXPECT_EQ(run.cycles(EngineKind::DmaIn, Cause::Idle), run.elapsed() - done);
}

TEST(DmaOut, ReadsTheBufferBeforeItSends) {
  ProgramBuilder builder;
  builder.add(EngineKind::DmaOut, transfer_of(false, 64, 0, 32));
  const CoreRun run = run_core(small_chip(), builder.program());
  ASSERT_EQ(run.requests.size(), 2U);
  EXPECT_TRUE(run.requests[0].is_write);
  EXPECT_EQ(run.requests[0].time, at_cycle(kIssue + kPort));
  EXPECT_EQ(run.requests[1].time, at_cycle(kIssue + 2 * kPort));
  EXPECT_EQ(run.requests[1].address, 64 + 16);
  EXPECT_EQ(run.elapsed(), kIssue + kPort + kLatency + 2 * kMove);
  EXPECT_EQ(run.counters.layers[0].dram_write_bytes, 32);
  EXPECT_EQ(run.counters.actions.buffer_reads, 4);
}

TEST(DmaEngine, SignalsWhenItCompletes) {
  ProgramBuilder builder;
  const auto here = builder.semaphore(EngineKind::DmaIn, EngineKind::DmaOut);
  builder.add(EngineKind::DmaIn, transfer_of(true, 0, 0, 16), {.signals = {here}});
  builder.add(EngineKind::DmaOut, transfer_of(false, 0, 0, 16), {.waits = {here}});
  const CoreRun run = run_core(small_chip(), builder.program());
  const std::int64_t signalled = kIssue + kLatency + kMove + kPort;
  EXPECT_EQ(run.cycles(EngineKind::DmaOut, Cause::WaitDma), signalled);
  EXPECT_EQ(run.requests[1].time, at_cycle(signalled + kIssue + kPort));
}

TEST(DmaEngine, CarriesOnWhenTheMemoryAcceptsLate) {
  ProgramBuilder builder;
  builder.add(EngineKind::DmaIn, transfer_of(true, 0, 0, 48));
  FakeMemoryRule rule;
  rule.accepts_late = true;
  const CoreRun run = run_core(small_chip(), builder.program(), nullptr, rule);
  // One request at a time; the last one's port accesses follow.
  EXPECT_EQ(run.elapsed(), kIssue + 3 * (kLatency + kMove) + kPort);
}

TEST(DmaEngine, NamesTheInstructionThatTheMemoryRefuses) {
  ProgramBuilder builder;
  builder.add(EngineKind::DmaIn, transfer_of(true, 16, 0, 32));
  FakeMemoryRule rule;
  rule.refuses = true;
  try {
    static_cast<void>(run_core(small_chip(), builder.program(), nullptr, rule));
    FAIL();
  } catch (const InternalError& error) {
    EXPECT_STREQ(error.what(),
                 "at cycle 3 in core.dma_in.issue: dma_in instruction 0 (layer0): the memory "
                 "refused 16 bytes at 16: TLM_ADDRESS_ERROR_RESPONSE");
  }
}

TEST(WeightsEngine, StreamsTilesWithoutBubblesWhileTheFifoHasRoom) {
  ChipSpec chip = small_chip();
  chip.weight_fifo.tiles = 8;
  chip.dma.outstanding = 16;
  ProgramBuilder builder;
  for (int i = 0; i < 6; ++i) {
    builder.add(EngineKind::Weights, load_of(8, 4));
  }
  for (int i = 0; i < 6; ++i) {
    builder.add(EngineKind::Matrix, fold_of(1, 8, 4));
  }
  const CoreRun run = run_core(chip, builder.program());
  // A tile of 32 bytes takes 8 cycles of memory, as long as its shift: the last arrives at
  // 3 + 20 + 6 * 8 = 71.
  EXPECT_EQ(run.counters.layers[0].engines[3].instructions, 6);
  EXPECT_EQ(run.elapsed(), 71 + 8 + 1 + 10);
  EXPECT_EQ(run.cycles(EngineKind::Weights, Cause::FifoFull), 0);
  EXPECT_EQ(run.counters.actions.weight_bytes, 6 * 32);
}

ChipSpec chip_that_turns_tiles() {
  ChipSpec chip = small_chip();
  chip.weight_fifo.from_buffer = true;
  chip.weight_fifo.transpose = CoreCycles(2);
  return chip;
}

LoadTile tile_of_buffer(bool transposed) {
  LoadTile load = load_of(6, 4);
  load.from = TileSource::Buffer;
  load.pitch = 10;
  load.transposed = transposed;
  return load;
}

/// When a tile of 6 x 4 is there: the array of 8 rows then loads it, streams a step and drains for
/// 8 + 4 - 2.
std::int64_t arrival(const CoreRun& run) {
  return run.elapsed() - 8 - 1 - 10;
}

TEST(WeightsEngine, ReadsATileOfTheBufferRunByRun) {
  ProgramBuilder builder;
  builder.add(EngineKind::Weights, tile_of_buffer(false));
  builder.add(EngineKind::Matrix, fold_of(1, 6, 4));
  const CoreRun run = run_core(chip_that_turns_tiles(), builder.program());
  // Each run of 4 bytes is an access of its own.
  EXPECT_EQ(arrival(run), kIssue + 6);
  EXPECT_EQ(run.cycles(EngineKind::Weights, Cause::Busy), 6);
  EXPECT_EQ(run.cycles(EngineKind::Weights, Cause::Memory), kIssue);
  EXPECT_TRUE(run.requests.empty());
  EXPECT_EQ(run.counters.layers[0].dram_read_bytes, 0);
  EXPECT_EQ(run.counters.actions.weight_bytes, 24);
  EXPECT_EQ(run.counters.actions.buffer_reads, 6 + 1);  // and an activation
}

TEST(WeightsEngine, ATransposedTileTurnsRowByRow) {
  ProgramBuilder builder;
  builder.add(EngineKind::Weights, tile_of_buffer(true));
  builder.add(EngineKind::Matrix, fold_of(1, 6, 4));
  const CoreRun run = run_core(chip_that_turns_tiles(), builder.program());
  // 4 columns of 6 bytes, an access each; then 2 cycles for each of the 6 rows.
  EXPECT_EQ(arrival(run), kIssue + 4 + 6 * 2);
  EXPECT_EQ(run.cycles(EngineKind::Weights, Cause::Busy), 4 + 12);
}

TEST(WeightsEngine, SharesThePortsOfTheBuffer) {
  ChipSpec chip = chip_that_turns_tiles();
  chip.buffer.ports = 1;
  ProgramBuilder builder;
  builder.add(EngineKind::Weights, tile_of_buffer(false));
  builder.add(EngineKind::DmaOut, transfer_of(false, 0, 0, 16));
  builder.add(EngineKind::Matrix, fold_of(1, 6, 4));
  const CoreRun run = run_core(chip, builder.program());
  // Both begin at 3; the 2 accesses of the transfer come between those of the tile.
  EXPECT_EQ(arrival(run), kIssue + 6 + 2);
  EXPECT_EQ(run.cycles(EngineKind::Weights, Cause::Port), 2);
}

TEST(WeightsEngine, TilesOfTheBufferWaitForThoseOfDramBeforeThem) {
  ProgramBuilder builder;
  builder.add(EngineKind::Weights, load_of(6, 4));
  builder.add(EngineKind::Weights, tile_of_buffer(false));
  builder.add(EngineKind::Matrix, fold_of(1, 6, 4));
  builder.add(EngineKind::Matrix, fold_of(1, 6, 4));
  const CoreRun run = run_core(chip_that_turns_tiles(), builder.program());
  // 24 bytes in requests of 16 and 8: there at 3 + 20 + 4 + 2; the next tile 6 cycles later, and
  // the array has loaded the first one 8 cycles after it came.
  EXPECT_EQ(run.elapsed(), 29 + 8 + 8 + 1 + 10);
}

TEST(WeightsEngine, AWholeTileTakesAsLongAsAFullOne) {
  ProgramBuilder builder;
  LoadTile load = load_of(3, 2);
  load.padding = 8 * 4 - 3 * 2;
  builder.add(EngineKind::Weights, load);
  builder.add(EngineKind::Matrix, fold_of(1, 3, 2));
  const CoreRun run = run_core(small_chip(), builder.program());
  // 32 bytes at 4 a cycle behind the latency, as 8 x 4 have.
  EXPECT_EQ(arrival(run), kIssue + kLatency + 8);
  EXPECT_EQ(run.counters.layers[0].dram_read_bytes, 32);
  EXPECT_EQ(run.counters.actions.weight_bytes, 32);
}

TEST(WeightsEngine, ReadsThePartsOfATensorInDramRunByRun) {
  ProgramBuilder builder;
  LoadTile load = load_of(3, 4, 100);
  load.pitch = 32;
  builder.add(EngineKind::Weights, load);
  builder.add(EngineKind::Matrix, fold_of(1, 3, 4));
  const CoreRun run = run_core(small_chip(), builder.program());
  ASSERT_EQ(run.requests.size(), 3U);
  for (std::size_t row = 0; row < 3; ++row) {
    EXPECT_EQ(run.requests[row].address, 100 + 32 * static_cast<std::int64_t>(row));
  }
  EXPECT_EQ(run.counters.layers[0].dram_read_bytes, 12);
}

TEST(WeightsEngine, TurnsATransposedTileOfDramWhenItsLastColumnIsThere) {
  ChipSpec chip = chip_that_turns_tiles();
  chip.dma.outstanding = 16;
  ProgramBuilder builder;
  LoadTile load = load_of(4, 3, 100);
  load.pitch = 32;
  load.transposed = true;
  builder.add(EngineKind::Weights, load);
  builder.add(EngineKind::Matrix, fold_of(1, 4, 3));
  const CoreRun run = run_core(chip, builder.program());
  // 3 columns of 4 bytes, a cycle each behind the latency; then 2 cycles for each of the 4 rows.
  ASSERT_EQ(run.requests.size(), 3U);
  for (std::size_t col = 0; col < 3; ++col) {
    EXPECT_EQ(run.requests[col].address, 100 + 32 * static_cast<std::int64_t>(col));
    EXPECT_EQ(run.requests[col].bytes, 4);
  }
  EXPECT_EQ(arrival(run), kIssue + kLatency + 3 + 4 * 2);
  EXPECT_EQ(run.counters.layers[0].dram_read_bytes, 12);
}

}  // namespace
}  // namespace systole::testing
