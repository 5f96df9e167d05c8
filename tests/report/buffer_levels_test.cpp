#include "report/buffer_levels.h"

#include <algorithm>
#include <map>
#include <random>
#include <tuple>

#include <gmock/gmock.h>

#include "arch/isa/recipes.h"
#include "tests/oracle/touched_bytes.h"

namespace systole {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

/// A program and when its instructions completed.
struct HandmadeRun {
  Program program;
  RunTrace trace;

  void add(EngineKind engine, const Operation& operation, std::int64_t completed) {
    program.stream(engine).push_back({.operation = operation});
    trace.engine(engine).instructions.push_back({.completed = CoreCycles(completed)});
    trace.elapsed = std::max(trace.elapsed, CoreCycles(completed));
  }
};

Transfer transfer(bool to_buffer, std::int64_t address, std::int64_t bytes) {
  return {.to_buffer = to_buffer, .buffer = {.address = address}, .row_bytes = bytes};
}

Level level(std::int64_t at, std::int64_t bytes) {
  return {.at = CoreCycles(at), .level = bytes};
}

TEST(BufferLevels, CountFromTheWritersCompletionToTheLastReaders) {
  HandmadeRun run;
  run.add(EngineKind::DmaIn, transfer(true, 0, 10), 5);
  run.add(EngineKind::DmaOut, transfer(false, 0, 10), 8);
  run.add(EngineKind::Host, transfer(false, 0, 4), 12);
  EXPECT_THAT(buffer_levels(run.program, run.trace),
              ElementsAre(level(5, 10), level(8, 4), level(12, 0)));
}

TEST(BufferLevels, LeaveOutWhatNobodyReads) {
  HandmadeRun run;
  run.add(EngineKind::DmaIn, transfer(true, 0, 10), 5);
  run.add(EngineKind::DmaIn, transfer(true, 20, 10), 7);
  run.add(EngineKind::DmaOut, transfer(false, 8, 4), 9);  // two bytes of the first
  EXPECT_THAT(buffer_levels(run.program, run.trace), ElementsAre(level(5, 2), level(9, 0)));
}

TEST(BufferMoments, NameTheLayersThatHoldMostWhenAnIntervalIsFullest) {
  HandmadeRun run;
  run.program.layers = {{.name = "first"}, {.name = "second"}};
  run.add(EngineKind::DmaIn, transfer(true, 0, 10), 5);
  run.add(EngineKind::DmaIn, transfer(true, 20, 30), 7);
  Instruction second = run.program.stream(EngineKind::DmaIn)[1].whole();
  second.layer = 1;
  run.program.stream(EngineKind::DmaIn).set(1, second);
  run.add(EngineKind::DmaOut, transfer(false, 0, 10), 8);
  run.add(EngineKind::DmaOut, transfer(false, 20, 30), 20);
  // Two intervals of 10 cycles: 10 bytes from 5, 40 from 7, 30 from 8 to 20.
  EXPECT_THAT(
      buffer_moments(run.program, run.trace, 2),
      ElementsAre(
          BufferMoment{.at = CoreCycles(7),
                       .bytes = 40,
                       .owners = {{.layer = 1, .bytes = 30}, {.bytes = 10}}},
          BufferMoment{.at = CoreCycles(10), .bytes = 30, .owners = {{.layer = 1, .bytes = 30}}}));
}

TEST(BufferLevels, ReadsOfWhatNobodyWroteCountNothing) {
  HandmadeRun run;
  run.add(EngineKind::DmaOut, transfer(false, 8, 4), 9);
  EXPECT_THAT(buffer_levels(run.program, run.trace), IsEmpty());
}

TEST(BufferLevels, EndWhenTheBytesAreWrittenAgainUnread) {
  HandmadeRun run;
  run.add(EngineKind::DmaIn, transfer(true, 0, 8), 5);
  run.add(EngineKind::DmaOut, transfer(false, 0, 8), 6);
  run.add(EngineKind::DmaIn, transfer(true, 0, 8), 10);
  run.add(EngineKind::DmaOut, transfer(false, 0, 8), 20);
  EXPECT_THAT(buffer_levels(run.program, run.trace),
              ElementsAre(level(5, 8), level(6, 0), level(10, 8), level(20, 0)));
}

TEST(BufferLevels, WorkInPlaceKeepsTheLevel) {
  HandmadeRun run;
  Rescale rescale{.in = {.address = 0}, .rows = 1, .cols = 8};
  run.add(EngineKind::DmaIn, transfer(true, 0, 8), 5);
  run.add(EngineKind::Vector, rescale, 7);
  run.add(EngineKind::DmaOut, transfer(false, 0, 8), 9);
  EXPECT_THAT(buffer_levels(run.program, run.trace), ElementsAre(level(5, 8), level(9, 0)));
}

TEST(BufferLevels, InOneCycleEnginesTakeEffectInTheirOrder) {
  HandmadeRun run;
  run.add(EngineKind::Host, transfer(true, 0, 8), 5);
  run.add(EngineKind::DmaOut, transfer(false, 0, 8), 5);
  run.add(EngineKind::Vector, Rescale{.in = {.address = 0}, .rows = 1, .cols = 3}, 6);
  EXPECT_THAT(buffer_levels(run.program, run.trace), ElementsAre(level(5, 3), level(6, 0)));
}

/// The same rule, byte by byte and cycle by cycle.
std::map<std::int64_t, std::int64_t> bytes_by_cycle(const HandmadeRun& run) {
  std::vector<std::tuple<std::int64_t, int, std::size_t>> order;
  for (int engine = 0; engine < kEngineKindCount; ++engine) {
    const auto& instructions = run.trace.engines[static_cast<std::size_t>(engine)].instructions;
    for (std::size_t i = 0; i < instructions.size(); ++i) {
      order.emplace_back(instructions[i].completed.count(), engine, i);
    }
  }
  std::sort(order.begin(), order.end());
  struct Byte {
    std::int64_t written = -1;
    std::int64_t read = -1;
  };
  std::map<std::int64_t, Byte> memory;
  std::map<std::int64_t, std::int64_t> levels;
  const auto forget = [&](const Byte& byte) {
    for (std::int64_t cycle = byte.written; byte.written >= 0 && cycle < byte.read; ++cycle) {
      ++levels[cycle];
    }
  };
  for (const auto& [at, engine, index] : order) {
    const auto& stream = run.program.streams[static_cast<std::size_t>(engine)];
    const TouchedBytes touched = touched_bytes(stream[index].operation());
    for (const std::int64_t address : touched.read) {
      memory[address].read = at;
    }
    for (const std::int64_t address : touched.written) {
      forget(memory[address]);
      memory[address] = {.written = at};
    }
  }
  for (const auto& [address, byte] : memory) {
    forget(byte);
  }
  return levels;
}

TEST(BufferLevels, EqualTheModelThatCountsEachByteInEachCycle) {
  std::mt19937_64 random(7);
  for (int round = 0; round < 300; ++round) {
    HandmadeRun run;
    std::array<std::int64_t, kEngineKindCount> now{};
    for (int i = 0; i < 40; ++i) {
      const std::size_t engine = random() % kEngineKindCount;
      now[engine] += static_cast<std::int64_t>(random() % 6);  // several may complete in one cycle
      run.add(static_cast<EngineKind>(engine), random_operation(random), now[engine]);
    }
    std::map<std::int64_t, std::int64_t> expected = bytes_by_cycle(run);
    const Levels levels = buffer_levels(run.program, run.trace);
    std::size_t next = 0;
    std::int64_t actual = 0;
    for (std::int64_t cycle = 0; cycle <= run.trace.elapsed.count(); ++cycle) {
      for (; next < levels.size() && levels[next].at.count() <= cycle; ++next) {
        actual = levels[next].level;
      }
      ASSERT_EQ(actual, expected[cycle]) << "round " << round << " cycle " << cycle;
    }
    EXPECT_EQ(actual, 0);
  }
}

}  // namespace
}  // namespace systole
