#include "compiler/graph/graph.h"

#include <gtest/gtest.h>

#include "arch/diag/error.h"

namespace systole {
namespace {

/// Tensors: 0 in, 1 out; one node between them.
Graph graph_of(const Shape& in, const Shape& out, const Op& op) {
  Graph graph;
  graph.tensors = {
      {.name = "in", .type = image_type(DataType::Int8, in), .role = {}, .quantization = {}},
      {.name = "out", .type = image_type(DataType::Int8, out), .role = {}, .quantization = {}}};
  Node node;
  node.inputs = {0};
  node.outputs = {1};
  node.op = op;
  graph.nodes.push_back(std::move(node));
  return graph;
}

Conv2d conv(std::int64_t rows, std::int64_t cols, std::int64_t groups) {
  Conv2d attributes;
  attributes.kernel.rows = rows;
  attributes.kernel.cols = cols;
  attributes.groups = groups;
  return attributes;
}

constexpr Shape kIn{.batch = 2, .rows = 10, .cols = 12, .channels = 6};
constexpr Shape kOut{.batch = 2, .rows = 8, .cols = 11, .channels = 4};

TEST(GemmShapeOfConv2d, FoldsKernelPositionsIntoTheReduction) {
  const Graph graph = graph_of(kIn, kOut, conv(3, 2, 1));
  const auto gemm = gemm_shape(graph, graph.node(0));
  ASSERT_TRUE(gemm.has_value());
  EXPECT_EQ(gemm->groups, 1);
  EXPECT_EQ(gemm->m, 2 * 8 * 11);
  EXPECT_EQ(gemm->k, 3 * 2 * 6);
  EXPECT_EQ(gemm->n, 4);
}

TEST(GemmShapeOfConv2d, SplitsChannelsOverGroups) {
  const Graph graph = graph_of(kIn, kOut, conv(3, 2, 2));
  const auto gemm = gemm_shape(graph, graph.node(0));
  ASSERT_TRUE(gemm.has_value());
  EXPECT_EQ(gemm->groups, 2);
  EXPECT_EQ(gemm->m, 2 * 8 * 11);
  EXPECT_EQ(gemm->k, 3 * 2 * 6 / 2);
  EXPECT_EQ(gemm->n, 4 / 2);
  EXPECT_EQ(macs_of(graph, graph.node(0)), 2 * (2 * 8 * 11) * (3 * 2 * 3) * 2);
}

TEST(GemmShapeOfDense, ContractsTheChannels) {
  const Graph graph = graph_of({.batch = 5, .channels = 7}, {.batch = 5, .channels = 3}, Dense{});
  const auto gemm = gemm_shape(graph, graph.node(0));
  ASSERT_TRUE(gemm.has_value());
  EXPECT_EQ(gemm->m, 5);
  EXPECT_EQ(gemm->k, 7);
  EXPECT_EQ(gemm->n, 3);
}

TEST(OperatorsWithoutWeights, HaveNoGemmNoMacsNoParameters) {
  const Graph graph = graph_of(kIn, kIn, AddTensors{});
  EXPECT_FALSE(gemm_shape(graph, graph.node(0)).has_value());
  EXPECT_EQ(macs_of(graph, graph.node(0)), 0);
  EXPECT_EQ(parameters_of(graph, graph.node(0)), 0);
}

TEST(Parameters, CountWeightsAndOneBiasPerChannel) {
  const Graph graph = graph_of(kIn, kOut, conv(3, 2, 2));
  // 4 output channels, each with 3 x 2 x 3 weights and a bias.
  EXPECT_EQ(parameters_of(graph, graph.node(0)), 4 * (3 * 2 * 3 + 1));
}

TEST(Parameters, CountTwoPerChannelOfAFoldedBatchNormalisation) {
  Conv2d attributes = conv(3, 2, 2);
  attributes.weights.batch_norm = true;
  const Graph graph = graph_of(kIn, kOut, attributes);
  EXPECT_EQ(parameters_of(graph, graph.node(0)), 4 * (3 * 2 * 3 + 2));
}

TEST(Parameters, CountWeightsAloneWithoutBias) {
  Dense attributes;
  attributes.weights.bias = false;
  const Graph graph = graph_of({.channels = 7}, {.channels = 3}, attributes);
  EXPECT_EQ(parameters_of(graph, graph.node(0)), 7 * 3);
}

TEST(WeightScales, AreOneOrThoseOfTheOutputChannels) {
  const WeightScales one = 0.5;
  EXPECT_FALSE(one.by_channel());
  EXPECT_EQ(one.at(3), 0.5);
  const WeightScales each = WeightScales({1, 2, 3}) * 0.25;
  EXPECT_TRUE(each.by_channel());
  EXPECT_EQ(each.at(2), 0.75);
  EXPECT_EQ(each.all(), (std::vector<double>{0.25, 0.5, 0.75}));
}

TEST(WeightScales, OfChannelsAreBlocksOfWeightsAndBiases) {
  Graph graph = graph_of(kIn, kOut, conv(3, 2, 2));
  graph.tensors[0].quantization.scale = 0.5;
  add_parameters(graph, graph.nodes[0], WeightScales({1, 2, 3, 4}));
  const GraphTensor& weights = graph.tensor(graph.nodes[0].inputs[kWeightsInput]);
  // [2 groups][3][2][3 channels][2 outputs]: of a group and an output each.
  EXPECT_EQ(weights.type.extents, (Extents{2, 3, 2, 3, 2}));
  EXPECT_EQ(weights.blocks.block, (Extents{1, 3, 2, 3, 1}));
  const std::int64_t group = 3 * 2 * 3 * 2;
  EXPECT_EQ(weights.scale_of(1), 2);
  EXPECT_EQ(weights.scale_of(group + 2), 3);
  const GraphTensor& biases = graph.tensor(graph.nodes[0].inputs[kBiasesInput]);
  EXPECT_EQ(biases.blocks.block, (Extents{1}));
  EXPECT_EQ(biases.scale_of(3), 2);  // input scale 0.5 times 4
  EXPECT_EQ(weight_scales(graph, graph.nodes[0]).all(), (std::vector<double>{1, 2, 3, 4}));
  EXPECT_EQ(gemm_shape(graph, graph.nodes[0])->channel_of(group + 2), 2);
}

TEST(WeightScales, OfAnotherCountAreAnError) {
  Graph graph = graph_of(kIn, kOut, conv(3, 2, 2));
  EXPECT_THROW(add_parameters(graph, graph.nodes[0], WeightScales({1, 2})), InternalError);
}

}  // namespace
}  // namespace systole
