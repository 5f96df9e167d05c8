#include "sim/chip/core.h"

#include <string>

#include <gtest/gtest.h>

#include "tests/sim/support/program_builder.h"
#include "tests/sim/support/run_core.h"
#include "tests/sim/support/small_chip.h"

namespace systole::testing {
namespace {

std::string failure_of(const ChipSpec& chip, const Program& program,
                       const RunData* data = nullptr) {
  try {
    static_cast<void>(run_core(chip, program, data));
  } catch (const InternalError& error) {
    return error.what();
  }
  return "";
}

TEST(Core, EmptyProgramTakesNoTime) {
  const CoreRun run = run_core(small_chip(), ProgramBuilder().program());
  EXPECT_EQ(run.elapsed(), 0);
}

TEST(Core, ReportsADeadlockWithEverythingThatWaits) {
  ProgramBuilder builder;
  const auto never = builder.semaphore(EngineKind::DmaIn, EngineKind::Matrix);
  const auto space =
      builder.semaphore(EngineKind::Matrix, EngineKind::Vector, SemaphoreKind::Space);
  for (int i = 0; i < 4; ++i) {
    builder.add(EngineKind::Weights, load_of(8, 4));
  }
  builder.add(EngineKind::Matrix, fold_of(1, 8, 4));
  builder.add(EngineKind::Matrix, fold_of(1, 8, 4), {.waits = {never}, .signals = {space}});
  builder.add(EngineKind::Vector, rescale_of(1, 4, 0, 64), {.waits = {space}});
  // The first tile is active, the second in the shadow, the third and fourth in the FIFO of two.
  // Last event: the fourth tile. Its requests start when the slot of the second is free.
  const std::string message = failure_of(small_chip(), builder.program());
  EXPECT_EQ(message.substr(0, 18), "deadlock at cycle ");
  EXPECT_EQ(message.substr(message.find(": ")),
            ": matrix waits for semaphore 0 (data from dma_in, 0 of 1) in instruction 1; "
            "vector waits for semaphore 1 (space from matrix, 0 of 1) in instruction 0");
}

TEST(Core, DeadlockNamesTheCycleOfTheLastEvent) {
  ProgramBuilder builder;
  const auto never = builder.semaphore(EngineKind::DmaIn, EngineKind::Vector);
  builder.add(EngineKind::Vector, rescale_of(1, 4, 0, 64));  // 5 + 2 cycles
  builder.add(EngineKind::Vector, rescale_of(1, 4, 0, 64), {.waits = {never}});
  EXPECT_EQ(failure_of(small_chip(), builder.program()),
            "deadlock at cycle 7: vector waits for semaphore 0 (data from dma_in, 0 of 1) in "
            "instruction 1");
}

TEST(Core, DeadlockNamesAFoldWithoutTile) {
  ProgramBuilder builder;
  builder.add(EngineKind::Matrix, fold_of(1, 8, 4));
  EXPECT_EQ(failure_of(small_chip(), builder.program()),
            "deadlock at cycle 0: matrix waits for a weight tile in instruction 0");
}

TEST(Core, DeadlockNamesTheFullFifo) {
  ProgramBuilder builder;
  for (int i = 0; i < 4; ++i) {
    builder.add(EngineKind::Weights, load_of(8, 4));
  }
  // One tile in the shadow registers, two in the FIFO.
  const std::string message = failure_of(small_chip(), builder.program());
  EXPECT_EQ(message.substr(message.find(": ")),
            ": weights waits for a free tile of the weight FIFO in instruction 3");
}

TEST(Core, NamesTheInstructionWithABadAddress) {
  ProgramBuilder builder;
  builder.add(EngineKind::Vector, rescale_of(1, 4, 0, 64));
  builder.in_layer(1).add(EngineKind::Vector, rescale_of(1, 4, 4093, 64));
  EXPECT_EQ(failure_of(small_chip(), builder.program()),
            "vector instruction 1 (layer1): unified buffer bytes "
            "4093..4097 are outside 0..4096");
}

TEST(Core, NamesTheInstructionWhoseWindowLeavesTheBuffer) {
  ProgramBuilder builder;
  builder.add(EngineKind::Weights, load_of(8, 4));
  builder.add(EngineKind::Matrix, fold_of(2, 8, 4, true, 4096 - 15));
  std::vector<std::int8_t> dram(4096);
  std::vector<std::int8_t> host(4096);
  const RunData data{.dram = &dram, .host = &host};
  EXPECT_EQ(failure_of(small_chip(), builder.program(), &data),
            "at cycle 39 in core.matrix.run: matrix instruction 0 (layer0): unified buffer address "
            "4089 of 8 bytes is outside 0..4096");
}

TEST(Core, RefusesALayerThatDoesNotExist) {
  ProgramBuilder builder;
  builder.add(EngineKind::Vector, rescale_of(1, 4, 0, 64));
  builder.program().layers.clear();
  EXPECT_EQ(failure_of(small_chip(), builder.program()), "vector instruction 0: layer 0 of 0");
}

TEST(Core, RefusesSemaphoresOfOtherEngines) {
  ProgramBuilder builder;
  const auto s = builder.semaphore(EngineKind::Matrix, EngineKind::Host);
  builder.add(EngineKind::Vector, rescale_of(1, 4, 0, 64), {.waits = {s}});
  EXPECT_EQ(failure_of(small_chip(), builder.program()),
            "vector instruction 0 (layer0): waits for semaphore 0, which is for host");
}

TEST(Core, RefusesSignalsOfOtherEngines) {
  ProgramBuilder builder;
  const auto s = builder.semaphore(EngineKind::Matrix, EngineKind::Host);
  builder.add(EngineKind::Vector, rescale_of(1, 4, 0, 64), {.signals = {s}});
  EXPECT_EQ(failure_of(small_chip(), builder.program()),
            "vector instruction 0 (layer0): signals semaphore 0, which is from matrix");
}

TEST(Core, RefusesASemaphoreThatDoesNotExist) {
  ProgramBuilder builder;
  builder.add(EngineKind::Vector, rescale_of(1, 4, 0, 64), {.signals = {-1}});
  EXPECT_EQ(failure_of(small_chip(), builder.program()),
            "vector instruction 0 (layer0): semaphore -1 of 0");
}

TEST(Core, RefusesMemoriesSmallerThanTheProgram) {
  std::vector<std::int8_t> dram(4096);
  std::vector<std::int8_t> host(4095);
  const RunData data{.dram = &dram, .host = &host};
  const std::string message = failure_of(small_chip(), ProgramBuilder().program(), &data);
  EXPECT_NE(message.find("host memory of 4095 bytes for a program of 4096"), std::string::npos)
      << message;
}

TEST(Core, ChargesLayersForWhatTheyCost) {
  ProgramBuilder builder;
  const auto loaded = builder.semaphore(EngineKind::DmaIn, EngineKind::Vector);
  builder.in_layer(0).add(EngineKind::DmaIn, transfer_of(true, 0, 0, 16), {.signals = {loaded}});
  builder.in_layer(1).add(EngineKind::Vector, rescale_of(2, 4, 0, 64), {.waits = {loaded}});
  builder.in_layer(2).add(EngineKind::Host, transfer_of(true, 0, 128, 4));
  const CoreRun run = run_core(small_chip(), builder.program());
  const LayerCounters& dma = run.counters.layers[0];
  const LayerCounters& vector = run.counters.layers[1];
  const LayerCounters& host = run.counters.layers[2];
  // dma_in: issue until 3, request until 3 + 20 + 4, ports until 29.
  EXPECT_EQ(dma.first_start.count(), 0);
  EXPECT_EQ(dma.last_end.count(), 29);
  EXPECT_EQ(dma.active.count(), 29 - 3);
  // The host's 4 bytes move in 10 and 11 and are there at 12, before anything else.
  EXPECT_EQ(host.active.count(), 2);
  EXPECT_EQ(host.last_end.count(), 12);
  EXPECT_EQ(host.exposed.count(), 12);
  EXPECT_EQ(dma.exposed.count(), 29 - 12);
  // The vector instruction is at its engine's head from 0 on, works from 29 to 29 + 5 + 2 * 2.
  EXPECT_EQ(vector.first_start.count(), 29);
  EXPECT_EQ(vector.last_end.count(), 38);
  EXPECT_EQ(vector.active.count(), 38);
  EXPECT_EQ(vector.exposed.count(), 38 - 29);
  EXPECT_EQ(vector.engines[5][Cause::WaitDma].count(), 29);
  EXPECT_EQ(vector.engines[5].instructions, 1);
}

}  // namespace
}  // namespace systole::testing
