// `matrix_unit.overlap: none` against SCALE-Sim, for whole layers. docs/array.md explains the
// differences.

#include <algorithm>
#include <ostream>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "sim/matrix/array_timing.h"
#include "tests/sim/support/program_builder.h"
#include "tests/sim/support/run_core.h"
#include "tests/sim/support/small_chip.h"

namespace systole::testing {
namespace {

/// C[m][n] += A[m][k] * W[k][n].
struct Layer {
  std::int64_t m;
  std::int64_t n;
  std::int64_t k;
};

struct Array {
  std::int64_t rows;
  std::int64_t cols;
};

/// The layer's extents along rows, columns and time.
struct Extents {
  std::int64_t rows;
  std::int64_t cols;
  std::int64_t time;
};

Extents extents_of(Dataflow dataflow, const Layer& layer) {
  switch (dataflow) {
    case Dataflow::WeightStationary:
      return {layer.k, layer.n, layer.m};
    case Dataflow::InputStationary:
      return {layer.k, layer.m, layer.n};
    case Dataflow::OutputStationary:
      return {layer.m, layer.n, layer.k};
  }
  return {};
}

std::int64_t folds_of(Dataflow dataflow, const Array& array, const Layer& layer) {
  const Extents extents = extents_of(dataflow, layer);
  return ceil_div(extents.rows, array.rows) * ceil_div(extents.cols, array.cols);
}

/// Stall-free cycles that SCALE-Sim v2 reports: the number of the last line, counted from 0, of the
/// layer's demand matrix; a fold has 2R + C + T - 2 lines, R + C + T - 2 output stationary.
std::int64_t scale_sim_cycles(Dataflow dataflow, const Array& array, const Layer& layer) {
  const bool is_loaded = dataflow != Dataflow::OutputStationary;
  const std::int64_t lines =
      (is_loaded ? 2 : 1) * array.rows + array.cols + extents_of(dataflow, layer).time - 2;
  return folds_of(dataflow, array, layer) * lines - 1;
}

/// What the differences amount to: the cycle that the count from 0 leaves out, and the R cycles in
/// which each output-stationary fold moves its sums out.
std::int64_t left_out_by_scale_sim(Dataflow dataflow, const Array& array, const Layer& layer) {
  const bool is_unloaded = dataflow == Dataflow::OutputStationary;
  return 1 + (is_unloaded ? folds_of(dataflow, array, layer) * array.rows : 0);
}

MatrixUnitSpec spec_of(Dataflow dataflow, const Array& array, Overlap overlap) {
  MatrixUnitSpec spec;
  spec.rows = array.rows;
  spec.cols = array.cols;
  spec.dataflow = dataflow;
  spec.overlap = overlap;
  return spec;
}

std::int64_t cycles_by_rule(Dataflow dataflow, const Array& array, const Layer& layer,
                            Overlap overlap) {
  const std::vector<FoldShape> folds(static_cast<std::size_t>(folds_of(dataflow, array, layer)),
                                     FoldShape{.phases = extents_of(dataflow, layer).time});
  return fold_sequence_times(spec_of(dataflow, array, overlap), folds).back().completion.count();
}

/// Reports in the repository of SCALE-Sim v2, folders test/golden_trace and test/general, 32 x 32
/// PEs: total cycles less stall cycles. AlexNet's first layer, 55 * 55 positions of 11 * 11 * 3
/// inputs and 96 outputs; and its example of m, n, k. Status: found.
struct Published {
  Dataflow dataflow;
  Layer layer;
  std::int64_t total;
  std::int64_t stall;
  std::int64_t with_overlap;  ///< ours, in docs/array.md
};
constexpr Array kPublishedArray{32, 32};
const std::vector<Published> kPublished{
    {Dataflow::WeightStationary, {3025, 96, 363}, 112'283, 0, 108'994},
    {Dataflow::WeightStationary, {256, 128, 256}, 52'447, 41'248, 8'286},
    {Dataflow::InputStationary, {256, 128, 256}, 19'984, 5'777, 8'286},
    {Dataflow::OutputStationary, {256, 128, 256}, 52'447, 42'272, 8'286},
};

TEST(ScaleSim, ConventionGivesThePublishedFigures) {
  for (const Published& published : kPublished) {
    EXPECT_EQ(scale_sim_cycles(published.dataflow, kPublishedArray, published.layer),
              published.total - published.stall);
  }
}

TEST(ScaleSim, WithoutOverlapWeTakeThePublishedFiguresAndWhatTheyLeaveOut) {
  for (const Published& published : kPublished) {
    EXPECT_EQ(cycles_by_rule(published.dataflow, kPublishedArray, published.layer, Overlap::None),
              published.total - published.stall +
                  left_out_by_scale_sim(published.dataflow, kPublishedArray, published.layer));
  }
}

TEST(ScaleSim, WithoutOverlapWeTakeItsCyclesAndWhatTheyLeaveOutOnAnyArray) {
  for (const Dataflow dataflow :
       {Dataflow::WeightStationary, Dataflow::InputStationary, Dataflow::OutputStationary}) {
    for (const Array& array : {Array{1, 1}, Array{3, 7}, Array{8, 8}, Array{128, 128}}) {
      for (const Layer& layer : {Layer{1, 1, 1}, Layer{8, 9, 7}, Layer{49, 2048, 512}}) {
        EXPECT_EQ(cycles_by_rule(dataflow, array, layer, Overlap::None),
                  scale_sim_cycles(dataflow, array, layer) +
                      left_out_by_scale_sim(dataflow, array, layer));
      }
    }
  }
}

TEST(ScaleSim, OverlapHidesAllLoadsSkewsAndUnloadsButTheOutermost) {
  // Folds are longer than a load or an unload: 36 * 3025 phases of the first layer, then 32 * 256,
  // 64 * 128 and 32 * 256; one load or unload and both skews show.
  for (const Published& published : kPublished) {
    const std::int64_t phases = folds_of(published.dataflow, kPublishedArray, published.layer) *
                                extents_of(published.dataflow, published.layer).time;
    EXPECT_EQ(published.with_overlap, phases + 32 + 32 + 32 - 2);
    EXPECT_EQ(cycles_by_rule(published.dataflow, kPublishedArray, published.layer, Overlap::Shadow),
              published.with_overlap);
  }
}

/// A chip whose memories have hardly anything to wait for.
ChipSpec chip_of(Dataflow dataflow, const Array& array) {
  ChipSpec chip = small_chip();
  const auto paces = chip.matrix.pace_of_kind;
  chip.matrix = spec_of(dataflow, array, Overlap::None);
  chip.matrix.pace_of_kind = paces;
  chip.weight_fifo.tiles = 4;
  chip.buffer.capacity = Bytes(4 << 20);
  chip.buffer.port_width = Bytes(1024);
  chip.accumulators = {.entries = 4096, .banks = 8, .ports = 8};
  chip.dma = {.request = Bytes(4096), .outstanding = 8, .issue = CoreCycles(0)};
  return chip;
}

/// The layer's folds as a program: columns outermost, then the reduction.
Program program_of(Dataflow dataflow, const Array& array, const Layer& layer) {
  ProgramBuilder builder;
  builder.memories(array.rows * array.cols, 1);
  const std::int64_t positions = dataflow == Dataflow::WeightStationary  ? layer.m
                                 : dataflow == Dataflow::InputStationary ? array.cols
                                                                         : array.rows;
  for (std::int64_t m = 0; m < layer.m; m += positions) {
    for (std::int64_t n = 0; n < layer.n; n += array.cols) {
      for (std::int64_t k = 0; k < layer.k; k += array.rows) {
        const std::int64_t rows = std::min(array.rows, layer.k - k);
        const std::int64_t cols = std::min(array.cols, layer.n - n);
        Fold fold = fold_of(std::min(positions, layer.m - m), rows, cols);
        fold.accumulate = k > 0;
        builder.add(EngineKind::Weights, load_of(rows, cols));
        builder.add(EngineKind::Matrix, fold);
      }
    }
  }
  return builder.program();
}

struct LayerOnChip {
  Dataflow dataflow;
  Array array;
  Layer layer;

  friend std::ostream& operator<<(std::ostream& out, const LayerOnChip& on) {
    return out << name_of(on.dataflow) << " " << on.array.rows << " x " << on.array.cols << ", m "
               << on.layer.m << ", n " << on.layer.n << ", k " << on.layer.k;
  }
};

class ScaleSimOnChip : public ::testing::TestWithParam<LayerOnChip> {};

/// Layers whose time axis one fold holds: any for weight stationary; n <= columns for input and
/// k <= rows for output stationary, as a fold takes one weight tile.
TEST_P(ScaleSimOnChip, AProgramTakesItsCyclesAndWhatTheyLeaveOut) {
  const auto& [dataflow, array, layer] = GetParam();
  const CoreRun run = run_core(chip_of(dataflow, array), program_of(dataflow, array, layer),
                               nullptr, {.latency = Femtoseconds(0), .per_byte = Femtoseconds(0)});
  // Stall-free: without the first tile's way into the FIFO and what banks and ports keep apart.
  std::int64_t stalls = 0;
  for (const Cause cause : {Cause::Weights, Cause::Port, Cause::Accumulator}) {
    stalls += run.cycles(EngineKind::Matrix, cause);
  }
  EXPECT_EQ(run.elapsed() - stalls, scale_sim_cycles(dataflow, array, layer) +
                                        left_out_by_scale_sim(dataflow, array, layer));
}

INSTANTIATE_TEST_SUITE_P(
    Layers, ScaleSimOnChip,
    ::testing::Values(LayerOnChip{Dataflow::WeightStationary, {32, 32}, {3025, 96, 363}},
                      LayerOnChip{Dataflow::WeightStationary, {32, 32}, {256, 128, 256}},
                      LayerOnChip{Dataflow::InputStationary, {32, 32}, {256, 32, 256}},
                      LayerOnChip{Dataflow::InputStationary, {16, 24}, {50, 10, 33}},
                      LayerOnChip{Dataflow::OutputStationary, {32, 32}, {256, 128, 32}},
                      LayerOnChip{Dataflow::OutputStationary, {16, 24}, {50, 49, 9}}),
    [](const auto& layer) {
      return fmt::format("{}_{}", name_of(layer.param.dataflow), layer.index);
    });

}  // namespace
}  // namespace systole::testing
