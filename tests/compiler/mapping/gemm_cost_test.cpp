#include "compiler/mapping/gemm_cost.h"

#include <gtest/gtest.h>

#include "tests/compiler/mapping/round_chip.h"

namespace systole {
namespace {

using testing::round_chip;

GemmCost cost_of(const ChipSpec& chip, const GemmShape& gemm) {
  const TileGrid grid = tile_grid(chip, gemm);
  return gemm_cost(chip, grid, DataType::Int8, gemm.m,
                   gemm_loops(chip, grid, DataType::Int8, gemm.m));
}

TEST(GemmCost, AWeightTileTakesTheLongerOfItsPositionsAndItsLoad) {
  const ChipSpec chip = round_chip();  // 8 x 4
  // 2 x 3 tiles, one chunk of 20 positions: 6 x 20.
  EXPECT_EQ(cost_of(chip, {.m = 20, .k = 16, .n = 12}).array, CoreCycles(120));
  // 5 positions stream in 5 cycles, but a tile takes 8 to shift in.
  EXPECT_EQ(cost_of(chip, {.m = 5, .k = 16, .n = 12}).array, CoreCycles(48));
}

TEST(GemmCost, WeightsComeAgainForEveryChunkUnlessOneSliceOfKIsAll) {
  const ChipSpec chip = round_chip();  // chunks of 32 positions
  EXPECT_EQ(cost_of(chip, {.m = 32, .k = 16, .n = 4}).weight_bytes, Bytes(64));
  EXPECT_EQ(cost_of(chip, {.m = 33, .k = 16, .n = 4}).weight_bytes, Bytes(128));
  EXPECT_EQ(cost_of(chip, {.m = 33, .k = 8, .n = 4}).weight_bytes, Bytes(32));
  // 33 positions in chunks of 17 and 16; the tile is loaded (8 cycles, less than 17) once.
  EXPECT_EQ(cost_of(chip, {.m = 33, .k = 8, .n = 4}).array, CoreCycles(33));
}

TEST(GemmCost, DramDeliversWholeBurstsAtItsPeak) {
  const ChipSpec chip = round_chip();  // 8 bytes a cycle, bursts of 8
  EXPECT_EQ(cost_of(chip, {.m = 20, .k = 16, .n = 12}).weights, CoreCycles(16 * 12 / 8));
  // A tile of 8 x 3 is 24 bytes, three bursts; one of 1 x 3 is 3 bytes, one burst.
  EXPECT_EQ(cost_of(chip, {.m = 20, .k = 9, .n = 3}).weights, CoreCycles(3 + 1));
}

TEST(GemmCost, WholeTilesAreReadWithTheirPadding) {
  ChipSpec chip = round_chip();  // 8 x 4: 32 bytes, 4 cycles
  chip.weight_fifo.whole_tiles = true;
  const GemmShape gemm{.m = 20, .k = 9, .n = 3};
  TileGrid grid = tile_grid(chip, gemm);
  grid.whole = true;
  const GemmCost cost =
      gemm_cost(chip, grid, DataType::Int8, gemm.m, gemm_loops(chip, grid, DataType::Int8, gemm.m));
  EXPECT_EQ(cost.weights, CoreCycles(2 * 4));
  EXPECT_EQ(cost.weight_bytes, Bytes(2 * 32));
}

TEST(GemmCost, OneRequestAtATimeTakesItsLatencyEach) {
  ChipSpec chip = round_chip();  // a request of 32 bytes, 4 + 4 + 1 DRAM cycles at 1 ns
  chip.dma.outstanding = 1;
  EXPECT_EQ(cost_of(chip, {.m = 20, .k = 16, .n = 12}).weights, CoreCycles(6 * 9));
  chip.dma.outstanding = 2;
  EXPECT_EQ(cost_of(chip, {.m = 20, .k = 16, .n = 12}).weights, CoreCycles(6 * 9 / 2));
}

TEST(GemmCost, TilesOfTheBufferTakeTheirAccessesThereAndNothingOfTheDram) {
  const ChipSpec chip = round_chip();  // 8 x 4, ports of 8 bytes: a row of a tile is an access
  const GemmShape gemm{.m = 5, .k = 16, .n = 12};
  const TileGrid grid = tile_grid(chip, gemm, TileSource::Buffer);
  const GemmCost cost =
      gemm_cost(chip, grid, DataType::Int8, gemm.m, gemm_loops(chip, grid, DataType::Int8, gemm.m));
  EXPECT_EQ(cost.array, CoreCycles(6 * 8));
  EXPECT_EQ(cost.weights, CoreCycles(0));
}

TEST(GemmCost, AFifoOfOneTileLoadsOnlyWhenTheArrayHasLetGo) {
  ChipSpec chip = round_chip();
  // Latency 9, delivery of 32 bytes 4, shift 8: with two tiles 21 / 2 = 11 cycles each, with
  // one 21.
  EXPECT_EQ(cost_of(chip, {.m = 5, .k = 16, .n = 12}).array, CoreCycles(6 * 8));
  chip.weight_fifo.tiles = 2;
  EXPECT_EQ(cost_of(chip, {.m = 5, .k = 16, .n = 12}).array, CoreCycles(6 * 11));
  chip.weight_fifo.tiles = 1;
  EXPECT_EQ(cost_of(chip, {.m = 5, .k = 16, .n = 12}).array, CoreCycles(6 * 21));
}

TEST(GemmCost, WithoutOverlapEachFoldIsAlone) {
  ChipSpec chip = round_chip();
  chip.matrix.overlap = Overlap::None;
  // docs/timing.md: 2 x rows + columns + positions - 2.
  EXPECT_EQ(cost_of(chip, {.m = 20, .k = 8, .n = 4}).array, CoreCycles(16 + 4 + 20 - 2));
}

TEST(GemmCost, InputsThatStayAreLoadedForEveryTile) {
  ChipSpec chip = round_chip();
  chip.matrix.dataflow = Dataflow::InputStationary;
  // 20 positions are 5 folds of 4; each loads for 8 cycles while one of 4 steps streams.
  EXPECT_EQ(cost_of(chip, {.m = 20, .k = 8, .n = 4}).array, CoreCycles(5 * 8));
}

TEST(GemmCost, OutputsThatStayTakeWeightsForEveryFold) {
  ChipSpec chip = round_chip();
  chip.matrix.dataflow = Dataflow::OutputStationary;
  const TileGrid grid = tile_grid(chip, {.m = 16, .k = 24, .n = 4});
  // 2 folds of 8 positions, each over all of k: 24 steps, and 3 tiles.
  const GemmLoops stay{.chunk = 8, .fold = 8, .handover = 8, .sums_stay = true};
  EXPECT_EQ(gemm_cost(chip, grid, DataType::Int8, 16, stay).array, CoreCycles(2 * 24));
  EXPECT_EQ(gemm_cost(chip, grid, DataType::Int8, 16, stay).weight_bytes, Bytes(2 * 96));
  // Sums that move: two folds share a tile, and each unloads for 8 cycles under the next.
  const GemmLoops move{.chunk = 32, .fold = 8, .handover = 8, .sums_stay = false};
  EXPECT_EQ(gemm_cost(chip, grid, DataType::Int8, 16, move).array, CoreCycles(3 * 2 * 8));
  EXPECT_EQ(gemm_cost(chip, grid, DataType::Int8, 16, move).weight_bytes, Bytes(96));
}

TEST(GemmCost, TheVectorUnitTakesAPieceAtATime) {
  const ChipSpec chip = round_chip();  // 4 lanes, latency 5, pieces of 16 positions
  // Per slice of n: 2 pieces, 20 steps.
  EXPECT_EQ(cost_of(chip, {.m = 20, .k = 8, .n = 8}).vector, CoreCycles(2 * (2 * 5 + 20)));
}

}  // namespace
}  // namespace systole
