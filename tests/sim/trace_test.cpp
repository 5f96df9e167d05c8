#include "arch/trace.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sim/simulate.h"
#include "tests/sim/support/program_builder.h"
#include "tests/sim/support/run_core.h"
#include "tests/sim/support/small_chip.h"
#include "tests/support/forked.h"

namespace systole::testing {
namespace {

using ::testing::ElementsAre;

InstructionTrace when(std::int64_t head, std::int64_t start, std::int64_t end,
                      std::int64_t completed) {
  return {.head = CoreCycles(head),
          .start = CoreCycles(start),
          .end = CoreCycles(end),
          .completed = CoreCycles(completed)};
}

ChargedSpan wait(std::int64_t index, Cause cause, std::int64_t begin, std::int64_t end) {
  return {.instruction = index, .begin = CoreCycles(begin), .end = CoreCycles(end), .cause = cause};
}

ChargedSpan work(std::int64_t index, Cause cause, std::int64_t begin, std::int64_t end) {
  ChargedSpan span = wait(index, cause, begin, end);
  span.is_work = true;
  return span;
}

FifoLevel level(std::int64_t at, std::int64_t held, std::int64_t arrived) {
  return {.at = CoreCycles(at), .held = held, .arrived = arrived};
}

TEST(Trace, OfTheVectorUnitIsWaitAndWork) {
  ProgramBuilder builder;
  const auto loaded = builder.semaphore(EngineKind::DmaIn, EngineKind::Vector);
  builder.add(EngineKind::DmaIn, transfer_of(true, 0, 0, 16), {.signals = {loaded}});
  builder.add(EngineKind::Vector, rescale_of(2, 4, 0, 64), {.waits = {loaded}});
  RunTrace trace;
  const CoreRun run = run_core(small_chip(), builder.program(), nullptr, {}, &trace);
  // dma_in: issue until 3, the request until 3 + 20 + 4 = 27, two accesses until 29. 16 bytes at
  // the 12.8 bytes a cycle of its chip's DRAM are 2 busy cycles; the rest is memory.
  EXPECT_THAT(trace.engine(EngineKind::DmaIn).instructions, ElementsAre(when(0, 0, 29, 29)));
  EXPECT_THAT(trace.engine(EngineKind::DmaIn).spans,
              ElementsAre(wait(0, Cause::Memory, 0, 3), work(0, Cause::Busy, 3, 5),
                          work(0, Cause::Memory, 5, 29)));
  // The vector unit: 5 cycles of latency, 2 rows of one step at 2 cycles.
  EXPECT_THAT(trace.engine(EngineKind::Vector).instructions, ElementsAre(when(0, 29, 38, 38)));
  EXPECT_THAT(trace.engine(EngineKind::Vector).spans,
              ElementsAre(wait(0, Cause::WaitDma, 0, 29), work(0, Cause::Busy, 29, 38)));
  EXPECT_EQ(trace.elapsed.count(), 38);
  EXPECT_EQ(run.elapsed(), 38);
}

TEST(Trace, OfTheMatrixUnitEndsBeforeItsResultsAreThere) {
  ProgramBuilder builder;
  builder.add(EngineKind::Weights, load_of(8, 4));
  builder.add(EngineKind::Matrix, fold_of(10, 8, 4));
  builder.add(EngineKind::Matrix, fold_of(3, 8, 4, false));
  RunTrace trace;
  static_cast<void>(run_core(small_chip(), builder.program(), nullptr, {}, &trace));
  // docs/timing.md: tile there at 31, shifted at 39, 10 rows until 49, results 8 + 4 - 2 later; the
  // second fold streams from 49 to 52 while the first drains.
  EXPECT_THAT(trace.engine(EngineKind::Matrix).instructions,
              ElementsAre(when(0, 39, 49, 59), when(49, 49, 52, 62)));
  EXPECT_THAT(trace.engine(EngineKind::Matrix).spans,
              ElementsAre(wait(0, Cause::Weights, 0, 31), wait(0, Cause::Shift, 31, 39),
                          work(0, Cause::Busy, 39, 49), work(1, Cause::Busy, 49, 52),
                          work(1, Cause::Drain, 52, 62)));
  // Its slot is taken from the first request, behind 3 cycles of issue, until the tile has shifted.
  EXPECT_THAT(trace.engine(EngineKind::Weights).fifo,
              ElementsAre(level(3, 1, 0), level(31, 1, 1), level(39, 0, 0)));
}

TEST(Trace, OfDescriptorsInFlightTogetherHasNoOverlap) {
  ProgramBuilder builder;
  for (int i = 0; i < 3; ++i) {
    builder.add(EngineKind::DmaIn, transfer_of(true, 0, 64 * i, 16));
  }
  RunTrace trace;
  static_cast<void>(run_core(small_chip(), builder.program(), nullptr, {}, &trace));
  const auto& spans = trace.engine(EngineKind::DmaIn).spans;
  CoreCycles at{0};
  for (const ChargedSpan& span : spans) {
    EXPECT_EQ(span.begin.count(), at.count());
    EXPECT_GT(span.end, span.begin);
    at = span.end;
  }
  EXPECT_EQ(at, trace.elapsed);
  // The second is sent while the first is in flight: its work begins long before its cycles count.
  const auto& second = trace.engine(EngineKind::DmaIn).instructions[1];
  EXPECT_LT(second.start, trace.engine(EngineKind::DmaIn).instructions[0].completed);
}

TEST(Trace, CountsWhatTheDramsBusesCarry) {
  ProgramBuilder builder;
  builder.add(EngineKind::DmaIn, transfer_of(true, 0, 0, 100));
  builder.add(EngineKind::DmaOut, transfer_of(false, 1024, 0, 64));
  RunTrace trace;
  const Counters counters = simulate(small_chip(), builder.program(), nullptr, {.trace = &trace});
  DramTraffic::Sample sum;
  for (const DramTraffic::Sample& sample : trace.dram.samples) {
    sum.read_bytes += sample.read_bytes;
    sum.write_bytes += sample.write_bytes;
  }
  const std::int64_t burst = small_chip().dram.standard.organization.burst_bytes().count();
  EXPECT_EQ(sum.read_bytes, counters.dram.reads * burst);
  EXPECT_EQ(sum.write_bytes, counters.dram.writes * burst);
  EXPECT_GE(sum.read_bytes, 100);
  EXPECT_GE(sum.write_bytes, 64);
}

TEST(Trace, ChangesNoCounter) {
  ProgramBuilder builder;
  const auto loaded = builder.semaphore(EngineKind::DmaIn, EngineKind::Matrix);
  builder.add(EngineKind::Weights, load_of(8, 4)).add(EngineKind::Weights, load_of(8, 4));
  builder.add(EngineKind::DmaIn, transfer_of(true, 0, 0, 100), {.signals = {loaded}});
  builder.add(EngineKind::Matrix, fold_of(10, 8, 4), {.waits = {loaded}});
  builder.add(EngineKind::Matrix, fold_of(5, 8, 4));
  const ForkedResult recorded = run_forked([&] {
    RunTrace trace;
    return text_of(simulate(small_chip(), builder.program(), nullptr, {.trace = &trace}));
  });
  ASSERT_EQ(recorded.error, "");
  EXPECT_EQ(text_of(simulate(small_chip(), builder.program())), recorded.output);
}

}  // namespace
}  // namespace systole::testing
