// The matrix unit in the other dataflows, and without overlap. Weight stationary with overlap:
// matrix_unit_test.cpp.

#include <numeric>
#include <vector>

#include <gtest/gtest.h>

#include "sim/matrix/matrix_unit.h"
#include "tests/sim/support/program_builder.h"
#include "tests/sim/support/run_core.h"
#include "tests/sim/support/small_chip.h"

namespace systole::testing {
namespace {

// The array is 8 x 4. A lone 8 x 4 tile of int8 arrives at 31 (matrix_unit_test.cpp).
constexpr std::int64_t kTileArrives = 31;
constexpr std::int64_t kRows = 8;
constexpr std::int64_t kDrain = 8 + 4 - 2;

ChipSpec chip_of(Dataflow dataflow, Overlap overlap = Overlap::Shadow) {
  ChipSpec chip = small_chip();
  chip.matrix.dataflow = dataflow;
  chip.matrix.overlap = overlap;
  chip.weight_fifo.tiles = 8;
  return chip;
}

/// Tiles for all folds are in the FIFO before the first may start, at 300 of the host link.
class FoldsThatFindTheirTiles {
 public:
  explicit FoldsThatFindTheirTiles(ChipSpec chip) : chip_(std::move(chip)) {
    chip_.host.latency = CoreCycles(299);
    ready_ = builder_.semaphore(EngineKind::Host, EngineKind::Matrix);
    builder_.add(EngineKind::Host, transfer_of(true, 0, 0, 2), {.signals = {ready_}});
  }
  FoldsThatFindTheirTiles& add(const Fold& fold) {
    if (fold.next_tile) {
      builder_.add(EngineKind::Weights, load_of(fold.rows, fold.cols));
    }
    const bool first = builder_.program().stream(EngineKind::Matrix).empty();
    builder_.add(EngineKind::Matrix, fold,
                 first ? ProgramBuilder::Links{.waits = {ready_}} : ProgramBuilder::Links{});
    return *this;
  }
  [[nodiscard]] CoreRun run() const { return run_core(chip_, builder_.program()); }

