#include "compiler/lowering/gemm_loops.h"

#include <gtest/gtest.h>

namespace systole {
namespace {

/// 32 rows x 16 columns, 512 accumulators, 1 GHz; DRAM at `dram_bytes` per core cycle.
ChipSpec chip_with(Dataflow dataflow, std::int64_t dram_bytes) {
  ChipSpec chip;
  chip.frequency = Hertz(1'000'000'000);
  chip.matrix.rows = 32;
  chip.matrix.cols = 16;
  chip.matrix.dataflow = dataflow;
  chip.matrix.pace_of_kind[static_cast<std::size_t>(MacKind::Int8)] = CoreCycles(1);
  chip.accumulators.entries = 512;
  // A burst of 8 bits x 8 beats = 8 bytes every 8 ns: a channel brings a byte per core cycle.
  chip.dram.standard.organization.bus_bits = 8;
  chip.dram.standard.organization.burst_length = 8;
  chip.dram.standard.timing.tCK = Femtoseconds(1'000'000);
  chip.dram.standard.timing.nBL = DramCycles(8);
  chip.dram.channels = dram_bytes;
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
  EXPECT_EQ(loops.chunk, 256);
  EXPECT_EQ(loops.fold, 256);
  EXPECT_EQ(loops.handover, 64);  // twice the longer side of the array
  EXPECT_FALSE(loops.sums_stay);
}

TEST(GemmLoops, HandOverWholeFoldsWhereNothingOverlaps) {
  ChipSpec chip = chip_with(Dataflow::WeightStationary, 64);
  chip.matrix.overlap = Overlap::None;
  EXPECT_EQ(loops_of(chip).handover, 256);
}

TEST(GemmLoops, FoldOnePositionAColumnWhenInputsStay) {
  const GemmLoops loops = loops_of(chip_with(Dataflow::InputStationary, 64));
  EXPECT_EQ(loops.chunk, 256);
  EXPECT_EQ(loops.fold, 16);
  EXPECT_EQ(loops.handover, 16);
  EXPECT_FALSE(loops.sums_stay);
}

TEST(GemmLoops, FoldOnePositionARowWhenOutputsStay) {
  const GemmLoops loops = loops_of(chip_with(Dataflow::OutputStationary, 16));
  EXPECT_EQ(loops.chunk, 32);
  EXPECT_EQ(loops.fold, 32);
  EXPECT_EQ(loops.handover, 32);
  EXPECT_TRUE(loops.sums_stay);
}

TEST(GemmLoops, MoveTheSumsWhereDramIsSlowerThanTheArrayTakesWeights) {
  const GemmLoops slow = loops_of(chip_with(Dataflow::OutputStationary, 15));
  EXPECT_FALSE(slow.sums_stay);
  EXPECT_EQ(slow.chunk, 256);
  EXPECT_EQ(slow.fold, 32);
  // A layer of 15 outputs takes 15 bytes a step.
  EXPECT_TRUE(loops_of(chip_with(Dataflow::OutputStationary, 15), 15).sums_stay);
  EXPECT_FALSE(loops_of(chip_with(Dataflow::OutputStationary, 15), 16).sums_stay);
}

TEST(GemmLoops, TakeThePaceOfTheArrayIntoAccount) {
  ChipSpec chip = chip_with(Dataflow::OutputStationary, 8);
  EXPECT_FALSE(loops_of(chip).sums_stay);
  chip.matrix.pace_of_kind[static_cast<std::size_t>(MacKind::Int8)] = CoreCycles(2);
  EXPECT_TRUE(loops_of(chip).sums_stay);
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
