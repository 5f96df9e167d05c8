#include "compiler/mapping/mapping_neighbours.h"

#include <string>

#include <gtest/gtest.h>

#include "compiler/frontend/read_network.h"
#include "compiler/mapping/mapping_check.h"

namespace systole {
namespace {

const std::string kRoot = SYSTOLE_SOURCE_DIR;

ChipSpec edge() {
  return read_chip(kRoot + "/configs/chips/edge.yaml");
}
Graph shipped(const std::string& name, std::int64_t batch) {
  return read_network(kRoot + "/workloads/" + name + ".yaml", {.batch = batch}).graph;
}

TEST(MappingNeighbours, AreLegalAndDifferInOneLayerUnlessATensorMoves) {
  const ChipSpec chip = edge();
  const Graph graph = shipped("mobilenet_v1", 1);
  const Mapping mapping = choose_mapping(chip, graph);
  const std::vector<MappingCandidate> neighbours = neighbours_at(chip, graph, mapping, 2, 12);
  ASSERT_EQ(neighbours.size(), 12);
  for (const MappingCandidate& one : neighbours) {
    EXPECT_NE(one.mapping, mapping);
    EXPECT_FALSE(check_mapping(chip, graph, one.mapping)) << one.how;
    EXPECT_TRUE(one.how.starts_with(graph.node(2).name + ": ")) << one.how;
    const ShareMapping& before = mapping.shares[0];
    const ShareMapping& after = one.mapping.shares[0];
    for (std::size_t layer = 0; layer < graph.nodes.size(); ++layer) {
      if (before.resident == after.resident && layer != 2) {
        EXPECT_EQ(after.layers[layer], before.layers[layer]) << one.how;
      }
    }
  }
}

/// Of one layer everything may change at once: input and output of this one stream by the rules on
/// a chip that is as small, and may stay.
TEST(MappingNeighbours, MoveTensorsAndBandsTogether) {
  const ChipSpec chip = edge();
  const Graph graph = parse_network(
                          "network: n\nbatch: 1\n"
                          "inputs: [{name: x, rows: 32, cols: 32, channels: 16}]\n"
                          "layers: [{name: a, op: conv2d, channels: 16, kernel: 1}]\n",
                          "n.yaml")
                          .graph;
  const Mapping mapping = choose_mapping(chip, graph);
  bool moved = false;
  for (const MappingCandidate& one : neighbours_at(chip, graph, mapping, 0, 200)) {
    moved = moved || (one.mapping.shares[0].resident != mapping.shares[0].resident &&
                      one.mapping.shares[0].layers[0].band != mapping.shares[0].layers[0].band);
  }
  EXPECT_TRUE(moved);
}

TEST(MappingNeighbours, AreNoneOfCoresWithUnequalShares) {
  ChipSpec chip = edge();
  chip.cores = 2;
  const Graph graph = shipped("mlp0", 5);
  const Mapping mapping = choose_mapping(chip, graph);
  EXPECT_TRUE(neighbours_at(chip, graph, mapping, 0, 8).empty());
  EXPECT_EQ(with_best_ways(chip, graph, mapping), mapping);
}

TEST(MappingNeighbours, BestWaysTakeNoLongerByTheModel) {
  const ChipSpec chip = edge();
  for (const std::string name : {"resnet18", "mobilenet_v1"}) {
    const Graph graph = shipped(name, 1);
    const Mapping mapping = choose_mapping(chip, graph);
    const Mapping best = with_best_ways(chip, graph, mapping);
    EXPECT_FALSE(check_mapping(chip, graph, best));
    EXPECT_LE(mapping_time(chip, graph, best), mapping_time(chip, graph, mapping));
  }
}

}  // namespace
}  // namespace systole
