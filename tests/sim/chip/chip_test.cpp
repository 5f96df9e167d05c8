// Several matrix units in a core, several cores in a chip.
#include "sim/chip/chip.h"

#include <vector>

#include <gtest/gtest.h>

#include "arch/diag/error.h"
#include "tests/sim/support/program_builder.h"
#include "tests/sim/support/run_core.h"
#include "tests/sim/support/small_chip.h"

namespace systole::testing {
namespace {

constexpr std::int64_t kReady = 300;  // cycle in which all tiles are in their FIFOs
constexpr std::int64_t kDrain = 8 + 4 - 2;
constexpr std::int64_t kEntries = 64;  // of each unit

ChipSpec with_units(std::int64_t units) {
  ChipSpec chip = small_chip();
  chip.matrix.count = units;
  chip.host.latency = CoreCycles(kReady - 1);
  return chip;
}

/// A fold of 20 positions for each of two matrix units.
Program two_folds() {
  ProgramBuilder builder(EngineSet{.cores = 1, .matrix_units = 2});
  std::vector<std::int32_t> ready;
  for (std::uint8_t unit = 0; unit < 2; ++unit) {
    const EngineId matrix{EngineKind::Matrix, unit};
    ready.push_back(builder.semaphore(EngineKind::Host, matrix));
    Fold fold = fold_of(20, 8, 4, true, 8 * unit);  // in another bank
    fold.accumulator = unit * kEntries;
    builder.add({EngineKind::Weights, unit}, load_of(8, 4));
    builder.add(matrix, fold, {.waits = {ready.back()}});
  }
  builder.add(EngineKind::Host, transfer_of(true, 0, 0, 2), {.signals = ready});
  return builder.program();
}

TEST(Units, FoldSideBySide) {
  const CoreRun run = run_core(with_units(2), two_folds());
  EXPECT_EQ(run.elapsed(), kReady + 20 + kDrain);
  EXPECT_EQ(run.cycles(EngineKind::Matrix, Cause::Busy), 20);
  EXPECT_EQ(run.cycles({EngineKind::Matrix, 1}, Cause::Busy), 20);
  EXPECT_EQ(run.counters.actions.folds, 2);
  EXPECT_EQ(run.counters.actions.mac_slots, 2 * 20 * 8 * 4);
}

TEST(Units, ShareThePortsOfTheBuffer) {
  ChipSpec chip = with_units(2);
  chip.buffer.ports = 1;
  const CoreRun run = run_core(chip, two_folds());
  // 20 accesses each, in turns: the last of them is served in cycle 39.
  EXPECT_EQ(run.elapsed(), kReady + 40 + kDrain);
}

TEST(Units, HaveAccumulatorPortsOfTheirOwn) {
  ChipSpec chip = with_units(2);
  chip.accumulators.ports = 1;
  EXPECT_EQ(run_core(chip, two_folds()).elapsed(), kReady + 20 + kDrain);
}

TEST(Units, WriteTheirOwnAccumulators) {
  Program program = two_folds();
  Stream& second = program.stream({EngineKind::Matrix, 1});
  Instruction first_entry = second[0].whole();
  std::get<Fold>(first_entry.operation).accumulator = 0;
  second.set(0, first_entry);
  try {
    (void)run_core(with_units(2), program);
    FAIL() << "runs";
  } catch (const InternalError& error) {
    EXPECT_EQ(std::string(error.what()),
              "matrix1 instruction 0 (layer0): accumulators 0..20 are outside "
              "64..128");
  }
}

TEST(Chip, RunsProgramsForItsOwnEngines) {
  try {
    (void)run_core(with_units(1), two_folds());
    FAIL() << "runs";
  } catch (const InternalError& error) {
    EXPECT_EQ(std::string(error.what()),
              "a program for 1 cores with 2 matrix units each, on a chip of 1 with "
              "1");
  }
}

TEST(Cores, ShareTheHostLink) {
  ChipSpec chip = small_chip();  // 2 bytes a cycle, 10 cycles of latency
  chip.cores = 2;
  ProgramBuilder builder(EngineSet{.cores = 2});
  for (std::uint16_t core = 0; core < 2; ++core) {
    builder.add({EngineKind::Host, 0, core}, transfer_of(true, 0, 0, 200));
  }
  const CoreRun run = run_core(chip, builder.program());
  EXPECT_EQ(run.elapsed(), 10 + 100 + 100);
  EXPECT_EQ(run.cycles({EngineKind::Host, 0, 0}, Cause::Memory), 10);
  EXPECT_EQ(run.cycles({EngineKind::Host, 0, 1}, Cause::Memory), 10 + 100);
  EXPECT_EQ(run.counters.actions.host_in_bytes, 400);
}

TEST(Cores, HaveABufferOfTheirOwn) {
  ChipSpec chip = small_chip();
  chip.cores = 2;
  ProgramBuilder builder(EngineSet{.cores = 2});
  for (std::uint16_t core = 0; core < 2; ++core) {
    builder.add({EngineKind::Host, 0, core}, transfer_of(true, 16 * core, 0, 16));
    builder.add({EngineKind::Host, 0, core}, transfer_of(false, 64 + 16 * core, 0, 16));
  }
  std::vector<std::int8_t> dram(4096);
  std::vector<std::int8_t> host(4096);
  for (std::int8_t byte = 0; byte < 32; ++byte) {
    host[static_cast<std::size_t>(byte)] = byte;
  }
  const RunData data{.dram = &dram, .host = &host};
  (void)run_core(chip, builder.program(), &data);
  for (std::int8_t byte = 0; byte < 32; ++byte) {
    EXPECT_EQ(host[64U + static_cast<std::size_t>(byte)], byte);
  }
}

}  // namespace
}  // namespace systole::testing
