#include "sim/core/semaphores.h"

#include <gtest/gtest.h>

#include "arch/diag/error.h"
#include "tests/sim/support/program_builder.h"
#include "tests/sim/support/run_core.h"
#include "tests/sim/support/small_chip.h"

namespace systole::testing {
namespace {

TEST(Semaphores, StartAtZeroAndCount) {
  ProgramBuilder builder;
  const auto s = builder.semaphore(EngineKind::Matrix, EngineKind::Vector);
  SemaphoreBank bank(builder.program());
  EXPECT_FALSE(bank.try_take(EngineKind::Vector, {.semaphore = s, .count = 1}));
  bank.signal(EngineKind::Matrix, {.semaphore = s, .count = 3});
  EXPECT_FALSE(bank.try_take(EngineKind::Vector, {.semaphore = s, .count = 4}));
  EXPECT_TRUE(bank.try_take(EngineKind::Vector, {.semaphore = s, .count = 2}));
  EXPECT_EQ(bank.count(s), 1);
}

TEST(Semaphores, BelongToOneSignallerAndOneWaiter) {
  ProgramBuilder builder;
  const auto s = builder.semaphore(EngineKind::Matrix, EngineKind::Vector);
  SemaphoreBank bank(builder.program());
  EXPECT_THROW(static_cast<void>(bank.try_take(EngineKind::Matrix, {.semaphore = s})),
               InternalError);
  EXPECT_THROW(bank.signal(EngineKind::Vector, {.semaphore = s}), InternalError);
  EXPECT_THROW(bank.signal(EngineKind::Matrix, {.semaphore = 1}), InternalError);
}

TEST(Semaphores, WaitsAreNamedByWhatIsAwaited) {
  const auto data = [](EngineKind from) {
    return wait_cause({.from = from, .to = EngineKind::Host, .kind = SemaphoreKind::Data});
  };
  EXPECT_EQ(data(EngineKind::Host), Cause::WaitHost);
  EXPECT_EQ(data(EngineKind::DmaIn), Cause::WaitDma);
  EXPECT_EQ(data(EngineKind::DmaOut), Cause::WaitDma);
  EXPECT_EQ(data(EngineKind::Weights), Cause::WaitDma);
  EXPECT_EQ(data(EngineKind::Matrix), Cause::WaitMatrix);
  EXPECT_EQ(data(EngineKind::Vector), Cause::WaitVector);
  EXPECT_EQ(wait_cause({.from = EngineKind::Matrix, .kind = SemaphoreKind::Space}),
            Cause::WaitSpace);
}

TEST(Semaphores, WaitsInOrderAndSignalsTogether) {
  ProgramBuilder builder;
  const auto host = builder.semaphore(EngineKind::Host, EngineKind::Vector);
  const auto dma = builder.semaphore(EngineKind::DmaIn, EngineKind::Vector);
  builder.add(EngineKind::Host, transfer_of(true, 0, 0, 4), {.signals = {host}});   // at 10 + 2
  builder.add(EngineKind::DmaIn, transfer_of(true, 0, 64, 4), {.signals = {dma}});  // at 3 + 20 + 2
  builder.add(EngineKind::Vector, rescale_of(1, 4, 0, 64), {.waits = {host, dma}});  // 7
  const CoreRun run = run_core(small_chip(), builder.program());
  EXPECT_EQ(run.elapsed(), 25 + 7);
  EXPECT_EQ(run.cycles(EngineKind::Vector, Cause::WaitHost), 12);
  EXPECT_EQ(run.cycles(EngineKind::Vector, Cause::WaitDma), 25 - 12);
}

TEST(Semaphores, OneSignalServesOneWait) {
  ProgramBuilder builder;
  const auto s = builder.semaphore(EngineKind::Vector, EngineKind::Host);
  builder.add(EngineKind::Vector, rescale_of(1, 4, 0, 64), {.signals = {s}});  // at 7
  builder.add(EngineKind::Vector, rescale_of(1, 4, 0, 64), {.signals = {s}});  // at 14
  builder.add(EngineKind::Host, transfer_of(false, 0, 0, 2), {.waits = {s}});
  builder.add(EngineKind::Host, transfer_of(false, 0, 0, 2), {.waits = {s}});
  const CoreRun run = run_core(small_chip(), builder.program());
  EXPECT_EQ(run.elapsed(), 14 + 10 + 1);
}

}  // namespace
}  // namespace systole::testing