 private:
  ChipSpec chip_;
  ProgramBuilder builder_;
  std::int32_t ready_ = 0;
};
constexpr std::int64_t kReady = 300;

Fold holding(Fold fold) {
  fold.drain = false;
  return fold;
}

TEST(InputStationary, LoadsActivationsWhileTheTileIsStillToCome) {
  ProgramBuilder builder;
  builder.add(EngineKind::Weights, load_of(8, 4)).add(EngineKind::Matrix, fold_of(3, 8, 4));
  const CoreRun run = run_core(chip_of(Dataflow::InputStationary), builder.program());
  EXPECT_EQ(run.elapsed(), kTileArrives + 4 + kDrain);  // streams the tile's 4 columns
  EXPECT_EQ(run.cycles(EngineKind::Matrix, Cause::Shift), kRows);
  EXPECT_EQ(run.cycles(EngineKind::Matrix, Cause::Weights), kTileArrives - kRows);
  EXPECT_EQ(run.cycles(EngineKind::Matrix, Cause::Busy), 4);
  EXPECT_EQ(run.cycles(EngineKind::Matrix, Cause::Drain), kDrain);
}

TEST(InputStationary, LoneFoldTakesTwiceRowsPlusColsPlusStepsMinusTwoWithItsTile) {
  const CoreRun run =
      FoldsThatFindTheirTiles(chip_of(Dataflow::InputStationary)).add(fold_of(4, 8, 3)).run();
  EXPECT_EQ(run.elapsed(), kReady + 2 * 8 + 4 + 3 - 2);
}

TEST(InputStationary, NextActivationsLoadUnderTheStream) {
  const CoreRun run = FoldsThatFindTheirTiles(chip_of(Dataflow::InputStationary))
                          .add(fold_of(4, 8, 4))
                          .add(fold_of(2, 8, 4, false))
                          .add(fold_of(1, 8, 3))
                          .run();
  // A load of 8 rows begins when the fold before starts, and is longer than any stream here.
  EXPECT_EQ(run.elapsed(), kReady + 8 + 8 + 8 + 3 + kDrain);
  EXPECT_EQ(run.cycles(EngineKind::Matrix, Cause::Shift), 8 + (8 - 4) + (8 - 4));
  EXPECT_EQ(run.counters.actions.weight_tiles, 2);
  EXPECT_EQ(run.counters.actions.array_loads, 3);  // each fold's activations
  EXPECT_EQ(run.counters.actions.array_unloads, 0);
  EXPECT_EQ(run.counters.actions.weight_bytes_again, 8 * 4);  // the second fold's tile
}

TEST(InputStationary, LoadWaitsForTheBuffersPorts) {
  ChipSpec chip = chip_of(Dataflow::InputStationary);
  chip.buffer.port_width = Bytes(2);
  const CoreRun run = FoldsThatFindTheirTiles(chip).add(fold_of(4, 8, 4)).run();
  // 4 positions x 8 bytes in accesses of 2 bytes: 16 cycles instead of 8.
  EXPECT_EQ(run.elapsed(), kReady + 16 + 4 + kDrain);
  EXPECT_EQ(run.cycles(EngineKind::Matrix, Cause::Port), 16 - 8);
  EXPECT_EQ(run.counters.actions.buffer_reads, 16);
}

TEST(InputStationary, AFifoOfOneTileIsEnough) {
  ChipSpec chip = chip_of(Dataflow::InputStationary);
  chip.weight_fifo.tiles = 1;
  ProgramBuilder builder;
  for (int i = 0; i < 3; ++i) {
    builder.add(EngineKind::Weights, load_of(8, 4)).add(EngineKind::Matrix, fold_of(3, 8, 4));
  }
  const CoreRun run = run_core(chip, builder.program());
  // A fold asks for its tile when its activations have loaded, 8 cycles after the start of the fold
  // before, and frees the slot; the next tile needs 20 + 2 * 4 cycles (its issue has passed).
  EXPECT_EQ(run.elapsed(), kTileArrives + 2 * (8 + 28) + 4 + kDrain);
}

TEST(OutputStationary, LoneFoldStreamsTheReductionThenUnloadsTheRows) {
  ProgramBuilder builder;
  builder.add(EngineKind::Weights, load_of(8, 4)).add(EngineKind::Matrix, fold_of(5, 8, 4));
  const CoreRun run = run_core(chip_of(Dataflow::OutputStationary), builder.program());
  EXPECT_EQ(run.elapsed(), kTileArrives + 2 * 8 + 4 + 8 - 2);
  EXPECT_EQ(run.cycles(EngineKind::Matrix, Cause::Shift), 0);
  EXPECT_EQ(run.cycles(EngineKind::Matrix, Cause::Busy), 8);
  EXPECT_EQ(run.cycles(EngineKind::Matrix, Cause::Drain), kDrain + kRows);
}

TEST(OutputStationary, UnloadsAreAsFarApartAsTheArrayHasRows) {
  const CoreRun run = FoldsThatFindTheirTiles(chip_of(Dataflow::OutputStationary))
                          .add(fold_of(2, 3, 4))
                          .add(fold_of(2, 3, 4, false))
                          .add(fold_of(2, 3, 4, false))
                          .run();
  // Streams of 3 end at 3, 3 + 8 and 3 + 16: the last phase waits for the output registers.
  EXPECT_EQ(run.elapsed(), kReady + 3 + 8 + 8 + kDrain + kRows);
  EXPECT_EQ(run.cycles(EngineKind::Matrix, Cause::Busy), 9);
  EXPECT_EQ(run.cycles(EngineKind::Matrix, Cause::Drain), 2 * (8 - 3) + kDrain + kRows);
  EXPECT_EQ(run.counters.actions.array_loads, 0);
  EXPECT_EQ(run.counters.actions.array_unloads, 3);
  EXPECT_EQ(run.counters.actions.weight_bytes_again, 2 * 3 * 4);
}

TEST(OutputStationary, ManyPositionsOfAShortReductionWaitForTheBuffer) {
  const CoreRun run =
      FoldsThatFindTheirTiles(chip_of(Dataflow::OutputStationary)).add(fold_of(8, 3, 4)).run();
  // 8 positions of 3 bytes are 8 accesses for 3 phases.
  EXPECT_EQ(run.elapsed(), kReady + 8 + kDrain + kRows);
  EXPECT_EQ(run.cycles(EngineKind::Matrix, Cause::Busy), 3);
  EXPECT_EQ(run.cycles(EngineKind::Matrix, Cause::Port), 5);
}

TEST(OutputStationary, SumsThatStayCostNoUnload) {
  const CoreRun run = FoldsThatFindTheirTiles(chip_of(Dataflow::OutputStationary))
                          .add(holding(fold_of(2, 3, 4)))
                          .add(holding(fold_of(2, 2, 4)))
                          .add(fold_of(2, 4, 4))
                          .run();
  EXPECT_EQ(run.elapsed(), kReady + 3 + 2 + 4 + kDrain + kRows);
  EXPECT_EQ(run.counters.actions.accumulator_writes, 2);
  EXPECT_EQ(run.counters.actions.array_unloads, 1);
  EXPECT_EQ(run.counters.actions.macs, 2 * 4 * (3 + 2 + 4));
}

TEST(OutputStationary, ResultsComeInOrder) {
  const CoreRun run = FoldsThatFindTheirTiles(chip_of(Dataflow::OutputStationary))
                          .add(fold_of(2, 8, 4))
                          .add(holding(fold_of(2, 2, 4)))
                          .add(fold_of(2, 8, 4))
                          .run();
  // The fold that holds would complete at 8 + 2 + drain, before the one before: it does with it.
  EXPECT_EQ(run.elapsed(), kReady + 8 + 2 + 8 + kDrain + kRows);
}

class WithoutOverlap : public ::testing::TestWithParam<Dataflow> {};

TEST_P(WithoutOverlap, ASequenceTakesTheSumOfItsLoneFolds) {
  const bool streams_positions = GetParam() == Dataflow::WeightStationary;
  const bool streams_channels = GetParam() == Dataflow::InputStationary;
  FoldsThatFindTheirTiles folds(chip_of(GetParam(), Overlap::None));
  std::int64_t sum = 0;
  for (const auto& [count, rows, cols] :
       {std::tuple{4, 8, 4}, {1, 1, 1}, {3, 5, 2}, {4, 7, 3}, {2, 8, 4}}) {
    folds.add(fold_of(count, rows, cols));
    const std::int64_t steps = streams_positions ? count : streams_channels ? cols : rows;
    sum += 2 * 8 + 4 + steps - 2;
  }
  // The first load of weights waits for no semaphore: it is done when that comes.
  sum -= streams_positions ? kRows : 0;
  EXPECT_EQ(folds.run().elapsed(), kReady + sum);
}

INSTANTIATE_TEST_SUITE_P(Dataflows, WithoutOverlap,
                         ::testing::Values(Dataflow::WeightStationary, Dataflow::InputStationary,
                                           Dataflow::OutputStationary),
                         [](const auto& dataflow) { return std::string(name_of(dataflow.param)); });

TEST(WithoutOverlap, ALoadWaitsForTheFoldBeforeAndNotForTheSemaphoresOfItsFold) {
  // The second fold's semaphore comes at 300, when its tile has long been loaded: the first fold
  // starts at 31 + 8 and completes 4 + 10 cycles later, and the load takes 8.
  ChipSpec chip = chip_of(Dataflow::WeightStationary, Overlap::None);
  chip.host.latency = CoreCycles(299);
  ProgramBuilder builder;
  const auto ready = builder.semaphore(EngineKind::Host, EngineKind::Matrix);
  builder.add(EngineKind::Host, transfer_of(true, 0, 0, 2), {.signals = {ready}});
  builder.add(EngineKind::Weights, load_of(8, 4)).add(EngineKind::Weights, load_of(8, 4));
  builder.add(EngineKind::Matrix, fold_of(4, 8, 4));
  builder.add(EngineKind::Matrix, fold_of(3, 8, 4), {.waits = {ready}});
  const CoreRun run = run_core(chip, builder.program());
  EXPECT_EQ(run.elapsed(), kReady + 3 + kDrain);
  EXPECT_EQ(run.cycles(EngineKind::Matrix, Cause::Shift), 8);  // of the first
  EXPECT_EQ(run.cycles(EngineKind::Matrix, Cause::WaitHost),
            kReady - (kTileArrives + 8 + 4 + kDrain));
}

TEST(WithoutOverlap, ALoadEndsAfterTheSemaphoresWhenTheyComeUnderIt) {
  // The first fold completes at 31 + 8 + 4 + 10 = 53 and the load takes 53..60. The semaphore comes
  // at 55, after 54 cycles of latency and one of 2 bytes, and leaves 6 cycles to wait for the load.
  ChipSpec chip = chip_of(Dataflow::WeightStationary, Overlap::None);
  chip.host.latency = CoreCycles(54);
  chip.dma.outstanding = 8;  // the second tile is there at 31 + 8
  ProgramBuilder builder;
  const auto ready = builder.semaphore(EngineKind::Host, EngineKind::Matrix);
  builder.add(EngineKind::Host, transfer_of(true, 0, 0, 2), {.signals = {ready}});
  builder.add(EngineKind::Weights, load_of(8, 4)).add(EngineKind::Weights, load_of(8, 4));
  builder.add(EngineKind::Matrix, fold_of(4, 8, 4));
  builder.add(EngineKind::Matrix, fold_of(3, 8, 4), {.waits = {ready}});
  const CoreRun run = run_core(chip, builder.program());
  EXPECT_EQ(run.elapsed(), 53 + 8 + 3 + kDrain);
  EXPECT_EQ(run.cycles(EngineKind::Matrix, Cause::WaitHost), 55 - 53);
  EXPECT_EQ(run.cycles(EngineKind::Matrix, Cause::Shift), 8 + (53 + 8 - 55));
}

TEST(WithoutOverlap, AFoldThatKeepsItsTileLoadsNothing) {
  const CoreRun run = FoldsThatFindTheirTiles(chip_of(Dataflow::WeightStationary, Overlap::None))
                          .add(fold_of(10, 8, 4))
                          .add(fold_of(3, 8, 4, false))
                          .run();
  // The first tile loads before the semaphore comes.
  EXPECT_EQ(run.elapsed(), kReady + (8 + 4 + 10 - 2) + (8 + 4 + 3 - 2));
}

}  // namespace
}  // namespace systole::testing
