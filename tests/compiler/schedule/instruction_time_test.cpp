#include "compiler/schedule/instruction_time.h"

#include <gtest/gtest.h>

#include "arch/isa/recipes.h"
#include "tests/compiler/mapping/round_chip.h"

namespace systole {
namespace {

using testing::round_chip;

/// 16 positions stream, then the sums leave an array of 8 x 4.
TEST(InstructionTime, OfAFoldIsItsStreamThenThePipeline) {
  const InstructionTime time = time_of(round_chip(), Fold{.rows = 8, .cols = 4, .count = 16});
  EXPECT_EQ(time.busy, 16);
  EXPECT_EQ(time.results, 16 + 8 + 4 - 2);
  EXPECT_EQ(time.memory, 0);
}

/// 16 features of a position take two accesses of 8 bytes.
TEST(InstructionTime, OfAFoldIsWhatThePortsTakeWhereThatIsLonger) {
  EXPECT_EQ(time_of(round_chip(), Fold{.rows = 16, .cols = 4, .count = 16}).busy, 32);
}

/// 32 bytes at 8 a cycle, 9 cycles after they were asked for.
TEST(InstructionTime, OfATileIsTheMemorys) {
  const InstructionTime time = time_of(round_chip(), LoadTile{.rows = 8, .cols = 4});
  EXPECT_EQ(time.busy, 4);
  EXPECT_EQ(time.results, 4 + 9);
  EXPECT_EQ(time.memory, 4);
}

TEST(InstructionTime, OfATileOfTheBufferIsAnAccessARun) {
  const InstructionTime time = time_of(
      round_chip(), LoadTile{.from = TileSource::Buffer, .pitch = 100, .rows = 8, .cols = 4});
  EXPECT_EQ(time.busy, 8);
  EXPECT_EQ(time.results, 8);
  EXPECT_EQ(time.memory, 0);
}

/// 40 bytes at 2 a cycle behind a latency of 10; 64 bytes at 8 behind issue and latency.
TEST(InstructionTime, OfATransferIsTheLinksOrTheMemorys) {
  const InstructionTime host = time_of(round_chip(), EngineKind::Host, Transfer{.row_bytes = 40});
  EXPECT_EQ(host.busy, 20);
  EXPECT_EQ(host.results, 20 + 10);
  const InstructionTime dma = time_of(round_chip(), EngineKind::DmaIn, Transfer{.row_bytes = 64});
  EXPECT_EQ(dma.busy, 8);
  EXPECT_EQ(dma.results, 3 + 9 + 8);
  EXPECT_EQ(dma.memory, 8);
}

/// Sums of 10 rows of 4 columns: a slot of the activation class each, 3 cycles; a copy of 24 bytes
/// a row takes 6 slots, or with one lane's worth of work three accesses.
TEST(InstructionTime, OfARowLoopIsItsSlotsOrItsAccesses) {
  ChipSpec chip = round_chip();
  chip.vector.pace[static_cast<std::size_t>(VectorClass::Activation)] = CoreCycles(3);
  EXPECT_EQ(time_of(chip, RowLoop(Requantize{.rows = 10, .cols = 4})).busy, 5 + 10 * 3);
  chip.vector.lanes = 64;
  const RowLoop copy{
      .rows = 10,
      .cols = 24,
      .operands = {{.address = 0}},
      .out = {.address = 1000},
      .body = RowBody{.stages = {LoadStage{.operand = 0, .pitch = 24}}, .to = {.pitch = 24}}};
  EXPECT_EQ(time_of(chip, copy).busy, 10 * 3);
}

}  // namespace
}  // namespace systole
