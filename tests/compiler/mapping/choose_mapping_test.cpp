#include "compiler/mapping/choose_mapping.h"

#include <algorithm>
#include <string>

#include <gtest/gtest.h>

#include "compiler/compilation.h"
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

TEST(ChooseMapping, ChoosesWhatCompileDoes) {
  for (const std::int64_t batch : {1, 4}) {
    const Graph graph = shipped("resnet18", batch);
    EXPECT_EQ(choose_mapping(edge(), graph), compile_mapped(edge(), graph).mapping);
  }
  ChipSpec two = edge();
  two.cores = 2;
  const Graph graph = shipped("mlp0", 5);
  EXPECT_EQ(choose_mapping(two, graph), compile_mapped(two, graph).mapping);
}

/// The rules compare by the same sum.
TEST(ChooseMapping, CostsTheSumOfItsLayers) {
  const ChipSpec chip = edge();
  const Graph network = shipped("resnet18", 1);
  const Mapping mapping = choose_mapping(chip, network);
  const LayerCost cost = mapping_cost(chip, network, mapping);
  const Graph graph = mapped_graph(network, mapping);
  EXPECT_GT(cost.cycles, CoreCycles(0));
  const TensorLives lives = tensor_lives(graph);
  LayerCost sum;
  for (std::int32_t layer = 0; layer < static_cast<std::int32_t>(graph.nodes.size()); ++layer) {
    const Node& node = graph.node(layer);
    if (node.is_view()) {
      continue;
    }
    const ShareMapping& share = mapping.shares.front();
    const LayerCost one = layer_cost(
        chip, graph, node, share.layers[static_cast<std::size_t>(layer)],
        homes_with(graph, lives, layer, streaming_homes(chip, graph, lives, node), share.resident));
    sum.cycles += one.cycles;
    sum.memory += one.memory;
    sum.dram += one.dram;
  }
  EXPECT_EQ(cost, sum);
}

/// The DRAM's work, weighed enough, decides.
TEST(ChooseMapping, WeighsTheDram) {
  const ChipSpec chip = edge();
  const Graph graph = shipped("mlp0", 200);
  const auto dram = [&](std::int64_t eighths) {
    return mapping_cost(chip, graph, choose_mapping(chip, graph, {.weights = {.dram = eighths}}))
        .dram;
  };
  EXPECT_LT(dram(65'536), dram(1));
  EXPECT_LE(dram(1), dram(0));
}

TEST(CandidateMappings, AreLegalDifferentAndBeginWithTheCompilersOwn) {
  const ChipSpec chip = edge();
  const Graph graph = shipped("mobilenet_v1", 2);
  const std::vector<MappingCandidate> candidates = candidate_mappings(chip, graph);
  ASSERT_GT(candidates.size(), 4);
  EXPECT_EQ(candidates[0].how, "the compiler's rules");
  EXPECT_EQ(candidates[0].mapping, choose_mapping(chip, graph));
  for (std::size_t one = 0; one < candidates.size(); ++one) {
    EXPECT_FALSE(check_mapping(chip, graph, candidates[one].mapping)) << candidates[one].how;
    EXPECT_EQ(candidates[one].cost, mapping_cost(chip, graph, candidates[one].mapping));
    EXPECT_EQ(candidates[one].time, mapping_time(chip, graph, candidates[one].mapping));
    for (std::size_t other = 0; other < one; ++other) {
      EXPECT_NE(candidates[one].mapping, candidates[other].mapping);
    }
  }
}

/// What fits half of the hardware is among them.
TEST(CandidateMappings, HaveTheSmallerChipsMapping) {
  const Graph graph = shipped("resnet18", 1);
  ChipSpec twice = edge();
  twice.accumulators.entries *= 2;
  const Mapping smaller = choose_mapping(edge(), graph);
  const std::vector<MappingCandidate> candidates = candidate_mappings(twice, graph);
  EXPECT_TRUE(
      std::any_of(candidates.begin(), candidates.end(),
                  [&](const MappingCandidate& candidate) { return candidate.mapping == smaller; }));
}

}  // namespace
}  // namespace systole
