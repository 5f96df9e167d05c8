#include "sim/core/instruction_queue.h"

#include <gtest/gtest.h>

#include "arch/diag/error.h"
#include "tests/sim/support/program_builder.h"
#include "tests/sim/support/run_core.h"
#include "tests/sim/support/small_chip.h"

namespace systole::testing {
namespace {

TEST(InstructionQueue, DeliversOneInstructionEveryIssueCycles) {
  InstructionQueue queue({.depth = 4, .issue = CoreCycles(3)});
  for (std::int64_t i = 1; i <= 6; ++i) {
    EXPECT_EQ(queue.next_delivery(), CoreCycles(3 * i));
    queue.take(CoreCycles(3 * i));
  }
}

TEST(InstructionQueue, FillsWhileTheEngineIsBusyAndHoldsBackWhenFull) {
  InstructionQueue queue({.depth = 2, .issue = CoreCycles(3)});
  queue.take(CoreCycles(3));                        // delivered at 3
  queue.take(CoreCycles(100));                      // delivered at 6
  EXPECT_EQ(queue.next_delivery(), CoreCycles(9));  // the slot of the first was free from 3 on
  queue.take(CoreCycles(110));
  EXPECT_EQ(queue.next_delivery(), CoreCycles(100));  // the slot of the second
  queue.take(CoreCycles(120));
  EXPECT_EQ(queue.next_delivery(), CoreCycles(110));
}

TEST(InstructionQueue, CannotBeTakenFromACycleTooEarly) {
  InstructionQueue queue({.depth = 2, .issue = CoreCycles(3)});
  EXPECT_THROW(queue.take(CoreCycles(2)), InternalError);
  queue.take(CoreCycles(3));
}

TEST(InstructionQueue, ExposedWaitIsChargedToIssue) {
  ChipSpec chip = small_chip();
  chip.sequencer = {.depth = 2, .issue = CoreCycles(20)};
  ProgramBuilder builder;
  builder.add(EngineKind::Vector, rescale_of(1, 4, 0, 64))
      .add(EngineKind::Vector, rescale_of(1, 4, 0, 64));
  const CoreRun run = run_core(chip, builder.program());
  EXPECT_EQ(run.elapsed(), 20 + 20 + 7);  // each takes 5 + 2 cycles
  EXPECT_EQ(run.cycles(EngineKind::Vector, Cause::Issue), 20 + (20 - 7));
}

}  // namespace
}  // namespace systole::testing
