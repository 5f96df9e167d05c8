#include "compiler/mapping/operand_homes.h"

#include <gtest/gtest.h>

#include "compiler/frontend/read_network.h"
#include "tests/compiler/mapping/round_chip.h"

namespace systole {
namespace {

using testing::round_chip;

Graph two_layers() {
  return parse_network(
             "network: n\nbatch: 1\ninputs: [{name: x, features: 8}]\n"
             "layers: [{name: a, op: dense, features: 8}, {name: b, op: dense, features: 8}]\n",
             "n.yaml")
      .graph;
}

GraphTensorId output_of(const Graph& graph, std::int32_t layer) {
  return graph.node(layer).output();
}

TEST(OperandHomes, AreHostMemoryForInputsAndOutputsAndDramBetween) {
  const Graph graph = two_layers();
  const TensorLives lives = tensor_lives(graph);
  EXPECT_EQ(streaming_homes(round_chip(), graph, lives, graph.node(0)),
            (OperandHomes{.inputs = {Home::Host}, .output = Home::Dram}));
  EXPECT_EQ(streaming_homes(round_chip(), graph, lives, graph.node(1)),
            (OperandHomes{.inputs = {Home::Dram}, .output = Home::Host}));
  ChipSpec chip = round_chip();
  chip.io = IoMemory::Device;
  EXPECT_EQ(streaming_homes(chip, graph, lives, graph.node(0)).inputs.front(), Home::Dram);
}

TEST(OperandHomes, OfWhatStaysAreTheBufferOrTheWayThere) {
  const Graph graph = two_layers();
  const TensorLives lives = tensor_lives(graph);
  const auto homes = [&](std::int32_t layer, const std::vector<GraphTensorId>& resident) {
    return homes_with(graph, lives, layer,
                      streaming_homes(round_chip(), graph, lives, graph.node(layer)), resident);
  };
  std::vector<GraphTensorId> all{graph.inputs.front(), output_of(graph, 0), output_of(graph, 1)};
  std::sort(all.begin(), all.end());
  EXPECT_EQ(homes(0, all), (OperandHomes{.inputs = {Home::Passing}, .output = Home::None}));
  EXPECT_EQ(homes(1, all), (OperandHomes{.inputs = {Home::None}, .output = Home::Passing}));
  EXPECT_EQ(homes(1, {output_of(graph, 0)}),
            (OperandHomes{.inputs = {Home::None}, .output = Home::Host}));
  EXPECT_FALSE((OperandHomes{.inputs = {Home::None, Home::Tiles}}).any_moves());
  EXPECT_TRUE((OperandHomes{.inputs = {Home::None}, .output = Home::Passing}).any_moves());
}

}  // namespace
}  // namespace systole
