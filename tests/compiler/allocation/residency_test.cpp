#include "compiler/allocation/residency.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "arch/diag/error.h"
#include "compiler/mapping/layer_cost.h"
#include "tests/compiler/mapping/round_chip.h"

namespace systole {
namespace {

using testing::round_chip;

/// in -> a -> b -> out, dense, `batch` x 16 features (64 bytes of bias each).
Graph chain(std::int64_t batch, int layers) {
  Graph graph;
  graph.batch = batch;
  for (int tensor = 0; tensor <= layers; ++tensor) {
    graph.tensors.push_back({.name = std::to_string(tensor),
                             .type = image_type(DataType::Int8, {.batch = batch, .channels = 16})});
  }
  for (int layer = 0; layer < layers; ++layer) {
    graph.nodes.push_back({.name = "fc" + std::to_string(layer),
                           .kind = "dense",
                           .inputs = {layer},
                           .outputs = {layer + 1},
                           .op = Dense{}});
  }
  graph.inputs = {0};
  graph.outputs = {layers};
  return graph;
}

/// With a host link that bands need not hide.
ChipSpec with_fast_link() {
  ChipSpec chip = round_chip();
  chip.host = {.bandwidth = BytesPerSecond(1'000'000'000'000), .latency = CoreCycles(0)};
  return chip;
}

Residency choose(const Graph& graph, std::int64_t capacity) {
  ChipSpec chip = with_fast_link();
  chip.buffer.capacity = Bytes(capacity);
  return choose_residency(chip, graph, tensor_lives(graph),
                          std::vector<std::int64_t>(graph.nodes.size(), capacity));
}

TEST(Residency, KeepsEverythingThatFitsExactly) {
  // 32 x 16 = 512 bytes each, two alive at a time, and the biases of two layers.
  const Residency all = choose(chain(32, 3), 1024 + 128);
  EXPECT_EQ(all.resident, (std::vector<bool>{true, true, true, true}));
  for (const BandSize& size : all.bands) {
    EXPECT_EQ(size.images, 32);
  }
  const Residency less = choose(chain(32, 3), 1024 + 127);
  EXPECT_NE(less.resident, all.resident);
}

TEST(Residency, NeverLeavesALayerSingleRowsWhereStreamingCostsLess) {
  // Room for a whole input and 2 x 2 rows of output: 16 bands, each of which loads all weights. If
  // the input streams as well, bands of 8 rows fit: 4 x 8 x 16 bytes.
  const Residency residency = choose(chain(32, 1), 512 + 64 + 64);
  EXPECT_FALSE(residency.resident[0]);
  EXPECT_FALSE(residency.resident[1]);
  EXPECT_EQ(residency.bands[0].images, 8);
}

TEST(Residency, MoreRoomNeverCostsMore) {
  const Graph graph = chain(30, 4);
  std::int64_t before = 0;
  for (std::int64_t capacity = 8 * 1024; capacity >= 192; capacity -= 8) {
    ChipSpec chip = with_fast_link();
    chip.buffer.capacity = Bytes(capacity);
    const Residency residency = choose(graph, capacity);
    std::int64_t score = 0;
    for (std::int32_t layer = 0; layer < 4; ++layer) {
      const auto home = [&](GraphTensorId tensor) {
        const bool host = tensor == 0 || tensor == 4;
        if (residency.resident[static_cast<std::size_t>(tensor)]) {
          return host ? Home::Passing : Home::None;
        }
        return host ? Home::Host : Home::Dram;
      };
      score += layer_cost(chip, graph, graph.node(layer),
                          residency.bands[static_cast<std::size_t>(layer)],
                          {.inputs = {home(layer)}, .output = home(layer + 1)})
                   .score();
    }
    EXPECT_GE(score, before) << capacity;
    before = score;
  }
}

TEST(Residency, SaysWhichLayerDoesNotFitRowByRow) {
  // Two rows of 16 bytes in and out, and the biases of two layers: 192 bytes.
  EXPECT_NO_THROW((void)choose(chain(32, 2), 192));
  try {
    (void)choose(chain(32, 2), 191);
    FAIL();
  } catch (const WorkloadError& error) {
    EXPECT_THAT(error.what(),
                ::testing::HasSubstr("fc0: expected a layer that fits the unified buffer of 191 "
                                     "bytes one output row at a time, got 192 bytes of constants "
                                     "and rows"));
  }
}

}  // namespace
}  // namespace systole
