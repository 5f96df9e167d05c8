#include "compiler/lowering/gemm_loops.h"

#include <gtest/gtest.h>

#include "tests/compiler/mapping/round_chip.h"

namespace systole {
namespace {

/// 32 rows x 16 columns, 512 accumulators, 1 GHz; DRAM at `dram_bytes` per core cycle.
ChipSpec chip_with(Dataflow dataflow, std::int64_t dram_bytes) {
  ChipSpec chip = testing::round_chip();
  chip.matrix.rows = 32;
  chip.matrix.cols = 16;
  chip.matrix.dataflow = dataflow;
  chip.accumulators.entries = 512;
  chip.buffer.port_width = Bytes(32);
  chip.dma.request = Bytes(1024);
  // A burst of 8 bits in a cycle: a channel brings a byte per core cycle.
  chip.dram.standard.organization.bus_bits = 8;
  chip.dram.channels = dram_bytes;
  return chip;
}

/// The same, but of a fold nothing overlaps: unloading costs, and so does a drain.
ChipSpec alone(Dataflow dataflow, std::int64_t dram_bytes) {
  ChipSpec chip = chip_with(dataflow, dram_bytes);
  chip.matrix.overlap = Overlap::None;
  return chip;
}

constexpr std::int64_t kManyPositions = 10'000;

GemmLoops loops_of(const ChipSpec& chip, std::int64_t n = 100,
                   std::int64_t positions = kManyPositions) {
  return gemm_loops(chip, tile_grid(chip, {.groups = 1, .m = positions, .k = 100, .n = n}),
                    DataType::Int8, positions);
}

TEST(GemmLoops, FoldHalfOfTheAccumulatorsWhenWeightsStay) {
  const GemmLoops loops = loops_of(chip_with(Dataflow::WeightStationary, 64));
  EXPECT_EQ(loops.chunk, 250);  // 40 of them
  EXPECT_EQ(loops.fold, 250);
  EXPECT_EQ(loops.handover, 64);  // twice the longer side of the array
  EXPECT_FALSE(loops.sums_stay);
}

TEST(GemmLoops, HandOverWholeFoldsWhereADrainEachCostsMoreThanWaiting) {
  // 40 chunks of 250 positions meet 7 slices of n: two pieces each would add 280 drains of 46
  // cycles, and save half of one chunk's 250 positions.
  EXPECT_EQ(loops_of(alone(Dataflow::WeightStationary, 64)).handover, 250);
}

TEST(GemmLoops, HandOverInPiecesWhatIsAllTheLayerHas) {
  // 240 positions, one slice of n. The vector unit takes longer than 240 cycles for them, so when
  // the array is done, whose last fold streams for 240, as long as that may be left. Two pieces
  // leave half of it for one more drain of 46 cycles; three would save 40 more and cost 46.
  EXPECT_EQ(loops_of(alone(Dataflow::WeightStationary, 64), 16, 240).handover, 120);
}

TEST(GemmLoops, FoldOnePositionAColumnWhenInputsStay) {
  const GemmLoops loops = loops_of(chip_with(Dataflow::InputStationary, 64));
  EXPECT_EQ(loops.chunk, 256);
  EXPECT_EQ(loops.fold, 16);
  EXPECT_EQ(loops.handover, 16);
  EXPECT_FALSE(loops.sums_stay);
}

TEST(GemmLoops, FoldOnePositionARowWhenOutputsStay) {
  const GemmLoops loops = loops_of(alone(Dataflow::OutputStationary, 64));
  EXPECT_EQ(loops.chunk, 32);
  EXPECT_EQ(loops.fold, 32);
  EXPECT_EQ(loops.handover, 32);
  EXPECT_TRUE(loops.sums_stay);
}

TEST(GemmLoops, MoveTheSumsWhereUnloadingHidesAndWeightsWouldComeAgain) {
  const GemmLoops loops = loops_of(chip_with(Dataflow::OutputStationary, 64));
  EXPECT_FALSE(loops.sums_stay);
  EXPECT_EQ(loops.chunk, 256);
  EXPECT_EQ(loops.fold, 32);
}

TEST(GemmLoops, MoveTheSumsWhereLoadsOfWeightsCostMoreThanUnloading) {
  // Alone, a fold of 32 steps drains for 46 cycles and unloads for 32 unless the sums stay: 110
  // against 78, while its tile of 512 bytes comes. At 8 bytes a cycle that takes 64 cycles, at 2
  // it takes 256.
  EXPECT_TRUE(loops_of(alone(Dataflow::OutputStationary, 8)).sums_stay);
  EXPECT_FALSE(loops_of(alone(Dataflow::OutputStationary, 2)).sums_stay);
}

TEST(GemmLoops, AFifoOfOneTileMovesTheSumsBecauseItHidesNoLoad) {
  ChipSpec chip = alone(Dataflow::OutputStationary, 8);
  EXPECT_TRUE(loops_of(chip).sums_stay);
  chip.weight_fifo.tiles = 1;  // 78 + 9 + 64 cycles a fold, against 110
  EXPECT_FALSE(loops_of(chip).sums_stay);
}

TEST(GemmLoops, LeaveTheSumsWhereAllPositionsFitTheArray) {
  const ChipSpec chip = chip_with(Dataflow::OutputStationary, 1);
  EXPECT_TRUE(loops_of(chip, 100, 32).sums_stay);
  EXPECT_FALSE(loops_of(chip, 100, 33).sums_stay);
}

TEST(GemmLoops, NeverTakeMorePositionsThanHalfOfTheAccumulators) {
  for (const auto& [dataflow, name] : kEnumNames<Dataflow>) {
    ChipSpec chip = chip_with(dataflow, 64);
    chip.accumulators.entries = 7;
    const GemmLoops loops = loops_of(chip);
    EXPECT_EQ(loops.chunk, 3) << name;
    EXPECT_EQ(loops.fold, 3) << name;
    EXPECT_EQ(loops.handover, 3) << name;
    chip.accumulators.entries = 1;
    EXPECT_EQ(loops_of(chip).chunk, 1) << name;
  }
}

}  // namespace
}  // namespace systole
