// Fold instructions per second of the tile level, with a memory that never makes anybody wait.

#include <ctime>
#include <string>

#include <benchmark/benchmark.h>

#include "arch/dataflow.h"
#include "tests/sim/support/program_builder.h"
#include "tests/sim/support/run_core.h"
#include "tests/sim/support/small_chip.h"
#include "tests/support/forked.h"

namespace systole::testing {
namespace {

constexpr int kFolds = 500'000;
constexpr std::int64_t kSide = 8;  // of the array, and of tiles that fill it
constexpr FakeMemoryRule kIdeal{.is_ideal = true};

ChipSpec chip_of(Dataflow dataflow) {
  ChipSpec chip = small_chip();
  chip.matrix.dataflow = dataflow;
  chip.matrix.cols = kSide;
  chip.weight_fifo.tiles = 8;
  chip.dma = {.request = Bytes(64), .outstanding = 8, .issue = CoreCycles(0)};
  return chip;
}

Program program_of(const ChipSpec& chip, bool tile_for_each) {
  ProgramBuilder builder;
  const std::int64_t most = largest_count(chip.matrix);
  const std::int64_t count = most == 0 ? 2 * kSide : most;
  for (int i = 0; i < kFolds; ++i) {
    const bool next_tile = i == 0 || tile_for_each;
    if (next_tile) {
      builder.add(EngineKind::Weights, load_of(kSide, kSide));
    }
    builder.add(EngineKind::Matrix, fold_of(count, kSide, kSide, next_tile));
  }
  return builder.program();
}

/// SystemC elaborates once per process, so each iteration runs in a fork; it times itself, without
/// the making of the program, in processor time, which other work on the machine changes less.
void simulate_folds(benchmark::State& state, Dataflow dataflow, bool tile_for_each) {
  const ChipSpec chip = chip_of(dataflow);
  const Program program = program_of(chip, tile_for_each);
  for (auto _ : state) {
    const ForkedResult child = run_forked([&] {
      const std::clock_t begin = std::clock();
      (void)run_core(chip, program, nullptr, kIdeal);
      return std::to_string(static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC);
    });
    if (child.exit_code != 0) {
      state.SkipWithError(child.error.c_str());
      return;
    }
    state.SetIterationTime(std::stod(child.output));
  }
  state.SetItemsProcessed(state.iterations() * kFolds);
}

BENCHMARK_CAPTURE(simulate_folds, weight_stationary_resident_tile, Dataflow::WeightStationary,
                  false)
    ->UseManualTime()
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(simulate_folds, input_stationary_same_tile, Dataflow::InputStationary, false)
    ->UseManualTime()
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(simulate_folds, output_stationary_same_tile, Dataflow::OutputStationary, false)
    ->UseManualTime()
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(simulate_folds, weight_stationary_a_tile_each, Dataflow::WeightStationary, true)
    ->UseManualTime()
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace systole::testing
