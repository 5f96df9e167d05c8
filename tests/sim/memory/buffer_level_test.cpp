#include "sim/memory/buffer_level.h"

#include <gtest/gtest.h>

#include "tests/sim/support/program_builder.h"

namespace systole::testing {
namespace {

/// Eight bytes come from the host; dma_out and the vector unit read them in any order, and the
/// vector unit's results are never read.
struct TwoReaders {
  ProgramBuilder builder;
  InstructionRef writer{.engine = EngineKind::Host, .index = 0};
  InstructionRef dma_out{.engine = EngineKind::DmaOut, .index = 0};
  InstructionRef vector{.engine = EngineKind::Vector, .index = 0};

  TwoReaders() {
    const auto to_dma = builder.semaphore(EngineKind::Host, EngineKind::DmaOut);
    const auto to_vector = builder.semaphore(EngineKind::Host, EngineKind::Vector);
    builder.add(EngineKind::Host, transfer_of(true, 0, 0, 8), {.signals = {to_dma, to_vector}});
    builder.add(EngineKind::DmaOut, transfer_of(false, 0, 0, 8), {.waits = {to_dma}});
    builder.add(EngineKind::Vector, rescale_of(1, 8, 0, 64), {.waits = {to_vector}});
  }
};

TEST(BufferLevel, HoldsBytesUntilTheLastOfTheirReadersHasCompleted) {
  TwoReaders run;
  BufferLevel level(run.builder.program());
  EXPECT_EQ(level.bytes(), 0);
  level.completed(run.writer);
  EXPECT_EQ(level.bytes(), 8);
  level.completed(run.vector);
  EXPECT_EQ(level.bytes(), 8);
  level.completed(run.dma_out);
  EXPECT_EQ(level.bytes(), 0);
}

TEST(BufferLevel, IsTheSameWhoeverOfTheReadersIsLast) {
  TwoReaders run;
  BufferLevel level(run.builder.program());
  level.completed(run.writer);
  level.completed(run.dma_out);
  EXPECT_EQ(level.bytes(), 8);
  level.completed(run.vector);
  EXPECT_EQ(level.bytes(), 0);
}

}  // namespace
}  // namespace systole::testing
