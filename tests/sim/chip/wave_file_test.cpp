#include "sim/chip/wave_file.h"

#include <fstream>
#include <new>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sim/simulate.h"
#include "tests/sim/support/program_builder.h"
#include "tests/sim/support/run_core.h"
#include "tests/sim/support/small_chip.h"
#include "tests/support/forked.h"
#include "tests/support/temporary_directory.h"
#include "tests/support/vcd.h"

namespace systole::testing {
namespace {

std::string text_in(const std::string& file) {
  std::stringstream text;
  text << std::ifstream(file, std::ios::binary).rdbuf();
  return text.str();
}

std::uint64_t code(Cause cause) {
  return static_cast<std::uint64_t>(cause);
}

/// A fold and a vector instruction that waits for it; on a chip of 700 MHz, whose period of
/// 1,428,571 fs is no whole number of picoseconds.
struct WaveRun {
  ChipSpec chip = small_chip();
  ProgramBuilder builder;
  TemporaryDirectory directory;
  std::string file = (directory.path() / "run.vcd").string();

  WaveRun() {
    chip.frequency = Hertz(700'000'000);
    const auto sums = builder.semaphore(EngineKind::Matrix, EngineKind::Vector);
    const auto space =
        builder.semaphore(EngineKind::Vector, EngineKind::Matrix, SemaphoreKind::Space);
    builder.add(EngineKind::Weights, load_of(8, 4));
    builder.add(EngineKind::Matrix, fold_of(10, 8, 4), {.signals = {sums}});
    builder.in_layer(3).add(EngineKind::Vector, requantize_of(10, 4, 512), {.waits = {sums}});
    builder.add(EngineKind::Vector, rescale_of(2, 4, 0, 64), {.signals = {space}});
  }

