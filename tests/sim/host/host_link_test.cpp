#include "sim/host/host_link.h"

#include <gtest/gtest.h>

#include "tests/sim/support/program_builder.h"
#include "tests/sim/support/run_core.h"
#include "tests/sim/support/small_chip.h"

namespace systole::testing {
namespace {

// 2 bytes per cycle after 10 cycles of latency.

TEST(HostLink, TakesLatencyPlusBytesOverBandwidth) {
  ProgramBuilder builder;
  builder.add(EngineKind::Host, transfer_of(true, 0, 0, 41));
  const CoreRun run = run_core(small_chip(), builder.program());
  EXPECT_EQ(run.elapsed(), 10 + 21);  // 20.5 rounded up
  EXPECT_EQ(run.cycles(EngineKind::Host, Cause::Memory), 10);
  EXPECT_EQ(run.cycles(EngineKind::Host, Cause::Busy), 21);
  EXPECT_EQ(run.counters.actions.host_in_bytes, 41);
  EXPECT_EQ(run.counters.actions.buffer_writes, 6);
  EXPECT_EQ(run.counters.layers[0].host_bytes, 41);
}

TEST(HostLink, HidesTheLatencyOfTransfersBackToBack) {
  ProgramBuilder builder;
  builder.add(EngineKind::Host, transfer_of(true, 0, 0, 40))
      .add(EngineKind::Host, transfer_of(false, 0, 0, 20))
      .add(EngineKind::Host, transfer_of(true, 0, 0, 8));
  const CoreRun run = run_core(small_chip(), builder.program());
  EXPECT_EQ(run.elapsed(), 10 + 20 + 10 + 4);
  EXPECT_EQ(run.cycles(EngineKind::Host, Cause::Memory), 10);
  EXPECT_EQ(run.counters.actions.host_out_bytes, 20);
}

TEST(HostLink, LatencyCountsFromTheLastSemaphore) {
  ProgramBuilder builder;
  const auto ready = builder.semaphore(EngineKind::Vector, EngineKind::Host);
  builder.add(EngineKind::Vector, rescale_of(1, 4, 0, 64), {.signals = {ready}});  // 5 + 2 cycles
  builder.add(EngineKind::Host, transfer_of(false, 0, 64, 4), {.waits = {ready}});
  const CoreRun run = run_core(small_chip(), builder.program());
  EXPECT_EQ(run.elapsed(), 7 + 10 + 2);
  EXPECT_EQ(run.cycles(EngineKind::Host, Cause::WaitVector), 7);
}

TEST(HostLink, NarrowRowsTakeAnAccessEach) {
  ProgramBuilder builder;
  Transfer transfer = transfer_of(true, 0, 0, 1);
  transfer.rows = 12;
  transfer.buffer_pitch = 8;
  builder.add(EngineKind::Host, transfer);
  const CoreRun run = run_core(small_chip(), builder.program());
  EXPECT_EQ(run.elapsed(), 10 + 12);  // 6 cycles of link, 12 accesses
  EXPECT_EQ(run.cycles(EngineKind::Host, Cause::Busy), 6);
  EXPECT_EQ(run.cycles(EngineKind::Host, Cause::Port), 6);
}

}  // namespace
}  // namespace systole::testing
