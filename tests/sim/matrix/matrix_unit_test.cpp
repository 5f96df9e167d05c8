#include "sim/matrix/matrix_unit.h"

#include <gtest/gtest.h>

#include "tests/sim/support/program_builder.h"
#include "tests/sim/support/run_core.h"
#include "tests/sim/support/small_chip.h"

namespace systole::testing {
namespace {

// The array is 8 x 4. A lone 8 x 4 tile of int8 is 2 requests of 16 bytes from the fake memory:
// sent at issue = 3, answered at 3 + 20 + 4 = 27 and 27 + 4 = 31.
constexpr std::int64_t kTileArrives = 31;
constexpr std::int64_t kShift = 8;  // rows of the array
constexpr std::int64_t kDrain = 8 + 4 - 2;

TEST(MatrixUnit, LoneFoldTakesTwiceRowsPlusColsPlusCountMinusTwoFromTheTilesArrival) {
  ProgramBuilder builder;
  builder.add(EngineKind::Weights, load_of(8, 4)).add(EngineKind::Matrix, fold_of(10, 8, 4));
  const CoreRun run = run_core(small_chip(), builder.program());
  EXPECT_EQ(run.elapsed(), kTileArrives + 2 * kShift + 4 + 10 - 2);
  EXPECT_EQ(run.cycles(EngineKind::Matrix, Cause::Weights), kTileArrives);
  EXPECT_EQ(run.cycles(EngineKind::Matrix, Cause::Shift), kShift);
  EXPECT_EQ(run.cycles(EngineKind::Matrix, Cause::Busy), 10);
  EXPECT_EQ(run.cycles(EngineKind::Matrix, Cause::Drain), kDrain);
  EXPECT_EQ(run.cycles(EngineKind::Matrix, Cause::Idle), 0);
}

TEST(MatrixUnit, FoldsBackToBackTakeTheLongerOfStreamAndShiftWhenTheirTilesAreThere) {
  ChipSpec chip = small_chip();
  chip.weight_fifo.tiles = 8;
  ProgramBuilder builder;
  // All tiles are in the FIFO before the first fold may start, at 300 of the host link.
  const auto ready = builder.semaphore(EngineKind::Host, EngineKind::Matrix);
  chip.host.latency = CoreCycles(299);
  builder.add(EngineKind::Host, transfer_of(true, 0, 0, 2), {.signals = {ready}});
  const std::vector<std::int64_t> counts{20, 3, 8, 9, 5};
  for (std::size_t i = 0; i < counts.size(); ++i) {
    builder.add(EngineKind::Weights, load_of(8, 4));
    builder.add(EngineKind::Matrix, fold_of(counts[i], 8, 4),
                i == 0 ? ProgramBuilder::Links{.waits = {ready}} : ProgramBuilder::Links{});
  }
  const CoreRun run = run_core(chip, builder.program());
  // The next fold starts max(count, 8) later; the last streams its own count.
  EXPECT_EQ(run.elapsed(), 300 + 20 + 8 + 8 + 9 + 5 + kDrain);
  EXPECT_EQ(run.cycles(EngineKind::Matrix, Cause::Shift), 8 - 3);
  EXPECT_EQ(run.cycles(EngineKind::Matrix, Cause::WaitHost), 300);
  EXPECT_EQ(run.cycles(EngineKind::Matrix, Cause::Weights), 0);
  EXPECT_EQ(run.counters.actions.weight_tiles, 5);
  EXPECT_EQ(run.counters.actions.array_loads, 5);
  EXPECT_EQ(run.counters.actions.weight_bytes_again, 0);
}

TEST(MatrixUnit, PartialTilesShiftThroughTheWholeArray) {
  ProgramBuilder builder;
  builder.add(EngineKind::Weights, load_of(2, 3)).add(EngineKind::Matrix, fold_of(4, 2, 3));
  const CoreRun run = run_core(small_chip(), builder.program());
  const std::int64_t arrives = 3 + 20 + 2;  // 6 bytes: 1.5 cycles, rounded up
  EXPECT_EQ(run.elapsed(), arrives + kShift + 4 + kDrain);
}

TEST(MatrixUnit, KeepsItsTileWithoutNextTile) {
  ProgramBuilder builder;
  builder.add(EngineKind::Weights, load_of(8, 4));
  builder.add(EngineKind::Matrix, fold_of(10, 8, 4))
      .add(EngineKind::Matrix, fold_of(1, 8, 4, false));
  const CoreRun run = run_core(small_chip(), builder.program());
  EXPECT_EQ(run.elapsed(), kTileArrives + kShift + 10 + 1 + kDrain);
  EXPECT_EQ(run.counters.actions.weight_tiles, 1);
}

struct PaceCase {
  DataType activation;
  DataType weight;
  std::int64_t pace;
};

class MatrixUnitPace : public ::testing::TestWithParam<PaceCase> {};

TEST_P(MatrixUnitPace, DependsOnTheOperandTypes) {
  ProgramBuilder builder;
  LoadTile load = load_of(4, 4);
  load.type = GetParam().weight;
  Fold fold = fold_of(10, 4, 4);
  fold.activation_type = GetParam().activation;
  fold.weight_type = GetParam().weight;
  builder.add(EngineKind::Weights, load).add(EngineKind::Matrix, fold);
  const CoreRun run = run_core(small_chip(), builder.program());
  EXPECT_EQ(run.cycles(EngineKind::Matrix, Cause::Busy), 10 * GetParam().pace);
  EXPECT_EQ(run.counters.actions.mac_slots, 10 * GetParam().pace * 32);
  EXPECT_EQ(run.counters.actions.macs, 10 * 4 * 4);
}

INSTANTIATE_TEST_SUITE_P(Types, MatrixUnitPace,
                         ::testing::Values(PaceCase{DataType::Int8, DataType::Int8, 1},
                                           PaceCase{DataType::Int16, DataType::Int8, 2},
                                           PaceCase{DataType::Int8, DataType::Int16, 2},
                                           PaceCase{DataType::Int16, DataType::Int16, 4}));

/// Two tiles; the second fold additionally waits for the host, whose bytes come at `host_at`.
CoreRun run_with_late_host(std::int64_t host_at) {
  ChipSpec chip = small_chip();
  chip.host.latency = CoreCycles(host_at - 1);
  chip.dma.outstanding = 4;
  ProgramBuilder builder;
  const auto ready = builder.semaphore(EngineKind::Host, EngineKind::Matrix);
  builder.add(EngineKind::Host, transfer_of(true, 0, 0, 2), {.signals = {ready}});
  builder.add(EngineKind::Weights, load_of(8, 4)).add(EngineKind::Weights, load_of(8, 4));
  builder.add(EngineKind::Matrix, fold_of(10, 8, 4));
  builder.add(EngineKind::Matrix, fold_of(10, 8, 4), {.waits = {ready}});
  return run_core(chip, builder.program());
}

constexpr std::int64_t kFirstStreamEnds = kTileArrives + kShift + 10;  // 49
// The second tile: 2 requests, sent at 6, answered at 35 and 39, when the shadow is free too.
constexpr std::int64_t kSecondShiftEnds = 39 + kShift;  // 47

TEST(MatrixUnit, WaitsNotForASignalThatIsThere) {
  const CoreRun run = run_with_late_host(kFirstStreamEnds);
  EXPECT_LT(kSecondShiftEnds, kFirstStreamEnds);
  EXPECT_EQ(run.elapsed(), kFirstStreamEnds + 10 + kDrain);
  EXPECT_EQ(run.cycles(EngineKind::Matrix, Cause::WaitHost), 0);
}

TEST(MatrixUnit, SignalOneCycleLaterCostsOneCycleOfDrain) {
  const CoreRun run = run_with_late_host(kFirstStreamEnds + 1);
  EXPECT_EQ(run.elapsed(), kFirstStreamEnds + 1 + 10 + kDrain);
  EXPECT_EQ(run.cycles(EngineKind::Matrix, Cause::Drain), 1 + kDrain);
  EXPECT_EQ(run.cycles(EngineKind::Matrix, Cause::WaitHost), 0);
}

TEST(MatrixUnit, WaitIsDrainUntilThePipelineIsEmptyAndThenTheSemaphores) {
  const CoreRun run = run_with_late_host(kFirstStreamEnds + kDrain + 7);
  EXPECT_EQ(run.elapsed(), kFirstStreamEnds + kDrain + 7 + 10 + kDrain);
  EXPECT_EQ(run.cycles(EngineKind::Matrix, Cause::Drain), kDrain + kDrain);
  EXPECT_EQ(run.cycles(EngineKind::Matrix, Cause::WaitHost), 7);
}

TEST(MatrixUnit, SignalsWhenItsLastResultIsInTheAccumulators) {
  ProgramBuilder builder;
  const auto done = builder.semaphore(EngineKind::Matrix, EngineKind::Vector);
  builder.add(EngineKind::Weights, load_of(8, 4));
  builder.add(EngineKind::Matrix, fold_of(10, 8, 4), {.signals = {done}});
  builder.add(EngineKind::Vector, requantize_of(1, 4, 100), {.waits = {done}});
  const CoreRun run = run_core(small_chip(), builder.program());
  EXPECT_EQ(run.cycles(EngineKind::Vector, Cause::WaitMatrix), kFirstStreamEnds + kDrain);
}

TEST(MatrixUnit, PortSharedWithTwoOthersSlowsTheStreamExactly) {
  ChipSpec chip = small_chip();
  chip.buffer.ports = 1;
  chip.vector.pace.fill(CoreCycles(0));
  ProgramBuilder builder;
  const auto ready = builder.semaphore(EngineKind::Weights, EngineKind::Vector);
  // The vector unit copies 6 rows of 8 bytes: a stream of 6 reads and one of 6 writes, begun when
  // the tile arrives plus the 3 cycles of this transfer that the signal waits for.
  const auto begun = builder.semaphore(EngineKind::Vector, EngineKind::Matrix);
  builder.add(EngineKind::Weights, load_of(8, 4), {.signals = {ready}});
  builder.add(EngineKind::Vector, rescale_of(1, 8, 0, 64), {.waits = {ready}, .signals = {begun}});
  builder.add(EngineKind::Vector, rescale_of(6, 8, 0, 64));
  builder.add(EngineKind::Matrix, fold_of(10, 8, 4), {.waits = {begun}});
  const CoreRun run = run_core(chip, builder.program());
  // The first copy ends at 31 + 5 (latency); the fold starts when its shift ends, at 39. The second
  // copy has the port from 36: reads and writes take turns, read first, and finish at 36 + 12 = 48
  // alone. From 39 the three take turns: after read, write, read it is the write's turn, so cycles
  // 39.. go to write, matrix, read, ...: of 4 reads and 5 writes left the read has its 4th in cycle
  // 39 + 2 + 3 * 3 = 50 and the write its 5th in cycle 39 + 4 * 3 = 51, by when the matrix unit has
  // had 4; with the port to itself but for that, its 10th is 6 cycles later.
  const std::int64_t matrix_end = 52 + 6;
  EXPECT_EQ(run.cycles(EngineKind::Matrix, Cause::Busy), 10);
  EXPECT_EQ(run.cycles(EngineKind::Matrix, Cause::Port), matrix_end - 39 - 10);
  EXPECT_EQ(run.elapsed(), matrix_end + kDrain);
}

TEST(MatrixUnit, RowsWiderThanThePortTakeSeveralAccesses) {
  ChipSpec chip = small_chip();
  chip.buffer.port_width = Bytes(3);  // 8 bytes: 3 accesses
  ProgramBuilder builder;
  builder.add(EngineKind::Weights, load_of(8, 4)).add(EngineKind::Matrix, fold_of(10, 8, 4));
  const CoreRun run = run_core(chip, builder.program());
  EXPECT_EQ(run.counters.actions.buffer_reads, 30);
  EXPECT_EQ(run.cycles(EngineKind::Matrix, Cause::Port), 20);
}

TEST(MatrixUnit, ATileLeavesItsFifoSlotWhenItHasShifted) {
  ChipSpec chip = small_chip();
  chip.weight_fifo.tiles = 1;
  ProgramBuilder builder;
  builder.add(EngineKind::Weights, load_of(8, 4)).add(EngineKind::Weights, load_of(8, 4));
  builder.add(EngineKind::Matrix, fold_of(1, 8, 4)).add(EngineKind::Matrix, fold_of(1, 8, 4));
  const CoreRun run = run_core(chip, builder.program());
  // The second tile's requests start when the first has shifted; its fold follows its own shift.
  const std::int64_t slot_free = kTileArrives + kShift;
  const std::int64_t second_arrives = slot_free + 20 + 8;
  EXPECT_EQ(run.requests[2].time, Femtoseconds(slot_free * 1'000'000));
  EXPECT_EQ(run.elapsed(), second_arrives + kShift + 1 + kDrain);
  // The first descriptor completes at 31; then the second waits for the slot.
  EXPECT_EQ(run.cycles(EngineKind::Weights, Cause::FifoFull), slot_free - kTileArrives);
}

TEST(MatrixUnit, ChargesTheWaitForSpaceToWaitSpace) {
  ProgramBuilder builder;
  const auto space =
      builder.semaphore(EngineKind::Vector, EngineKind::Matrix, SemaphoreKind::Space);
  builder.add(EngineKind::Vector, rescale_of(1, 4, 0, 64), {.signals = {space}});
  builder.add(EngineKind::Weights, load_of(8, 4));
  builder.add(EngineKind::Matrix, fold_of(10, 8, 4), {.waits = {space}});
  const CoreRun run = run_core(small_chip(), builder.program());
  EXPECT_EQ(run.cycles(EngineKind::Matrix, Cause::WaitSpace),
            5 + 2);  // latency + 1 step of 2 cycles
  EXPECT_EQ(run.cycles(EngineKind::Matrix, Cause::Weights), kTileArrives - 7);
}

}  // namespace
}  // namespace systole::testing
