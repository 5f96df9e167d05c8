#include "compiler/frontend/real_network.h"

#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include "arch/diag/error.h"
#include "compiler/frontend/read_network.h"

namespace systole {
namespace {

constexpr const char* kText = R"(
network: small
inputs: [{name: x, rows: 3, cols: 3, channels: 2, quantization: {scale: 0.5, zero_point: 3}}]
layers:
  - {name: conv, op: conv2d, channels: 2, kernel: 1, activation: sigmoid, weights: {scale: 0.25}}
  - {name: max, op: max_pool, kernel: 3}
)";

Network read(DataType type) {
  return parse_network(kText, "small.yaml", {.type = type});
}

TEST(RealNetwork, HasNoQuantisations) {
  const Graph graph = read(DataType::Bf16).graph;
  EXPECT_EQ(graph.input_type(), DataType::Bf16);
  for (const GraphTensor& tensor : graph.tensors) {
    const bool biases = tensor.name.ends_with(".bias");
    EXPECT_EQ(tensor.type.element, biases ? DataType::Fp32 : DataType::Bf16) << tensor.name;
    EXPECT_EQ(tensor.quantization, Quantization{}) << tensor.name;
    EXPECT_EQ(tensor.bytes(), (biases ? 4 : 2) * tensor.shape().elements()) << tensor.name;
  }
  const auto& conv = std::get<Conv2d>(graph.node(0).op);
  EXPECT_EQ(weight_scales(graph, graph.node(0)).at(0), 1);
  EXPECT_EQ(conv.activation.kind, ActivationKind::Sigmoid);
  EXPECT_EQ(conv.activation.before, Quantization{});
}

/// 0.0625 of the input over 1e-12 is 6.25e10, beyond 2^30.
TEST(RealNetwork, KeepsToNoRatioOfScales) {
  const std::string text =
      "network: n\ninputs: [{name: x, features: 4}]\n"
      "layers: [{name: a, op: add, inputs: [x, x], output: {scale: 0.000000000001}}]\n";
  EXPECT_NO_THROW((void)parse_network(text, "n.yaml", {.type = DataType::Bf16}));
  EXPECT_NO_THROW((void)parse_network(text, "n.yaml", {.type = DataType::Fp16}));
  EXPECT_THROW((void)parse_network(text, "n.yaml", {.type = DataType::Int8}), WorkloadError);
}

TEST(RealNetwork, StandsForTheNumbersOfTheInt8One) {
  const Network integers = read(DataType::Int8);
  const Network reals = read(DataType::Bf16);
  const LayerParameters stored =
      layer_parameters(integers.graph, *integers.data, integers.graph.node(0));
  const RealParameters meant = real_parameters(reals.graph, *reals.data, reals.graph.node(0));
  ASSERT_EQ(meant.weights.size(), stored.weights.size());
  for (std::size_t i = 0; i < stored.weights.size(); ++i) {
    EXPECT_EQ(meant.weights[i], 0.25F * static_cast<float>(stored.weights[i]));  // 7 bits: exact
  }
  ASSERT_EQ(meant.biases.size(), stored.biases.size());
  for (std::size_t i = 0; i < stored.biases.size(); ++i) {
    EXPECT_EQ(meant.biases[i], 0.5F * 0.25F * static_cast<float>(stored.biases[i]));
  }
  const auto x = integers.data->value(integers.graph, 0).bytes;
  const auto real_x = reals.data->value(reals.graph, 0).numbers();
  ASSERT_EQ(real_x.size(), x.size());
  for (std::size_t i = 0; i < x.size(); ++i) {
    EXPECT_EQ(real_x[i], 0.5F * static_cast<float>(x[i] - 3));  // at most 8 bits: exact
  }
}

TEST(RealNetwork, RoundsToTheType) {
  std::vector<float> numbers{1, 1 + 0x1p-8F, 1 + 0x1.8p-8F, 0x1.ffp127F};
  round_to(DataType::Bf16, numbers);
  EXPECT_EQ(numbers, (std::vector<float>{1, 1, 1 + 0x1p-7F, HUGE_VALF}));
}

TEST(RealNetwork, IsOfAFloatingType) {
  EXPECT_THROW(static_cast<void>(with_reals(Graph{}, DataType::Int8)), InternalError);
}

}  // namespace
}  // namespace systole
