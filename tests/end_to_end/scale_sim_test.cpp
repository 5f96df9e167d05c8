// What the compiler makes of the layers of docs/array.md, "Comparison with SCALE-Sim", on an array
// that overlaps nothing.

#include <fstream>
#include <string>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "compiler/compile.h"
#include "compiler/frontend/read_network.h"
#include "study/evaluate.h"
#include "tests/support/temporary_directory.h"

namespace systole {
namespace {

constexpr std::string_view kDense = R"(network: dense
description: m 256, n 128, k 256
batch: {value: 256, status: assumed}
inputs:
  - name: features
    features: 256
layers:
  - name: fc
    op: dense
    features: {value: 128, status: assumed}
)";

struct Cost {
  std::int64_t folds;
  std::int64_t cycles;
};

/// Folds of the layer on the edge chip's 32 x 32 PEs without overlap, and the matrix unit's cycles
/// without waits for anything but the array: busy, shift, drain.
Cost cost_of(Dataflow dataflow, Hertz frequency = Hertz(500'000'000)) {
  const TemporaryDirectory directory;
  const std::string file = (directory.path() / "dense.yaml").string();
  std::ofstream(file) << kDense;
  ChipSpec chip = read_chip(SYSTOLE_SOURCE_DIR "/configs/chips/edge.yaml");
  chip.matrix.dataflow = dataflow;
  chip.matrix.overlap = Overlap::None;
  chip.frequency = frequency;
  chip.host.bandwidth = BytesPerSecond(2 * frequency.count());  // 2 bytes a cycle, as the edge chip
  const Result result = evaluate(chip, read_network(file, {}), {});
  const EngineCounters& matrix = result.counters.engine(EngineKind::Matrix);
  return {.folds = result.counters.actions.folds,
          .cycles = (matrix[Cause::Busy] + matrix[Cause::Shift] + matrix[Cause::Drain]).count()};
}

/// A lone fold with a load or a drain: 2 R + C + T - 2.
constexpr std::int64_t lone(std::int64_t steps) {
  return 2 * 32 + 32 + steps - 2;
}

TEST(ScaleSimThroughTheCompiler, WeightStationaryTakesItsFoldsAndCycles) {
  const Cost cost = cost_of(Dataflow::WeightStationary);
  EXPECT_EQ(cost.folds, 4 * 8);  // slices of n and k
  // Two loads hide: of the folds that wait for the two transfers of the input.
  EXPECT_EQ(cost.cycles, 4 * 8 * lone(256) - 2 * 32);
  EXPECT_EQ(cost.cycles, 11'200 - 64);
}

TEST(ScaleSimThroughTheCompiler, InputStationaryFoldsStreamOneTileEach) {
  const Cost cost = cost_of(Dataflow::InputStationary);
  EXPECT_EQ(cost.folds, 8 * 4 * 8);  // pieces of m, slices of n and k
  EXPECT_EQ(cost.cycles, 8 * 4 * 8 * lone(32));
  EXPECT_EQ(cost.cycles, 32'256);
}

TEST(ScaleSimThroughTheCompiler, OutputStationaryFoldsStreamOneTileEachAndDrainEach) {
  // With a core of 2 GHz a tile of 1 KiB takes 160 cycles to come, longer than a lone fold's 126:
  // sums move, so that 8 folds share a tile.
  const Cost cost = cost_of(Dataflow::OutputStationary, Hertz(2'000'000'000));
  EXPECT_EQ(cost.folds, 8 * 4 * 8);
  EXPECT_EQ(cost.cycles, 8 * 4 * 8 * lone(32));
}

TEST(ScaleSimThroughTheCompiler, OutputStationarySumsThatStayDrainOnce) {
  // At 500 MHz it takes 40: weights keep up, and sums stay for all 8 slices of k, R cycles less for
  // each but the last.
  const Cost cost = cost_of(Dataflow::OutputStationary);
  EXPECT_EQ(cost.folds, 8 * 4 * 8);
  EXPECT_EQ(cost.cycles, 8 * 4 * (8 * lone(32) - 7 * 32));
  EXPECT_EQ(cost.cycles, 25'088);
}

}  // namespace
}  // namespace systole
