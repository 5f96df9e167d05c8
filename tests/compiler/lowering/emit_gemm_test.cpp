#include <algorithm>
#include <map>

#include <gtest/gtest.h>

#include "compiler/compile.h"
#include "compiler/frontend/read_network.h"

namespace systole {
namespace {

/// 8 rows x 4 columns, 32 accumulators: chunks of 16 positions. The host link is too fast for bands
/// to gain anything.
ChipSpec small_edge(Dataflow dataflow) {
  ChipSpec chip = read_chip(SYSTOLE_SOURCE_DIR "/configs/chips/edge.yaml");
  chip.matrix.rows = 8;
  chip.matrix.cols = 4;
  chip.matrix.dataflow = dataflow;
  chip.accumulators.entries = 32;
  chip.host.bandwidth = BytesPerSecond(1'000'000'000'000'000);
  return chip;
}

/// The same with a core that is faster than its DRAM: 12.8 GB/s at 10 GHz are 1.28 of the 4 bytes
/// that the array takes in each step.
ChipSpec starved_edge(Dataflow dataflow) {
  ChipSpec chip = small_edge(dataflow);
  chip.frequency = Hertz(10'000'000'000);
  return chip;
}

/// 64 positions; k = `in_channels`; n = 10, in slices of 4, 4 and 2.
Program convolution(const ChipSpec& chip, std::int64_t in_channels) {
  const std::string text =
      "network: n\ninputs: [{name: x, rows: 8, cols: 8, channels: " + std::to_string(in_channels) +
      "}]\nlayers:\n- {name: c, op: conv2d, channels: 10, kernel: 1}\n";
  return compile(chip, parse_network(text, "n.yaml").graph);
}

std::vector<Fold> folds_of(const Program& program) {
  std::vector<Fold> folds;
  for (const StreamInstruction instruction : program.stream(EngineKind::Matrix)) {
    folds.push_back(instruction.get<Fold>());
  }
  return folds;
}

std::size_t tiles_loaded(const Program& program) {
  return program.stream(EngineKind::Weights).size();
}

auto counted(const std::vector<Fold>& folds, bool Fold::*flag) {
  return std::count_if(folds.begin(), folds.end(), [&](const Fold& fold) { return fold.*flag; });
}

/// Each output position meets each tile once.
void expect_every_product_once(const std::vector<Fold>& folds, std::size_t tiles) {
  std::map<std::pair<std::int32_t, std::int64_t>, int> products;
  for (const Fold& fold : folds) {
    for (std::int64_t position = fold.first; position < fold.first + fold.count; ++position) {
      ++products[{fold.tile, position}];
    }
  }
  EXPECT_EQ(products.size(), tiles * 64);
  for (const auto& [product, times] : products) {
    EXPECT_EQ(times, 1) << "tile " << product.first << ", position " << product.second;
  }
}

constexpr std::int64_t kDeep = 20;    ///< k in slices of 8, 8 and 4
constexpr std::int64_t kShallow = 8;  ///< one slice of k

TEST(EmitGemm, WeightStationaryFoldsAChunkAtOnce) {
  const Program program = convolution(small_edge(Dataflow::WeightStationary), kDeep);
  const auto folds = folds_of(program);
  EXPECT_EQ(tiles_loaded(program), 4U * 9U);  // 64 / 16 chunks, 3 x 3 tiles
  EXPECT_EQ(folds.size(), 4U * 9U);
  EXPECT_EQ(counted(folds, &Fold::next_tile), 4 * 9);
  EXPECT_EQ(counted(folds, &Fold::drain), 4 * 9);
  EXPECT_EQ(counted(folds, &Fold::accumulate), 4 * 6);
  expect_every_product_once(folds, 9);
}

TEST(EmitGemm, InputStationaryStreamsATileThroughAllPositionsOfAChunk) {
  const Program program = convolution(small_edge(Dataflow::InputStationary), kDeep);
  const auto folds = folds_of(program);
  EXPECT_EQ(tiles_loaded(program), 4U * 9U);
  EXPECT_EQ(folds.size(), 4U * 9U * 4U);  // 16 positions, 4 at a time
  EXPECT_EQ(counted(folds, &Fold::next_tile), 4 * 9);
  EXPECT_EQ(counted(folds, &Fold::drain), 4 * 9 * 4);
  EXPECT_TRUE(std::all_of(folds.begin(), folds.end(), [](const Fold& f) { return f.count == 4; }));
  EXPECT_EQ(program.stream(EngineKind::Vector).size(), 3U * 16U);  // each position once for each n
  expect_every_product_once(folds, 9);
}

TEST(EmitGemm, OutputStationaryDrainsAfterTheLastReductionSlice) {
  ChipSpec chip = small_edge(Dataflow::OutputStationary);
  chip.matrix.overlap = Overlap::None;  // unloads cost, so sums stay
  const Program program = convolution(chip, kDeep);
  const auto folds = folds_of(program);
  EXPECT_EQ(tiles_loaded(program), 8U * 9U);  // weights again for every 8 positions
  EXPECT_EQ(folds.size(), 8U * 9U);
  EXPECT_EQ(counted(folds, &Fold::drain), 8 * 3);
  EXPECT_EQ(counted(folds, &Fold::accumulate), 0);
  for (const Fold& fold : folds) {
    EXPECT_EQ(fold.count, 8);
    EXPECT_EQ(fold.drain, fold.k_first == 16);
  }
  expect_every_product_once(folds, 9);
}

TEST(EmitGemm, OutputStationaryMovesItsSumsWhereWeightsAreScarce) {
  const Program program = convolution(starved_edge(Dataflow::OutputStationary), kDeep);
  const auto folds = folds_of(program);
  EXPECT_EQ(tiles_loaded(program), 4U * 9U);  // weights again for every 16 positions
  EXPECT_EQ(folds.size(), 8U * 9U);
  EXPECT_EQ(counted(folds, &Fold::drain), 8 * 9);
  EXPECT_EQ(counted(folds, &Fold::accumulate), 8 * 6);
  expect_every_product_once(folds, 9);
}

TEST(EmitGemm, OneReductionSliceLoadsItsWeightsOnceInEveryDataflow) {
  for (const auto& [dataflow, name] : kEnumNames<Dataflow>) {
    const Program program = convolution(small_edge(dataflow), kShallow);
    const auto folds = folds_of(program);
    EXPECT_EQ(tiles_loaded(program), 3U) << name;
    EXPECT_EQ(counted(folds, &Fold::next_tile), 3) << name;
    EXPECT_EQ(counted(folds, &Fold::drain), static_cast<std::ptrdiff_t>(folds.size())) << name;
    expect_every_product_once(folds, 3);
  }
}

TEST(EmitGemm, AFoldThatDoesNotDrainNeedsNoFreeAccumulators) {
  // Who writes accumulators waits until the vector unit has emptied them; who leaves the sums in
  // the array does not.
  ChipSpec chip = small_edge(Dataflow::OutputStationary);
  chip.accumulators.entries = 16;  // two of the 3 x 8 chunks of 8 positions
  const Program program = convolution(chip, kDeep);
  std::size_t waiting = 0;
  for (const StreamInstruction instruction : program.stream(EngineKind::Matrix)) {
    const bool waits_for_vector =
        std::any_of(instruction.waits().begin(), instruction.waits().end(), [&](const auto& use) {
          return program.semaphores[static_cast<std::size_t>(use.semaphore)].from.kind ==
                 EngineKind::Vector;
        });
    waiting += waits_for_vector ? 1U : 0U;
    EXPECT_TRUE(!waits_for_vector || instruction.get<Fold>().drain);
  }
  EXPECT_EQ(waiting, 24U - 2U);  // each chunk but the first two
}

/// 200 KiB of rows through a buffer of 64 KiB.
TEST(EmitGemm, TheNextBandComesBeforeThisOneIsStored) {
  ChipSpec chip = read_chip(SYSTOLE_SOURCE_DIR "/configs/chips/edge.yaml");
  chip.buffer.capacity = Bytes(65'536);
  const Program program =
      compile(chip, parse_network("network: n\nbatch: 200\ninputs: [{name: x, features: 512}]\n"
                                  "layers: [{name: a, op: dense, features: 512}]\n",
                                  "n.yaml")
                        .graph);
  // By transfer: loads of rows, which are before the store of as many.
  std::int64_t loaded = 0;
  std::int64_t stored = 0;
  std::int64_t ahead = 0;  // rows of the buffer that wait or are worked on
  for (const StreamInstruction instruction : program.stream(EngineKind::Host)) {
    const auto& transfer = instruction.get<Transfer>();
    (transfer.to_buffer ? loaded : stored) += transfer.rows * transfer.row_bytes;
    ahead = std::max(ahead, loaded - stored);
  }
  EXPECT_EQ(loaded, 200 * 512);
  EXPECT_EQ(stored, 200 * 512);
  // 65536 bytes, less 2048 of biases, hold 2 x (in + out) of 31 rows: 7 bands of 29, two at once.
  EXPECT_EQ(ahead, 2 * 29 * 512);
}

}  // namespace
}  // namespace systole
