#include "compiler/mapping/layer_ways.h"

#include <algorithm>
#include <string>

#include <gtest/gtest.h>

#include "compiler/allocation/residency.h"
#include "compiler/frontend/read_network.h"
#include "compiler/mapping/layer_time.h"

namespace systole {
namespace {

ChipSpec edge() {
  return read_chip(std::string(SYSTOLE_SOURCE_DIR) + "/configs/chips/edge.yaml");
}

Graph one_layer(const std::string& layer) {
  return parse_network(
             "network: n\nbatch: 2\ninputs: [{name: x, rows: 14, cols: 14, channels: 32}]\n"
             "layers: [" +
                 layer + "]\n",
             "n.yaml")
      .graph;
}

constexpr const char* kConv = "{name: a, op: conv2d, channels: 64, kernel: 3, padding: 1}";

/// Everything streams, by the rule.
MappedLayer streaming(const ChipSpec& chip, const Graph& graph) {
  const TensorLives lives = tensor_lives(graph);
  const OperandHomes homes = streaming_homes(chip, graph, lives, graph.node(0));
  MappedLayer layer{.graph = graph,
                    .layer = 0,
                    .mapping = {},
                    .homes = homes,
                    .streaming = homes,
                    .staying = staying_homes(graph, lives, 0, homes)};
  layer.mapping = with_rule(chip, layer, {.images = 2, .rows = 14}, {});
  return layer;
}

TEST(LayerWays, AreDifferentFastestFirstAndFitTheRoom) {
  const ChipSpec chip = edge();
  const Graph graph = one_layer(kConv);
  const MappedLayer layer = streaming(chip, graph);
  constexpr std::int64_t kRoom = 20'000;
  const std::vector<LayerWay> ways = layer_ways(chip, layer, kRoom, 50);
  ASSERT_GT(ways.size(), 10);
  ASSERT_LE(ways.size(), 50);
  for (std::size_t one = 0; one < ways.size(); ++one) {
    EXPECT_EQ(ways[one].time,
              layer_time(chip, graph, graph.node(0), ways[one].mapping, layer.homes));
    EXPECT_LE(stream_bytes(chip, graph, graph.node(0), ways[one].mapping.band, layer.homes), kRoom);
    if (one > 0) {
      EXPECT_LE(ways[one - 1].time, ways[one].time);
      EXPECT_NE(ways[one - 1].mapping, ways[one].mapping);
    }
  }
  EXPECT_TRUE(layer_ways(chip, layer, 100, 50).empty());
}

TEST(LayerWays, AreNoSlowerThanTheRulesWithAllRoom) {
  const ChipSpec chip = edge();
  const Graph graph = one_layer(kConv);
  const MappedLayer layer = streaming(chip, graph);
  const std::vector<LayerWay> ways = layer_ways(chip, layer, chip.buffer.capacity.count(), 1);
  ASSERT_EQ(ways.size(), 1);
  EXPECT_LE(ways[0].time, present_way(chip, layer).time);
}

/// Nothing moves: one band, all packings, all loops.
TEST(LayerWays, HaveGroupsSideBySide) {
  const ChipSpec chip = edge();
  const Graph graph =
      one_layer("{name: a, op: conv2d, channels: 32, kernel: 3, padding: 1, groups: 8}");
  MappedLayer layer = streaming(chip, graph);
  layer.homes.inputs.assign(layer.homes.inputs.size(), Home::None);
  layer.homes.output = Home::None;
  const std::vector<LayerWay> ways = layer_ways(chip, layer, 0, 1000);
  for (const std::int64_t groups : {1, 2, 4, 8}) {
    EXPECT_TRUE(std::any_of(ways.begin(), ways.end(), [&](const LayerWay& way) {
      return way.mapping.side_by_side == groups;
    })) << groups;
  }
  EXPECT_TRUE(std::all_of(ways.begin(), ways.end(), [](const LayerWay& way) {
    return way.mapping.band == BandSize{.images = 2, .rows = 14};
  }));
}

/// The DRAM's work, weighed, prefers ways that load less.
TEST(LayerWays, WeighTheDram) {
  const ChipSpec chip = edge();
  const Graph graph = one_layer(kConv);
  const MappedLayer layer = streaming(chip, graph);
  const auto memory = [&](std::int64_t eighths) {
    const LayerWay way =
        layer_ways(chip, layer, chip.buffer.capacity.count(), 1, {.dram = eighths}).front();
    return layer_cost(chip, graph, graph.node(0), way.mapping, layer.homes).memory;
  };
  EXPECT_LE(memory(65'536), memory(0));
}

TEST(LayerWays, AreSaidInWords) {
  const ChipSpec chip = edge();
  const Graph graph = one_layer(kConv);
  EXPECT_EQ(way_words(graph, graph.node(0), streaming(chip, graph).mapping),
            "one band, chunks of 392 and pieces of 64 positions");
}

}  // namespace
}  // namespace systole