  [[nodiscard]] Counters simulate_with(RunTrace* trace = nullptr) const {
    return simulate(chip, builder.program(), nullptr, {.trace = trace, .waveform = file});
  }
  [[nodiscard]] std::int64_t time_of(CoreCycles cycle) const {
    return chip.clock().time_of(cycle).count();
  }
};

TEST(WaveFile, HasTheValuesOfEachCycle) {
  const WaveRun run;
  RunTrace trace;
  const Counters counters = run.simulate_with(&trace);
  const Vcd vcd = parse_vcd(text_in(run.file));
  const InstructionTrace fold = trace.engine(EngineKind::Matrix).instructions[0];
  const InstructionTrace requantize = trace.engine(EngineKind::Vector).instructions[0];
  const InstructionTrace rescale = trace.engine(EngineKind::Vector).instructions[1];
  // One femtosecond before an edge the cycle before still holds.
  const auto at = [&](const std::string& path, CoreCycles cycle) {
    return vcd.value("core." + path, run.time_of(cycle));
  };
  const auto before = [&](const std::string& path, CoreCycles cycle) {
    return vcd.value("core." + path, run.time_of(cycle) - 1);
  };
  EXPECT_EQ(at("matrix.state", CoreCycles(0)), code(Cause::Weights));
  EXPECT_EQ(before("matrix.state", fold.start - CoreCycles(8)), code(Cause::Weights));
  EXPECT_EQ(at("matrix.state", fold.start - CoreCycles(8)), code(Cause::Shift));
  EXPECT_EQ(before("matrix.state", fold.start), code(Cause::Shift));
  EXPECT_EQ(at("matrix.state", fold.start), code(Cause::Busy));
  EXPECT_EQ(before("matrix.state", fold.end), code(Cause::Busy));
  EXPECT_EQ(at("matrix.state", fold.end), code(Cause::Drain));
  EXPECT_EQ(before("matrix.state", fold.completed), code(Cause::Drain));
  EXPECT_EQ(at("matrix.state", fold.completed), code(Cause::Idle));
  EXPECT_EQ(before("matrix.in_flight", fold.start), 0U);
  EXPECT_EQ(at("matrix.in_flight", fold.start), 1U);
  EXPECT_EQ(before("matrix.in_flight", fold.completed), 1U);
  EXPECT_EQ(at("matrix.in_flight", fold.completed), 0U);
  EXPECT_EQ(before("vector.state", requantize.start), code(Cause::WaitMatrix));
  EXPECT_EQ(at("vector.state", requantize.start), code(Cause::Busy));
  EXPECT_EQ(at("vector.instruction", requantize.start), 0U);
  EXPECT_EQ(at("vector.instruction", rescale.head), 1U);
  EXPECT_EQ(at("vector.layer", rescale.head), 3U);
  EXPECT_EQ(at("vector.state", rescale.completed), code(Cause::Idle));
  EXPECT_EQ(at("dma_out.state", CoreCycles(0)), code(Cause::Idle));
  // The vector unit takes the first semaphore in the cycle that gives it; nobody takes the second.
  EXPECT_EQ(vcd.time_at("core.semaphores.s0_matrix_vector_data", 1), 0);
  EXPECT_EQ(before("semaphores.s1_vector_matrix_space", rescale.completed), 0U);
  EXPECT_EQ(at("semaphores.s1_vector_matrix_space", rescale.completed), 1U);
  for (const FifoLevel& level : trace.engine(EngineKind::Weights).fifo) {
    EXPECT_EQ(at("weight_fifo.held", level.at), static_cast<std::uint64_t>(level.held));
    EXPECT_EQ(at("weight_fifo.arrived", level.at), static_cast<std::uint64_t>(level.arrived));
  }
  // The vector unit's second instruction reads what nobody wrote, and nobody reads its results.
  EXPECT_EQ(vcd.time_at("core.buffer.bytes", 0), vcd.end);
  EXPECT_EQ(at("buffer_ports.matrix", fold.start), 1U);
  EXPECT_EQ(at("buffer_ports.matrix", fold.end), 0U);
  // The file goes on for a cycle, so that the last values can be seen.
  EXPECT_EQ(vcd.end, run.time_of(counters.elapsed + CoreCycles(1)));
}

TEST(WaveFile, ShowsTheBytesOfTheBufferThatWillBeRead) {
  WaveRun run;
  run.builder = ProgramBuilder();
  const auto there = run.builder.semaphore(EngineKind::Host, EngineKind::Vector);
  const auto done = run.builder.semaphore(EngineKind::Vector, EngineKind::DmaOut);
  run.builder.add(EngineKind::Host, transfer_of(true, 0, 0, 24), {.signals = {there}});
  run.builder.add(EngineKind::Vector, rescale_of(2, 4, 0, 64),
                  {.waits = {there}, .signals = {done}});
  run.builder.add(EngineKind::DmaOut, transfer_of(false, 0, 64, 6), {.waits = {done}});
  RunTrace trace;
  static_cast<void>(run.simulate_with(&trace));
  const Vcd vcd = parse_vcd(text_in(run.file));
  const auto completed = [&](EngineKind engine) {
    return run.time_of(trace.engine(engine).instructions[0].completed);
  };
  const auto level = [&](std::int64_t time) { return vcd.value("core.buffer.bytes", time); };
  EXPECT_EQ(level(completed(EngineKind::Host) - 1), 0U);
  EXPECT_EQ(level(completed(EngineKind::Host)), 8U) << "of 24 bytes 8 are read";
  EXPECT_EQ(level(completed(EngineKind::Vector) - 1), 8U);
  EXPECT_EQ(level(completed(EngineKind::Vector)), 6U) << "of 8 results 6 are read";
  EXPECT_EQ(level(completed(EngineKind::DmaOut) - 1), 6U);
  EXPECT_EQ(level(completed(EngineKind::DmaOut)), 0U);
}

TEST(WaveFile, ChangesAreAtEdgesOfTheCoreClock) {
  const WaveRun run;
  static_cast<void>(run.simulate_with());
  const Vcd vcd = parse_vcd(text_in(run.file));
  const std::int64_t period = run.chip.clock().period().count();
  EXPECT_EQ(period, 1'428'571);
  for (const auto& [path, variable] : vcd.variables) {
    for (const Vcd::Change& change : variable.changes) {
      EXPECT_EQ(change.at % period, 0) << path << " at " << change.at;
    }
  }
}

TEST(WaveFile, StatesOfTheVectorUnitAddUpToItsCounters) {
  const WaveRun run;
  const Counters counters = run.simulate_with();
  const Vcd vcd = parse_vcd(text_in(run.file));
  const EngineCounters& vector = counters.engine(EngineKind::Vector);
  const std::int64_t after = vcd.end - run.time_of(counters.elapsed);
  for (const auto& [cause, name] : kEnumNames<Cause>) {
    const std::int64_t beyond = cause == Cause::Idle ? after : 0;
    // A state of busy covers what ports add to the work.
    const CoreCycles cycles =
        cause == Cause::Busy ? vector[cause] + vector[Cause::Port] : vector[cause];
    if (cause != Cause::Port) {
      EXPECT_EQ(vcd.time_at("core.vector.state", code(cause)) - beyond, run.time_of(cycles))
          << name;
    }
  }
}

TEST(WaveFile, ChangesNoCounterAndIsTheSameEveryTime) {
  const WaveRun run;
  const auto once = [&](const std::string& file) {
    const ForkedResult child = run_forked([&] {
      return text_of(simulate(run.chip, run.builder.program(), nullptr, {.waveform = file}));
    });
    EXPECT_EQ(child.error, "");
    return child.output;
  };
  const std::string other = (run.directory.path() / "other.vcd").string();
  const std::string counters = once(run.file);
  EXPECT_EQ(once(other), counters);
  EXPECT_EQ(text_in(other), text_in(run.file));
  EXPECT_EQ(text_of(simulate(run.chip, run.builder.program())), counters);
}

TEST(WaveFile, SaysHowStatesAreEncodedAndNotWhenItWasMade) {
  const WaveRun run;
  static_cast<void>(run.simulate_with());
  const Vcd vcd = parse_vcd(text_in(run.file));
  EXPECT_EQ(vcd.date, "");
  EXPECT_THAT(vcd.comments.front(), ::testing::StartsWith("Systole. state: 0=busy 1=issue "));
  EXPECT_EQ(vcd.comments.back(), "end of run");
}

std::string failure_of(const WaveRun& run, const std::string& file) {
  try {
    static_cast<void>(simulate(run.chip, run.builder.program(), nullptr, {.waveform = file}));
  } catch (const WaveformError& error) {
    return error.what();
  }
  return "";
}

/// An error in front of the first cycle: the kernel complains that nothing was traced.
TEST(WaveFile, GoesAwayBeforeTheFirstCycle) {
  const std::string file = ::testing::TempDir() + "wave_of_nothing.vcd";
  EXPECT_THROW(
      {
        const WaveFile wave(file);
        throw std::bad_alloc();
      },
      std::bad_alloc);
}

TEST(WaveFile, TellsWhenItCannotBeMade) {
  const WaveRun run;
  EXPECT_EQ(failure_of(run, (run.directory.path() / "none/run.vcd").string()),
            "No such file or directory");
}

TEST(WaveFile, TellsWhenOnlyAPartCouldBeWritten) {
  const WaveRun run;
  // A device that is always full, by a name that the kernel takes.
  std::filesystem::create_symlink("/dev/full", run.file);
  EXPECT_EQ(failure_of(run, run.file), "only a part could be written; is there space left?");
}

}  // namespace
}  // namespace systole::testing
