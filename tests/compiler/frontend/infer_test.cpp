// What read_network infers: shapes, quantisations, order.
#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "compiler/frontend/read_network.h"
#include "tests/compiler/frontend/error_cases.h"

namespace systole {
namespace {

Graph graph_of(const std::string& text) {
  return parse_network(text, "n.yaml").graph;
}

const GraphTensor& tensor(const Graph& graph, const std::string& name) {
  return *std::find_if(graph.tensors.begin(), graph.tensors.end(),
                       [&](const GraphTensor& candidate) { return candidate.name == name; });
}

const Node& node(const Graph& graph, const std::string& name) {
  return *std::find_if(graph.nodes.begin(), graph.nodes.end(),
                       [&](const Node& candidate) { return candidate.name == name; });
}

std::vector<std::string> order_of(const Graph& graph) {
  std::vector<std::string> names;
  for (const Node& each : graph.nodes) {
    names.push_back(each.name);
  }
  return names;
}

// --- shapes; the input is 8 x 8 x 4 ---

Shape shape_of(const std::string& layer) {
  const Graph graph = graph_of(with_layers("  - {name: a, " + layer + "}\n"));
  return graph.tensor(graph.nodes.back().output()).shape();
}

TEST(Shapes, OfConvolutionsFollowTheKernel) {
  // (8 + pads - dilation * (kernel - 1) - 1) / stride + 1.
  EXPECT_EQ(shape_of("op: conv2d, channels: 5, kernel: 3"), (Shape{1, 6, 6, 5}));
  EXPECT_EQ(shape_of("op: conv2d, channels: 5, kernel: [3, 1]"), (Shape{1, 6, 8, 5}));
  EXPECT_EQ(shape_of("op: conv2d, channels: 5, kernel: 3, stride: [1, 2]"), (Shape{1, 6, 3, 5}));
  EXPECT_EQ(shape_of("op: conv2d, channels: 5, kernel: 3, padding: 1"), (Shape{1, 8, 8, 5}));
  EXPECT_EQ(shape_of("op: conv2d, channels: 5, kernel: 3, padding: [1, 2, 0, 5]"),
            (Shape{1, 9, 11, 5}));
  EXPECT_EQ(shape_of("op: conv2d, channels: 5, kernel: 3, dilation: [2, 3]"), (Shape{1, 4, 2, 5}));
  EXPECT_EQ(shape_of("op: conv2d, channels: 5, kernel: 8"), (Shape{1, 1, 1, 5}));
  EXPECT_EQ(shape_of("op: conv2d, channels: 6, kernel: 3, groups: 2"), (Shape{1, 6, 6, 6}));
}

TEST(Shapes, OfSamePaddingAreTheInputOverTheStrideRoundedUp) {
  EXPECT_EQ(shape_of("op: conv2d, channels: 5, kernel: 3, padding: same"), (Shape{1, 8, 8, 5}));
  EXPECT_EQ(shape_of("op: conv2d, channels: 5, kernel: 3, stride: 3, padding: same"),
            (Shape{1, 3, 3, 5}));
  const Graph graph =
      graph_of(with_layers("  - {name: a, op: conv2d, channels: 5, kernel: 2, padding: same}\n"));
  const Kernel& kernel = std::get<Conv2d>(graph.nodes[0].op).kernel;
  EXPECT_EQ(kernel.pad_top, 0);  // one pad in all, behind
  EXPECT_EQ(kernel.pad_bottom, 1);
  EXPECT_EQ(kernel.pad_left, 0);
  EXPECT_EQ(kernel.pad_right, 1);
}

TEST(Shapes, OfSamePaddingNeedNoPadsWhereTheStrideSkips) {
  const Graph graph = graph_of(
      with_layers("  - {name: a, op: conv2d, channels: 5, kernel: 1, stride: 2, padding: same}\n"));
  EXPECT_EQ(graph.tensor(graph.nodes[0].output()).shape(), (Shape{1, 4, 4, 5}));
  EXPECT_EQ(std::get<Conv2d>(graph.nodes[0].op).kernel.pad_bottom, 0);
}

TEST(Shapes, OfPoolingStepByTheKernelUnlessTold) {
  EXPECT_EQ(shape_of("op: max_pool, kernel: 2"), (Shape{1, 4, 4, 4}));
  EXPECT_EQ(shape_of("op: max_pool, kernel: 3"), (Shape{1, 2, 2, 4}));  // rounded down
  EXPECT_EQ(shape_of("op: average_pool, kernel: 3, stride: 1, padding: 1"), (Shape{1, 8, 8, 4}));
  EXPECT_EQ(shape_of("op: global_average_pool"), (Shape{1, 1, 1, 4}));
}

TEST(Shapes, OfTheOtherOperators) {
  EXPECT_EQ(shape_of("op: relu"), (Shape{1, 8, 8, 4}));
  EXPECT_EQ(shape_of("op: softmax"), (Shape{1, 8, 8, 4}));
  EXPECT_EQ(graph_of(with_layers("  - {name: r, op: relu}\n  - {name: f, op: flatten}\n"))
                .tensors.back()
                .shape(),
            (Shape{1, 1, 1, 256}));
  EXPECT_EQ(shape_of("op: add, inputs: [x, x]"), (Shape{1, 8, 8, 4}));
  EXPECT_EQ(shape_of("op: concat, inputs: [x, x, x]"), (Shape{1, 8, 8, 12}));
}

TEST(Shapes, CarryTheBatch) {
  const Network own = parse_network(
      "network: n\nbatch: 3\ninputs: [{name: x, features: 7}]\n"
      "layers: [{name: d, op: dense, features: 2}]\n",
      "n.yaml");
  EXPECT_EQ(own.graph.batch, 3);
  EXPECT_EQ(own.graph.tensors[0].shape(), (Shape{3, 1, 1, 7}));
  EXPECT_EQ(own.graph.tensors[1].shape(), (Shape{3, 1, 1, 2}));
}

TEST(Attributes, ComeFromTheFile) {
  const Graph graph = graph_of(with_layers(
      "  - {name: a, op: conv2d, channels: 6, kernel: [3, 2], stride: [1, 2], dilation: [2, 1], "
      "groups: 2, bias: false, activation: relu6}\n"
      "  - {name: b, op: average_pool, kernel: 2, count_padding: true}\n"
      "  - {name: c, op: global_average_pool}\n"
      "  - {name: d, op: dense, features: 2, batch_norm: true}\n"));
  const auto& conv = std::get<Conv2d>(graph.nodes[0].op);
  EXPECT_EQ(conv.kernel.rows, 3);
  EXPECT_EQ(conv.kernel.cols, 2);
  EXPECT_EQ(conv.kernel.stride_rows, 1);
  EXPECT_EQ(conv.kernel.stride_cols, 2);
  EXPECT_EQ(conv.kernel.dilation_rows, 2);
  EXPECT_EQ(conv.kernel.dilation_cols, 1);
  EXPECT_EQ(conv.groups, 2);
  EXPECT_FALSE(conv.weights.bias);
  EXPECT_FALSE(conv.weights.batch_norm);
  EXPECT_EQ(conv.activation.kind, ActivationKind::Relu6);
  EXPECT_TRUE(std::get<PoolTensor>(graph.nodes[1].op).count_padding);
  const auto& pool = std::get<PoolTensor>(graph.nodes[2].op);
  EXPECT_TRUE(pool.global);
  EXPECT_EQ(pool.kernel.rows, 2);  // 8 -> 4 (dilation 2), halved
  EXPECT_EQ(pool.kernel.cols, 2);  // 8 -> 4 (stride 2), halved
  EXPECT_TRUE(std::get<Dense>(graph.nodes[3].op).weights.batch_norm);
  EXPECT_EQ(graph.nodes[0].kind, "conv2d");
  EXPECT_EQ(graph.nodes[0].location.line, 4);
}

// --- quantisation ---

constexpr const char* kDefaults =
    "network: n\n"
    "defaults:\n"
    "  output: {scale: 0.5, zero_point: 3}\n"
    "  relu_output: {scale: 0.25, zero_point: -100}\n"
    "  sigmoid_before: {scale: 0.125}\n"
    "  weight_gain: 0.5\n"
    "inputs: [{name: x, features: 8, quantization: {scale: 2, zero_point: 5}}]\n"
    "layers:\n";

Quantization quantization_of(const std::string& layers) {
  const Graph graph = graph_of(kDefaults + layers);
  return graph.tensor(graph.nodes.back().output()).quantization;
}

TEST(Quantisation, OfWeightedLayersAndAddsIsTheDefaultOfTheirActivation) {
  const Quantization plain{.scale = 0.5, .zero_point = 3};
  const Quantization relu{.scale = 0.25, .zero_point = -100};
  EXPECT_EQ(quantization_of("  - {name: a, op: dense, features: 4}\n"), plain);
  EXPECT_EQ(quantization_of("  - {name: a, op: dense, features: 4, activation: relu}\n"), relu);
  EXPECT_EQ(quantization_of("  - {name: a, op: dense, features: 4, activation: relu6}\n"), relu);
  EXPECT_EQ(quantization_of("  - {name: a, op: add, inputs: [x, x]}\n"), plain);
  EXPECT_EQ(quantization_of("  - {name: a, op: add, inputs: [x, x], activation: relu}\n"), relu);
}

TEST(Quantisation, OfSquashingFunctionsIsTheirRange) {
  const Quantization unit{.scale = 1.0 / 256, .zero_point = -128};
  const Quantization symmetric{.scale = 1.0 / 128, .zero_point = 0};
  EXPECT_EQ(quantization_of("  - {name: a, op: dense, features: 4, activation: sigmoid}\n"), unit);
  EXPECT_EQ(quantization_of("  - {name: a, op: dense, features: 4, activation: tanh}\n"),
            symmetric);
  EXPECT_EQ(quantization_of("  - {name: a, op: sigmoid}\n"), unit);
  EXPECT_EQ(quantization_of("  - {name: a, op: tanh}\n"), symmetric);
  EXPECT_EQ(quantization_of("  - {name: a, op: softmax}\n"), unit);
}

TEST(Quantisation, OfTheOthersIsTheirInputs) {
  const Quantization input{.scale = 2, .zero_point = 5};
  for (const std::string op : {"relu", "relu6", "max_pool, kernel: 1", "average_pool, kernel: 1",
                               "global_average_pool", "relu}\n  - {name: f, op: flatten"}) {
    EXPECT_EQ(quantization_of("  - {name: a, op: " + op + "}\n"), input) << op;
  }
}

TEST(Quantisation, OfConcatIsTheInputsWhereTheyAgreeElseTheDefault) {
  EXPECT_EQ(quantization_of("  - {name: a, op: concat, inputs: [x, x]}\n"),
            (Quantization{.scale = 2, .zero_point = 5}));
  EXPECT_EQ(quantization_of("  - {name: t, op: tanh}\n"
                            "  - {name: a, op: concat, inputs: [x, t]}\n"),
            (Quantization{.scale = 0.5, .zero_point = 3}));
}

TEST(Quantisation, GivenByTheLayerReplacesItsParts) {
  EXPECT_EQ(quantization_of("  - {name: a, op: dense, features: 4, output: {scale: 0.75}}\n"),
            (Quantization{.scale = 0.75, .zero_point = 3}));
  EXPECT_EQ(quantization_of("  - {name: a, op: tanh, output: {zero_point: 7}}\n"),
            (Quantization{.scale = 1.0 / 128, .zero_point = 7}));
  EXPECT_EQ(quantization_of(
                "  - {name: a, op: average_pool, kernel: 1, output: {scale: 1, zero_point: 0}}\n"),
            (Quantization{.scale = 1, .zero_point = 0}));
}

FusedActivation dense_activation(const std::string& layer) {
  const Graph graph =
      graph_of(kDefaults + ("  - {name: a, op: dense, features: 4, " + layer + "}\n"));
  return std::get<Dense>(graph.nodes[0].op).activation;
}

TEST(Quantisation, BeforeAFusedSquashingFunctionHasItsDefaults) {
  EXPECT_EQ(dense_activation("activation: sigmoid").before,
            (Quantization{.scale = 0.125, .zero_point = 0}));
  EXPECT_EQ(dense_activation("activation: tanh").before,
            (Quantization{.scale = 4.0 / 128, .zero_point = 0}));
  EXPECT_EQ(dense_activation("activation: tanh, before: {scale: 1, zero_point: -2}").before,
            (Quantization{.scale = 1, .zero_point = -2}));
}

TEST(Quantisation, BeforeASquashingLayerIsItsInputs) {
  const Graph graph = graph_of(kDefaults + std::string("  - {name: a, op: sigmoid}\n"));
  const auto& activation = std::get<Activate>(graph.nodes[0].op).activation;
  EXPECT_EQ(activation.kind, ActivationKind::Sigmoid);
  EXPECT_EQ(activation.before, (Quantization{.scale = 2, .zero_point = 5}));
}

double weight_scale(const std::string& layer) {
  const Graph graph =
      graph_of(kDefaults + ("  - {name: a, op: dense, features: 4" + layer + "}\n"));
  return weight_scales(graph, graph.node(0)).at(0);
}

TEST(WeightScales, FollowTheGainUnlessGiven) {
  // He's deviation over that of uniform integers in -127..127; 8 inputs.
  const double scale_of_one = std::sqrt(2.0 / 8) / std::sqrt((255.0 * 255 - 1) / 12);
  EXPECT_DOUBLE_EQ(weight_scale(""), 0.5 * scale_of_one);
  EXPECT_DOUBLE_EQ(weight_scale(", weights: {gain: 3}"), 3 * scale_of_one);
  EXPECT_DOUBLE_EQ(weight_scale(", weights: {scale: 0.125}"), 0.125);
}

TEST(WeightScales, OfChannelsLieAroundTheLayers) {
  const auto scales = [](const std::string& defaults, const std::string& layer) {
    const Graph graph =
        graph_of(defaults + "  - {name: a, op: dense, features: 64" + layer + "}\n");
    return weight_scales(graph, graph.node(0));
  };
  const double one = scales(kDefaults, "").at(0);
  const WeightScales each = scales(kDefaults, ", weights: {per_channel: true}");
  ASSERT_EQ(each.all().size(), 64U);
  const auto [low, high] = std::minmax_element(each.all().begin(), each.all().end());
  EXPECT_GE(*low, one / 2);
  EXPECT_LE(*low, one * 0.6);
  EXPECT_GE(*high, one * 1.4);
  EXPECT_LE(*high, one * 3 / 2);
  EXPECT_EQ(scales(kDefaults, ", weights: {per_channel: true}").all(), each.all());
}

TEST(WeightScales, OfChannelsCanBeTheDefault) {
  const auto by_channel = [](const std::string& weights) {
    const Graph graph = graph_of(
        "network: n\ndefaults: {per_channel: true}\ninputs: [{name: x, features: 8}]\nlayers:\n"
        "  - {name: a, op: dense, features: 4" +
        weights + "}\n");
    return weight_scales(graph, graph.node(0)).by_channel();
  };
  EXPECT_TRUE(by_channel(""));
  EXPECT_TRUE(by_channel(", weights: {gain: 2}"));
  EXPECT_FALSE(by_channel(", weights: {per_channel: false}"));
  EXPECT_FALSE(by_channel(", weights: {scale: 0.5}"));
}

// --- order, names, outputs ---

TEST(Order, IsTheFilesWhereThatWorks) {
  const Graph graph =
      graph_of(with_layers("  - {name: b, op: relu}\n"
                           "  - {name: a, op: relu, input: x}\n"
                           "  - {name: c, op: add, inputs: [a, b]}\n"));
  EXPECT_EQ(order_of(graph), (std::vector<std::string>{"b", "a", "c"}));
}

TEST(Order, PutsProducersFirst) {
  const Graph graph =
      graph_of(with_layers("  - {name: c, op: add, inputs: [a, b]}\n"
                           "  - {name: b, op: relu, input: a}\n"
                           "  - {name: a, op: relu, input: x}\n"
                           "  - {name: d, op: relu, input: x}\n"));
  EXPECT_EQ(order_of(graph), (std::vector<std::string>{"a", "b", "c", "d"}));
  EXPECT_EQ(graph.tensor(node(graph, "c").inputs[0]).name, "a");
  EXPECT_EQ(graph.tensor(node(graph, "c").inputs[1]).name, "b");
}

TEST(Order, MakesThePreviousLayerTheInput) {
  const Graph graph =
      graph_of(with_layers("  - {name: a, op: relu}\n  - {names: [b, c], op: relu}\n"));
  EXPECT_EQ(graph.tensor(node(graph, "a").inputs[0]).name, "x");
  EXPECT_EQ(graph.tensor(node(graph, "b").inputs[0]).name, "a");
  EXPECT_EQ(graph.tensor(node(graph, "c").inputs[0]).name, "b");
}

TEST(Outputs, AreWhatNobodyReads) {
  const Graph graph =
      graph_of(with_layers("  - {name: a, op: relu}\n"
                           "  - {name: b, op: relu, input: a}\n"
                           "  - {name: c, op: relu, input: a}\n"));
  ASSERT_EQ(graph.outputs.size(), 2U);
  EXPECT_EQ(graph.tensor(graph.outputs[0]).name, "b");
  EXPECT_EQ(graph.tensor(graph.outputs[1]).name, "c");
}

TEST(Outputs, MayAlsoBeRead) {
  const Graph graph =
      graph_of(with_layers("  - {name: a, op: relu}\n  - {name: b, op: relu}\noutputs: [b, a]\n"));
  ASSERT_EQ(graph.outputs.size(), 2U);
  EXPECT_EQ(graph.tensor(graph.outputs[0]).name, "b");
  EXPECT_EQ(graph.tensor(graph.outputs[1]).name, "a");
}

// --- blocks ---

constexpr const char* kBlocks =
    "network: n\n"
    "inputs: [{name: x, rows: 8, cols: 8, channels: 4}]\n"
    "blocks:\n"
    "  residual:\n"
    "    - {name: a, op: conv2d, channels: $width, kernel: [$k, 1], padding: same}\n"
    "    - {name: b, op: conv2d, channels: 4, kernel: 1, weights: {gain: $gain}}\n"
    "    - {name: add, op: add, inputs: [b, $input]}\n"
    "  join:\n"
    "    - {name: add, op: add, inputs: [$input, $other]}\n"
    "layers:\n"
    "  - {names: [one, two], block: residual, with: {width: 6, k: 3, gain: 0.5}}\n"
    "  - {name: three, block: residual, input: one, with: {width: 2, k: 1, gain: 1}}\n"
    "  - {name: four, block: join, with: {other: two}}\n"
    "  - {name: last, op: relu, input: four}\n";

TEST(Blocks, BecomeLayersNamedAfterTheirUser) {
  EXPECT_EQ(order_of(graph_of(kBlocks)),
            (std::vector<std::string>{"one.a", "one.b", "one.add", "two.a", "two.b", "two.add",
                                      "three.a", "three.b", "three.add", "four.add", "last"}));
}

using Names = std::vector<std::string>;

Names inputs_of(const Graph& graph, const std::string& name) {
  Names names;
  for (const GraphTensorId input : graph.data_inputs(node(graph, name))) {
    names.push_back(graph.tensor(input).name);
  }
  return names;
}

TEST(Blocks, ReadTheirUsersInput) {
  const Graph graph = graph_of(kBlocks);
  EXPECT_EQ(inputs_of(graph, "one.a"), (Names{"x"}));
  EXPECT_EQ(inputs_of(graph, "one.add"), (Names{"one.b", "x"}));
  EXPECT_EQ(inputs_of(graph, "two.add"), (Names{"two.b", "one.add"}));  // one behind the other
}

TEST(Blocks, AreNamedForTheirLastLayer) {
  const Graph graph = graph_of(kBlocks);
  EXPECT_EQ(inputs_of(graph, "three.a"), (Names{"one.add"}));
  EXPECT_EQ(inputs_of(graph, "last"), (Names{"four.add"}));
  // A tensor's name in a parameter is one that the user sees.
  EXPECT_EQ(inputs_of(graph, "four.add"), (Names{"three.add", "two.add"}));
}

TEST(Blocks, TakeTheirUsersParameters) {
  const Graph graph = graph_of(kBlocks);
  EXPECT_EQ(tensor(graph, "two.a").shape().channels, 6);
  EXPECT_EQ(tensor(graph, "three.a").shape().channels, 2);
  EXPECT_EQ(std::get<Conv2d>(node(graph, "one.a").op).kernel.rows, 3);
  EXPECT_EQ(std::get<Conv2d>(node(graph, "three.a").op).kernel.rows, 1);
}

}  // namespace
}  // namespace systole
