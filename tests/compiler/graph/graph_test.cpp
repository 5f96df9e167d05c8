#include "compiler/graph/graph.h"

#include <gtest/gtest.h>

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

}  // namespace
}  // namespace systole
