#include <cmath>
#include <memory>

#include <gtest/gtest.h>

#include "compiler/frontend/read_network.h"
#include "compiler/frontend/real_network.h"
#include "reference/kernels/evaluator.h"
#include "reference/kernels/float_numbers.h"
#include "reference/kernels/real_value.h"
#include "tests/reference/every_operator.h"
#include "tests/reference/small_network.h"

namespace systole::reference {
namespace {

using Floats = std::vector<float>;

std::vector<float> only_layer(const GraphByHand& builder, const MemoryData& data) {
  FloatEvaluator evaluator(builder.graph, data);
  return *evaluator.evaluate_next().values;
}

TEST(FloatEvaluator, TakesWeightsInTheOrderOfTheFile) {
  GraphByHand builder;
  const auto x = builder.input("x", {1, 1, 2, 2}, {});
  builder.node("c", Conv2d{.kernel = {.rows = 1, .cols = 2}}, {x}, {1, 1, 1, 2}, {});
  MemoryData data;
  data.float_inputs["x"] = {1, 10, 100, 1000};  // pixel, channel
  // [out][channel][column]: output 0 takes 1 2 of channel 0 and 3 4 of channel 1.
  data.float_layers["c"] = {.weights = {1, 2, 3, 4, 0.5F, 0, 0, -1}, .biases = {0.25F, 0}};
  // 1*1 + 2*100 + 3*10 + 4*1000 + 0.25; 0.5*1 - 1*1000.
  EXPECT_EQ(only_layer(builder, data), (Floats{4231.25F, -999.5F}));
}

TEST(FloatEvaluator, TakesGroupsOneByOne) {
  GraphByHand builder;
  const auto x = builder.input("x", {1, 1, 1, 4}, {});
  builder.node("c", Conv2d{.groups = 2}, {x}, {1, 1, 1, 4}, {});
  MemoryData data;
  data.float_inputs["x"] = {1, 2, 3, 4};
  data.float_layers["c"] = {.weights = {1, 0, 1, 1, 0, 1, 1, -1}};
  // Outputs 0 and 1 see channels 0 and 1, outputs 2 and 3 the others.
  EXPECT_EQ(only_layer(builder, data), (Floats{1, 3, 4, -1}));
}

TEST(FloatEvaluator, NormalisesBehindTheSumAndTheBias) {
  GraphByHand builder;
  const auto x = builder.input("x", {1, 1, 1, 1}, {});
  builder.node("c", Conv2d{.activation = {.kind = ActivationKind::Relu}}, {x}, {1, 1, 1, 2}, {});
  MemoryData data;
  data.float_inputs["x"] = {3};
  data.float_layers["c"] = {
      .weights = {2, 1},
      .biases = {4, 0},
      .batch_norm = FloatParameters::BatchNorm{
          .gamma = {2, 1}, .beta = {0.5F, -2}, .mean = {1, 0}, .variance = {15, 3}, .epsilon = 1}};
  // (2 * 3 + 4 - 1) * 2 / sqrt(16) + 0.5; 3 * 1 / sqrt(4) - 2 = -0.5, cut by ReLU.
  EXPECT_EQ(only_layer(builder, data), (Floats{5, 0}));
}

TEST(FloatEvaluator, TakesWhatInt8NumbersMeanWhereThereAreNoFloats) {
  GraphByHand builder;
  const auto x = builder.input("x", {1, 1, 1, 2}, {0.5, 1});
  builder.weight_scale = 0.25;
  builder.node("d", Dense{}, {x}, {1, 1, 1, 1}, {100, 0});
  MemoryData data;
  data.inputs["x"] = {3, -1};                             // 1, -1
  data.layers["d"] = {.weights = {8, 2}, .biases = {4}};  // 2, 0.5; 4 * 0.125
  EXPECT_FALSE(has_float_files(builder.graph, data));
  EXPECT_EQ(only_layer(builder, data), (Floats{2}));  // not rounded to 100
}

/// Weights and biases of a layer as real numbers.
RealParameters reals_of(const Network& network, NodeId id) {
  const Node& node = network.graph.node(id);
  if (!gemm_shape(network.graph, node)) {
    return {};
  }
  return dequantized(layer_parameters(network.graph, *network.data, network.graph.node(id)),
                     network.graph, node);
}

TEST(FloatEvaluator, AgreesWithEveryOperatorElementByElement) {
  const Network network = parse_network(kEveryOperator, "n.yaml", {});
  const Graph& graph = network.graph;
  std::vector<Shared<float>> values(graph.tensors.size());
  for (const GraphTensorId input : graph.inputs) {
    values[static_cast<std::size_t>(input)] =
        std::make_shared<const Floats>(FloatNumbers::input(graph, *network.data, input));
  }
  FloatEvaluator evaluator(graph, *network.data);
  for (NodeId id = 0; !evaluator.done(); ++id) {
    const Node& node = graph.node(id);
    const Shared<float> actual = evaluator.evaluate_next().values;
    values[static_cast<std::size_t>(node.output())] = actual;
    const RealParameters reals = reals_of(network, id);
    RealOperands operands{.weights = reals.weights, .biases = reals.biases};
    for (const GraphTensorId input : graph.data_inputs(node)) {
      operands.inputs.emplace_back(*values[static_cast<std::size_t>(input)]);
    }
    const Shape& shape = graph.tensor(node.output()).shape();
    ASSERT_EQ(static_cast<std::int64_t>(actual->size()), shape.elements()) << node.name;
    for (std::int64_t element = 0; element < shape.elements(); element += 1 + element % 7) {
      const std::int64_t pixel = element / shape.channels;
      const RealValue expected = real_value(graph, node, operands,
                                            {.batch = pixel / shape.cols / shape.rows,
                                             .row = pixel / shape.cols % shape.rows,
                                             .col = pixel % shape.cols,
                                             .channel = element % shape.channels});
      ASSERT_NEAR((*actual)[static_cast<std::size_t>(element)], expected.value,
                  expected.slack + std::fabs(expected.value) * 0x1p-23)
          << node.name << " at " << element;
    }
  }
}

}  // namespace
}  // namespace systole::reference
