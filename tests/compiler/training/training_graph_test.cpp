#include "compiler/training/training_graph.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "compiler/frontend/read_network.h"
#include "tests/compiler/training/double_step.h"

namespace systole {
namespace {

Graph network_of(const std::string& body, std::int64_t batch = 3) {
  return parse_network("network: n\n" + body, "n.yaml",
                       {.batch = batch, .type = DataType::Bf16, .numbers = false})
      .graph;
}

/// Inputs, targets and states of a step, the same ones every time.
DoubleValues given_for(const TrainingGraph& step, Loss loss) {
  DoubleValues given;
  const Graph& graph = step.graph;
  for (const GraphTensorId tensor : graph.given()) {
    given[tensor] = some_numbers(graph.tensor(tensor).name, graph.tensor(tensor).type.elements());
  }
  if (loss == Loss::CrossEntropy) {
    std::vector<double>& targets = given.at(step.batches.front().targets);
    const auto columns =
        static_cast<std::size_t>(graph.tensor(step.batches.front().targets).type.extents.back());
    for (std::size_t i = 0; i < targets.size(); ++i) {
      targets[i] = i % columns == i / columns % columns ? 1 : 0;
    }
  }
  return given;
}

/// The gradient by a parameter: what its first update reads beside the state.
GraphTensorId gradient_of(const TrainingGraph& step, const TrainedParameter& parameter) {
  for (const Node& node : step.graph.nodes) {
    if (changes_state(node.op) &&
        (node.inputs[0] == parameter.master ||
         (!parameter.moments.empty() && node.inputs[0] == parameter.moments[0]))) {
      return node.inputs[1];
    }
  }
  return -1;
}

/// Every gradient by every parameter against differences of the loss, in double precision; of a
/// large network by the first of each of its parameters, and of one image.
void expect_gradients(const std::string& body, Loss loss = Loss::MeanSquaredError,
                      bool is_large = false) {
  SCOPED_TRACE(body);
  const TrainingGraph step =
      training_graph(network_of(body, is_large ? 1 : 3), {.loss = loss, .optimizer = {}});
  DoubleValues given = given_for(step, loss);
  const DoubleValues values = evaluated_in_double(step.graph, given);
  ASSERT_FALSE(step.parameters.empty());
  for (const TrainedParameter& parameter : step.parameters) {
    const GraphTensorId read = parameter.copy >= 0 ? parameter.copy : parameter.master;
    const std::vector<double>& gradient = values.at(gradient_of(step, parameter));
    std::vector<double>& numbers = given.at(read);
    ASSERT_EQ(gradient.size(), numbers.size());
    double largest = 0;
    for (const double number : gradient) {
      largest = std::max(largest, std::abs(number));
    }
    EXPECT_GT(largest, 0) << step.graph.tensor(read).name;
    for (std::size_t i = 0; i < (is_large ? 1 : numbers.size()); ++i) {
      constexpr double kStep = 1e-5;
      const auto loss_at = [&](double number) {
        const double kept = std::exchange(numbers[i], number);
        const double found = evaluated_in_double(step.graph, given).at(step.loss).front();
        numbers[i] = kept;
        return found;
      };
      const double slope =
          (loss_at(numbers[i] + kStep) - loss_at(numbers[i] - kStep)) / (2 * kStep);
      EXPECT_NEAR(gradient[i], slope, 1e-6 * std::max(largest, 1e-3))
          << step.graph.tensor(read).name << " " << i;
    }
  }
}

std::string error_of(const std::string& body, const TrainingOptions& options = {}) {
  try {
    static_cast<void>(training_graph(network_of(body), options));
  } catch (const WorkloadError& error) {
    return error.what();
  }
  return "";
}

constexpr const char* kInput = "inputs: [{name: x, features: 5}]\nlayers:\n";

TEST(TrainingGraph, HasTheGradientsOfDenseLayers) {
  for (const Loss loss : {Loss::MeanSquaredError, Loss::CrossEntropy}) {
    expect_gradients(std::string(kInput) +
                         "- {name: a, op: dense, features: 4, activation: relu}\n"
                         "- {name: b, op: dense, features: 6, bias: false}\n"
                         "- {name: c, op: dense, features: 3}\n",
                     loss);
  }
}

/// A softmax at the end is part of a cross-entropy, and a layer like others under another loss.
TEST(TrainingGraph, HasTheGradientsOfSoftmax) {
  const std::string body = std::string(kInput) +
                           "- {name: a, op: dense, features: 4}\n"
                           "- {name: p, op: softmax}\n";
  expect_gradients(body, Loss::CrossEntropy);
  expect_gradients(body);
  expect_gradients(std::string(kInput) +
                   "- {name: a, op: dense, features: 4}\n"
                   "- {name: p, op: softmax, scale: 0.5}\n"
                   "- {name: b, op: dense, features: 2}\n");
}

class OfFunctions : public ::testing::TestWithParam<ActivationKind> {};

TEST_P(OfFunctions, AreTheirDerivatives) {
  // Of positive numbers, as logarithms and roots want them.
  expect_gradients(std::string(kInput) + fmt::format("- {{name: a, op: dense, features: 4}}\n"
                                                     "- {{name: s, op: sigmoid}}\n"
                                                     "- {{name: f, op: {}}}\n",
                                                     name_of(GetParam())));
  const NumberFunction& function = function_of(GetParam());
  if (function.real == nullptr || std::isfinite(function.real(-1))) {
    expect_gradients(std::string(kInput) +
                     fmt::format("- {{name: a, op: dense, features: 4, activation: {}}}\n",
                                 name_of(GetParam())));
  }
}

std::vector<ActivationKind> all_functions() {
  std::vector<ActivationKind> kinds;
  for (const NumberFunction& function : number_functions()) {
    if (function.kind != ActivationKind::None) {
      kinds.push_back(function.kind);
    }
  }
  return kinds;
}

INSTANTIATE_TEST_SUITE_P(TrainingGraph, OfFunctions, ::testing::ValuesIn(all_functions()),
                         [](const auto& kind) { return std::string(name_of(kind.param)); });

TEST(TrainingGraph, AddsWhatSeveralReadersGive) {
  expect_gradients(std::string(kInput) +
                   "- {name: a, op: dense, features: 4}\n"
                   "- {name: b, op: dense, features: 4, activation: tanh}\n"
                   "- {name: c, op: add, inputs: [a, b], activation: relu}\n"
                   "- {name: d, op: mul, inputs: [c, a]}\n"
                   "- {name: e, op: sub, inputs: [d, b]}\n"
                   "- {name: f, op: maximum, inputs: [e, a]}\n"
                   "- {name: g, op: minimum, inputs: [f, b]}\n");
}

TEST(TrainingGraph, HasTheGradientsOfQuotientsAndOfSums) {
  expect_gradients(std::string(kInput) +
                   "- {name: a, op: dense, features: 4}\n"
                   "- {name: s, op: sigmoid, input: a}\n"
                   "- {name: d, op: div, inputs: [a, s]}\n"
                   "- {name: m, op: reduce_mean, input: d}\n"
                   "- {name: l, op: reduce_max, input: d}\n"
                   "- {name: t, op: reduce_sum, input: s}\n"
                   "- {name: u, op: mul, inputs: [d, m]}\n"
                   "- {name: v, op: mul, inputs: [u, l]}\n"
                   "- {name: w, op: div, inputs: [v, t]}\n");
}

TEST(TrainingGraph, HasTheGradientsOfNorms) {
  for (const std::string norm : {"layer_norm", "layer_norm, bias: false", "rms_norm"}) {
    expect_gradients(std::string(kInput) +
                     "- {name: a, op: dense, features: 4}\n"
                     "- {name: n, op: " +
                     norm + "}\n- {name: b, op: dense, features: 2}\n");
  }
}

TEST(TrainingGraph, HasTheGradientsOfFormulas) {
  expect_gradients(std::string(kInput) +
                   "- {name: a, op: dense, features: 4}\n"
                   "- {name: f, op: formula, of: \"where(positive(a), a * a, exp(a)) - round(a) + "
                   "largest(a) * sum(a * abs(a)) / 3\"}\n");
}

TEST(TrainingGraph, HasTheGradientsOfConstants) {
  expect_gradients(std::string(kInput) +
                   "- {name: a, op: dense, features: 4}\n"
                   "- {name: b, op: mul_constant, number: -1.5}\n"
                   "- {name: c, op: sub_constant, number: 2, reversed: true}\n"
                   "- {name: d, op: maximum_constant, number: 1.5}\n");
}

TEST(TrainingGraph, LooksThroughViews) {
  expect_gradients(
      "inputs: [{name: x, rows: 2, cols: 2, channels: 3}]\nlayers:\n"
      "- {name: f, op: flatten}\n"
      "- {name: a, op: dense, features: 6}\n"
      "- {name: r, op: reshape, extents: [3, 2]}\n"
      "- {name: b, op: dense, features: 4, activation: relu}\n");
}

/// Attention of two heads over three tokens.
TEST(TrainingGraph, HasTheGradientsOfProductsOfTwoTensors) {
  expect_gradients(
      "inputs: [{name: x, extents: [3, 4]}]\nlayers:\n"
      "- {name: q, op: dense, input: x, features: 4}\n"
      "- {name: k, op: dense, input: x, features: 4}\n"
      "- {name: v, op: dense, input: x, features: 4}\n"
      "- {name: s, op: matmul, inputs: [q, k], heads: 2, transpose_b: true, scale: 0.7}\n"
      "- {name: p, op: softmax, causal: true}\n"
      "- {name: c, op: matmul, inputs: [p, v], heads: 2}\n"
      "- {name: t, op: matmul, inputs: [c, q], transpose_a: true}\n"
      "- {name: o, op: dense, features: 2}\n");
}

/// Four heads, of which two share a key and a value.
TEST(TrainingGraph, HasTheGradientsOfSharedHeads) {
  expect_gradients(
      "inputs: [{name: x, extents: [3, 4]}]\nlayers:\n"
      "- {name: q, op: dense, input: x, features: 8}\n"
      "- {name: k, op: dense, input: x, features: 4}\n"
      "- {name: v, op: dense, input: x, features: 4}\n"
      "- {name: s, op: matmul, inputs: [q, k], heads: 4, kv_heads: 2, transpose_b: true}\n"
      "- {name: p, op: softmax}\n"
      "- {name: c, op: matmul, inputs: [p, v], heads: 4, kv_heads: 2}\n"
      "- {name: o, op: dense, features: 2}\n");
}

/// Of more than 2^21 probabilities an image, whose heads are bands of their own.
TEST(TrainingGraph, HasTheGradientsOfLargeHeads) {
  const std::string body =
      "inputs: [{name: x, extents: [1030, 3]}]\nlayers:\n"
      "- {name: q, op: dense, input: x, features: 4, bias: false}\n"
      "- {name: k, op: dense, input: x, features: 4, bias: false}\n"
      "- {name: v, op: dense, input: x, features: 4, bias: false}\n"
      "- {name: s, op: matmul, inputs: [q, k], heads: 2, transpose_b: true}\n"
      "- {name: p, op: softmax}\n"
      "- {name: c, op: matmul, inputs: [p, v], heads: 2}\n";
  expect_gradients(body, Loss::MeanSquaredError, true);
  const TrainingGraph step = training_graph(network_of(body, 1), {});
  EXPECT_TRUE(std::any_of(step.graph.nodes.begin(), step.graph.nodes.end(),
                          [](const Node& node) { return node.name == "s.gradient_rows"; }));
}

TEST(TrainingGraph, HasTheGradientsOfPartsOfFeatures) {
  // Parts side by side, some that overlap, some that nobody reads.
  expect_gradients(
      "inputs: [{name: x, extents: [3, 4]}]\nlayers:\n"
      "- {name: a, op: dense, features: 9}\n"
      "- {name: q, op: slice, input: a, axis: 2, first: 0, size: 3}\n"
      "- {name: k, op: slice, input: a, axis: 2, first: 3, size: 3}\n"
      "- {name: v, op: slice, input: a, axis: 2, first: 5, size: 3}\n"
      "- {name: s, op: mul, inputs: [q, k]}\n"
      "- {name: t, op: mul, inputs: [s, v]}\n"
      "- {name: o, op: dense, features: 2}\n");
}

TEST(TrainingGraph, HasTheGradientsOfRowsPutTogetherAndTaken) {
  expect_gradients(
      "inputs: [{name: x, extents: [3, 4]}, {name: y, extents: [1, 5]}]\nlayers:\n"
      "- {name: a, op: dense, input: x, features: 5}\n"
      "- {name: c, op: concat, inputs: [y, a], axis: 1}\n"
      "- {name: p, op: position_embedding}\n"
      "- {name: b, op: dense, features: 3}\n"
      "- {name: one, op: slice, input: b, axis: 1, first: 0, size: 1}\n"
      "- {name: two, op: slice, input: b, axis: 1, first: 1, size: 2, step: 2}\n"
      "- {name: e, op: concat, inputs: [one, two], axis: 1}\n"
      "- {name: f, op: concat, inputs: [e, e]}\n"
      "- {name: o, op: dense, features: 2}\n");
}

TEST(TrainingGraph, HasTheGradientsOfRotations) {
  expect_gradients(
      "inputs: [{name: x, extents: [3, 4]}]\nlayers:\n"
      "- {name: a, op: dense, features: 12}\n"
      "- {name: r, op: rotary, heads: 2, rotated: 4, first: 2}\n"
      "- {name: o, op: dense, features: 2, activation: tanh}\n");
}

TEST(TrainingGraph, HasTheGradientsOfMovedPixels) {
  expect_gradients(
      "inputs: [{name: x, rows: 3, cols: 4, channels: 2}]\nlayers:\n"
      "- {name: a, op: conv2d, channels: 8, kernel: 1}\n"
      "- {name: t, op: transpose}\n"
      "- {name: d, op: depth_to_space, factor: 2}\n"
      "- {name: r, op: rearrange, map: \"7..0*6 5..1\"}\n"
      "- {name: b, op: conv2d, channels: 3, kernel: 2, activation: tanh}\n");
}

TEST(TrainingGraph, HasTheGradientsOfFormulasWithParameters) {
  expect_gradients(
      "inputs: [{name: x, extents: [3, 4]}]\nlayers:\n"
      "- {name: a, op: dense, features: 4}\n"
      "- {name: f, op: formula, of: \"tanh(a * p + q)\", positions: [1, 1]}\n"
      "- {name: o, op: dense, features: 2}\n");
}

/// Images of 7 x 6 pixels and 2 channels.
std::string on_images(const std::string& layers) {
  return "inputs: [{name: x, rows: 7, cols: 6, channels: 2}]\nlayers:\n" + layers;
}

/// A convolution behind another, so that both its gradients are there.
void expect_convolution(const std::string& keys) {
  expect_gradients(
      on_images("- {name: a, op: conv2d, channels: 3, kernel: 1}\n"
                "- {name: b, op: conv2d, channels: 2, " +
                keys + "}\n"));
}

TEST(TrainingGraph, HasTheGradientsOfConvolutions) {
  for (const std::string keys : {"kernel: 1", "kernel: [3, 2]", "kernel: 3, padding: 1",
                                 "kernel: 3, padding: same, bias: false",
                                 "kernel: [2, 3], padding: [1, 0, 2, 1], activation: relu"}) {
    expect_convolution(keys);
  }
}

TEST(TrainingGraph, HasTheGradientsOfStridedConvolutions) {
  for (const std::string keys :
       {"kernel: 1, stride: 2", "kernel: 3, stride: 2, padding: 1", "kernel: 3, stride: [3, 2]",
        "kernel: 2, stride: 3", "kernel: [3, 1], stride: [1, 2], padding: same"}) {
    expect_convolution(keys);
  }
}

TEST(TrainingGraph, HasTheGradientsOfDilatedConvolutions) {
  for (const std::string keys : {"kernel: 2, dilation: 2", "kernel: [3, 2], dilation: [2, 3]",
                                 "kernel: 3, dilation: 2, padding: 2, stride: 2"}) {
    expect_convolution(keys);
  }
}

/// With the batch's own mean and variance, and a weight that inference has folded away.
TEST(TrainingGraph, HasTheGradientsOfBatchNormalisations) {
  expect_gradients(
      on_images("- {name: a, op: conv2d, channels: 3, kernel: 2, batch_norm: true, "
                "activation: tanh}\n"
                "- {name: b, op: conv2d, channels: 2, kernel: 1, batch_norm: true, "
                "activation: relu}\n"
                "- {name: c, op: conv2d, channels: 1, kernel: 3}\n"));
}

TEST(TrainingGraph, HasTheGradientsOfPooling) {
  for (const std::string pool :
       {"max_pool, kernel: 2", "max_pool, kernel: 3, stride: 2, padding: 1",
        "max_pool, kernel: [3, 2], stride: 1", "average_pool, kernel: [7, 2]",
        "average_pool, kernel: 3, stride: [2, 3]", "global_average_pool",
        "average_pool, kernel: 3, stride: 2, padding: 1, count_padding: true"}) {
    expect_gradients(
        on_images("- {name: a, op: conv2d, channels: 3, kernel: 1}\n"
                  "- {name: p, op: " +
                  pool + "}\n- {name: b, op: conv2d, channels: 2, kernel: 1}\n"));
  }
}

TEST(TrainingGraph, HasTheGradientsOfResiduals) {
  expect_gradients(on_images(
      "- {name: a, op: conv2d, channels: 3, kernel: 3, padding: 1, stride: 2, activation: relu}\n"
      "- {name: b, op: conv2d, channels: 3, kernel: 3, padding: 1}\n"
      "- {name: s, op: add, inputs: [b, a], activation: relu}\n"
      "- {name: g, op: global_average_pool}\n"
      "- {name: f, op: flatten}\n"
      "- {name: d, op: dense, features: 2}\n"));
}

/// A convolution's weights take as many products as it does, its input too: more where pixels of
/// zeros stand between those of the gradient.
TEST(TrainingGraph, HasThreeTimesTheProductsOfConvolutions) {
  const auto factor = [](const std::string& keys) {
    const TrainingGraph step =
        training_graph(network_of(on_images("- {name: a, op: conv2d, channels: 3, kernel: 1}\n"
                                            "- {name: b, op: conv2d, channels: 2, " +
                                            keys + "}\n")),
                       {});
    std::int64_t macs = 0;
    for (const Node& node : step.graph.nodes) {
      macs += macs_of(step.graph, node);
    }
    const std::int64_t first = 3 * 7 * 6 * 2 * 3;
    const std::int64_t forward = step.graph.step->forward_macs - first;
    return std::pair{macs - 2 * first - 2 * forward, forward};  // the input's gradient
  };
  const auto [one, whole] = factor("kernel: 3, padding: 1");
  EXPECT_EQ(one, whole);
  // 4 x 3 positions forward; back, every pixel of 7 x 6.
  const auto [back, strided] = factor("kernel: 3, padding: 1, stride: 2");
  EXPECT_EQ(strided, 3 * (4 * 3) * 9 * 3 * 2);
  EXPECT_EQ(back, 3 * (7 * 6) * 9 * 3 * 2);
}

TEST(TrainingGraph, HasTheGradientsOfGroupsOfConvolutions) {
  for (const std::string keys :
       {"channels: 4, kernel: 1, groups: 2", "channels: 8, kernel: 3, padding: 1, groups: 4",
        "channels: 6, kernel: [2, 3], stride: 2, groups: 2, batch_norm: true, activation: relu"}) {
    expect_gradients(
        on_images("- {name: a, op: conv2d, channels: 4, kernel: 1}\n"
                  "- {name: b, op: conv2d, " +
                  keys + "}\n- {name: c, op: conv2d, channels: 2, kernel: 1}\n"));
  }
}

TEST(TrainingGraph, HasTheGradientsOfAKernelForEachChannel) {
  for (const std::string keys : {"kernel: 3, padding: 1", "kernel: 3, stride: 2, padding: 1",
                                 "kernel: [3, 2], dilation: [2, 1], batch_norm: true"}) {
    expect_gradients(
        on_images("- {name: a, op: conv2d, channels: 5, kernel: 1}\n"
                  "- {name: b, op: conv2d, channels: 5, groups: 5, " +
                  keys + "}\n- {name: c, op: conv2d, channels: 2, kernel: 1}\n"));
  }
}

TEST(TrainingGraph, HasTheGradientsOfMoreChannelsThanAnArrayHas) {
  expect_gradients(
      "inputs: [{name: x, rows: 2, cols: 2, channels: 2}]\nlayers:\n"
      "- {name: a, op: conv2d, channels: 130, kernel: 1, bias: false}\n"
      "- {name: b, op: conv2d, channels: 130, groups: 130, kernel: 2}\n"
      "- {name: c, op: conv2d, channels: 2, kernel: 1}\n",
      Loss::MeanSquaredError, true);
}

TEST(TrainingGraph, HasTheGradientsOfTransposedConvolutions) {
  for (const std::string keys :
       {"kernel: 3, stride: 2, padding: 1", "kernel: 2, stride: 2", "kernel: 3, padding: 1"}) {
    expect_gradients(
        on_images("- {name: a, op: conv2d, channels: 4, kernel: 1}\n"
                  "- {name: b, op: conv_transpose2d, channels: 3, " +
                  keys + "}\n- {name: c, op: conv2d, channels: 2, kernel: 1}\n"));
  }
}

TEST(TrainingGraph, HasTheGradientsOfEnlargedImages) {
  for (const std::string op :
       {"resize, factor: 2", "resize_bilinear, factor: 2", "average_pool, kernel: 3, padding: 1",
        "average_pool, kernel: 3, stride: 2, padding: 1", "pad, padding: 1"}) {
    expect_gradients(
        on_images("- {name: a, op: conv2d, channels: 3, kernel: 1}\n"
                  "- {name: b, op: " +
                  op + "}\n- {name: c, op: conv2d, channels: 2, kernel: 1}\n"));
  }
}

TEST(TrainingGraph, HasTheGradientsOfConcatenationsOfWhatHasRows) {
  expect_gradients(
      on_images("- {name: a, op: conv2d, channels: 3, kernel: 1}\n"
                "- {name: b, op: conv2d, channels: 2, kernel: 1}\n"
                "- {name: c, op: concat, inputs: [b, a]}\n"
                "- {name: d, op: conv2d, channels: 2, kernel: 3}\n"));
}

TEST(TrainingGraph, HasTheGradientsOfSeveralConstants) {
  for (const std::string keys : {"mul_constant", "add_constant, extents: [3, 4]",
                                 "div_constant, reversed: true", "maximum_constant"}) {
    expect_gradients(
        "inputs: [{name: x, extents: [3, 5]}]\nlayers:\n"
        "- {name: a, op: dense, features: 4, activation: tanh}\n"
        "- {name: b, op: " +
        keys + "}\n- {name: c, op: dense, features: 2}\n");
  }
}

TEST(TrainingGraph, HasTheGradientsOfMasksAndSums) {
  for (const std::string keys : {"mask, offset: 1", "mask, window: 2"}) {
    expect_gradients(
        "inputs: [{name: x, extents: [4, 5]}]\nlayers:\n"
        "- {name: a, op: dense, features: 4}\n"
        "- {name: m, op: " +
        keys +
        "}\n- {name: s, op: softmax}\n"
        "- {name: c, op: dense, features: 2}\n");
  }
  for (const std::string keys : {"cumulative_sum", "cumulative_sum, reverse: true"}) {
    expect_gradients(
        "inputs: [{name: x, extents: [4, 5]}]\nlayers:\n"
        "- {name: a, op: dense, features: 4}\n"
        "- {name: m, op: " +
        keys + "}\n- {name: c, op: dense, features: 2}\n");
  }
}

/// Rows that are taken twice, and such that nobody takes.
TEST(TrainingGraph, HasTheGradientsOfTables) {
  expect_gradients(
      "inputs: [{name: x, extents: [4, 3]}]\n"
      "states: [{name: table, extents: [6, 3], shared: true}]\nlayers:\n"
      "- {name: row, op: gather, input: table, rows: \"1,4,1,0\"}\n"
      "- {name: s, op: add, inputs: [row, x]}\n"
      "- {name: c, op: dense, features: 2}\n");
}

/// Weights that several layers read: the sum of what each of them gives.
TEST(TrainingGraph, HasTheGradientsOfAnLstmThroughTime) {
  std::string body =
      "inputs: [{name: x, extents: [3, 4]}]\n"
      "states: [{name: w, extents: [7, 12], shared: true}]\nlayers:\n"
      "- {name: h0, op: slice, input: x, axis: 2, first: 0, size: 3}\n"
      "- {name: h.0, op: slice, axis: 1, first: 0, size: 1}\n"
      "- {name: c.0, op: mul_constant, number: 0.5}\n";
  for (int step = 1; step <= 3; ++step) {
    body += fmt::format(
        "- {{name: x.{0}, op: slice, input: x, axis: 1, first: {1}, size: 1}}\n"
        "- {{name: both.{0}, op: concat, inputs: [x.{0}, h.{1}]}}\n"
        "- {{name: gates.{0}, op: matmul, inputs: [both.{0}, w]}}\n"
        "- {{name: in.{0}, op: slice, input: gates.{0}, axis: 2, first: 0, size: 3}}\n"
        "- {{name: forget.{0}, op: slice, input: gates.{0}, axis: 2, first: 3, size: 3}}\n"
        "- {{name: new.{0}, op: slice, input: gates.{0}, axis: 2, first: 6, size: 3}}\n"
        "- {{name: out.{0}, op: slice, input: gates.{0}, axis: 2, first: 9, size: 3}}\n"
        "- {{name: c.{0}, op: formula, inputs: [in.{0}, forget.{0}, new.{0}, c.{1}], "
        "of: \"sigmoid(b) * d + sigmoid(a) * tanh(c)\"}}\n"
        "- {{name: h.{0}, op: formula, inputs: [out.{0}, c.{0}], of: \"sigmoid(a) * tanh(b)\"}}\n",
        step, step - 1);
  }
  expect_gradients(body + "- {name: y, op: dense, features: 2}\n");
}

TEST(TrainingGraph, HasTheGradientsOfRecurrentLayers) {
  for (const std::string keys : {"lstm, cells: 3", "gru, cells: 3", "lstm, cells: 2, last: true",
                                 "gru, cells: 2, reverse: true"}) {
    expect_gradients(
        "inputs: [{name: x, extents: [3, 4]}]\nlayers:\n"
        "- {name: a, op: dense, features: 3}\n"
        "- {name: r, op: " +
        keys + "}\n- {name: y, op: dense, features: 2}\n");
  }
}

/// Updated parameters of a step whose products may have so many bytes of an operand whole are those
/// of any other; returns the graph.
Graph expect_the_same_in_parts(const std::string& body, std::int64_t batch, std::int64_t most) {
  constexpr double kSameSums = 1e-12;  // in another order
  TrainingOptions options{.loss = Loss::MeanSquaredError, .optimizer = {}};
  const TrainingGraph whole = training_graph(network_of(body, batch), options);
  options.most_whole_bytes = most;
  const TrainingGraph parts = training_graph(network_of(body, batch), options);
  const DoubleValues expected = evaluated_in_double(whole.graph, given_for(whole, options.loss));
  const DoubleValues actual = evaluated_in_double(parts.graph, given_for(parts, options.loss));
  for (const TrainedParameter& parameter : whole.parameters) {
    const std::string name = whole.graph.tensor(parameter.master).name + ".updated";
    const std::vector<double>& numbers = expected.at(tensor_named(whole.graph, name));
    const std::vector<double>& others = actual.at(tensor_named(parts.graph, name));
    for (std::size_t i = 0; i < numbers.size(); ++i) {
      EXPECT_NEAR(others[i], numbers[i], kSameSums) << name << " " << i;
    }
  }
  return parts.graph;
}

/// 3 rows of 512 numbers of 2 bytes are more than three times 1000, and with a result of 512 x 2 of
/// 4 bytes more than seven times; parts of a fourth are not more than 1000, and have 128 columns.
TEST(TrainingGraph, CutsWeightsGradientsByColumnsOfTheirInput) {
  const Graph graph = expect_the_same_in_parts(
      "inputs: [{name: x, features: 8}]\nlayers:\n"
      "- {name: a, op: dense, features: 512, activation: tanh}\n"
      "- {name: b, op: dense, features: 2}\n",
      3, 1000);
  EXPECT_THAT(graph.tensor(tensor_named(graph, "b.product.columns.4")).type.extents,
              ::testing::ElementsAre(1, 3, 128));
}

/// 3 x 5 rows of 4 numbers of 2 bytes are 120 bytes, with the result 152: six parts of 20, which
/// are 2 or 3 rows.
TEST(TrainingGraph, CutsWeightsGradientsByRows) {
  const std::string body =
      "inputs: [{name: x, extents: [5, 3]}]\nlayers:\n"
      "- {name: a, op: dense, features: 4, activation: tanh}\n"
      "- {name: b, op: dense, features: 2}\n";
  const Graph graph = expect_the_same_in_parts(body, 3, 20);
  EXPECT_THAT(graph.tensor(tensor_named(graph, "b.product.rows")).type.extents,
              ::testing::ElementsAre(1, 2, 4));
  EXPECT_THAT(graph.tensor(tensor_named(graph, "b.product.rows.6")).type.extents,
              ::testing::ElementsAre(1, 3, 4));
  // Within seven times 22 the result has room beside all of it.
  const Graph whole = expect_the_same_in_parts(body, 3, 22);
  EXPECT_TRUE(std::none_of(
      whole.tensors.begin(), whole.tensors.end(),
      [](const GraphTensor& tensor) { return tensor.name.starts_with("b.product.rows"); }));
}

/// An image of 7 x 6 x 3 has 252 bytes: two at a time, or a few rows of one with those around them
/// that the kernel sees.
TEST(TrainingGraph, CutsWeightsGradientsByImagesAndRows) {
  for (const std::string keys : {"kernel: 3, padding: 1", "kernel: [3, 2], stride: 2, padding: 1",
                                 "kernel: 2, dilation: 3, padding: 2"}) {
    const auto expect = [&](std::int64_t batch, std::int64_t most) {
      SCOPED_TRACE(fmt::format("{} {}", keys, most));
      return expect_the_same_in_parts(on_images("- {name: a, op: conv2d, channels: 3, kernel: 1}\n"
                                                "- {name: b, op: conv2d, channels: 2, " +
                                                keys + "}\n"),
                                      batch, most);
    };
    const Graph two = expect(15, 505);
    EXPECT_EQ(two.tensor(tensor_named(two, "b.convolution.rows")).type.elements(), 2 * 7 * 6 * 3);
    static_cast<void>(expect(3, 100));
    static_cast<void>(expect(3, 40));
  }
}

/// Products of the step: those of the network, as many for the weights, and as many for the inputs
/// of all layers but the first, whose input nothing trains.
TEST(TrainingGraph, HasThreeTimesTheProductsButForTheFirstInput) {
  const Graph network = network_of(std::string(kInput) +
                                   "- {name: a, op: dense, features: 4}\n"
                                   "- {name: b, op: dense, features: 6}\n");
  const TrainingGraph step = training_graph(network, {});
  std::int64_t macs = 0;
  for (const Node& node : step.graph.nodes) {
    macs += macs_of(step.graph, node);
  }
  const std::int64_t first = 3 * 5 * 4;
  const std::int64_t second = 3 * 4 * 6;
  EXPECT_EQ(macs, 3 * (first + second) - first);
  EXPECT_EQ(step.graph.step->forward_macs, first + second);
  EXPECT_EQ(step.graph.step->parameters, 5 * 4 + 4 + 4 * 6 + 6);
  EXPECT_EQ(step.graph.step->samples, 3);
  EXPECT_EQ(step.graph.step->phases.size(), step.graph.nodes.size());
}

/// One parameter and its gradient, term by term.
class Updates : public ::testing::Test {
 protected:
  void run(const Optimizer& optimizer) {
    step = training_graph(network_of("inputs: [{name: x, features: 1}]\nlayers:\n"
                                     "- {name: a, op: dense, features: 1, bias: false}\n",
                                     1),
                          {.loss = Loss::MeanSquaredError, .optimizer = optimizer});
    DoubleValues given = given_for(step, Loss::MeanSquaredError);
    const auto set = [&](GraphTensorId tensor, double value) { given[tensor] = {value}; };
    const TrainedParameter& parameter = step.parameters.front();
    set(step.batches.front().inputs.front(), 2);
    set(step.batches.front().targets, 1);
    set(parameter.master, 3);
    set(parameter.copy, 3);
    for (const GraphTensorId moment : parameter.moments) {
      set(moment, 5);
    }
    if (step.rate >= 0) {
      set(step.rate, optimizer.rate_at(1));
    }
    values = evaluated_in_double(step.graph, given);
  }
  [[nodiscard]] double after(const std::string& state) const {
    return values.at(tensor_named(step.graph, state + ".updated")).front();
  }

  TrainingGraph step;
  DoubleValues values;
  // The loss is (2 w - 1)^2 = 25, its derivative 2 * 5 * 2 = 20.
};

TEST_F(Updates, OfSgdKeepAMoment) {
  run({.rate = 0.1, .momentum = 0.5});
  EXPECT_DOUBLE_EQ(values.at(step.loss).front(), 25);
  EXPECT_DOUBLE_EQ(after("a.weight.moment"), 0.5 * 5 + 20);
  EXPECT_NEAR(after("a.weight"), 3 - 0.1 * 22.5, 1e-6);  // constants are fp32
  EXPECT_DOUBLE_EQ(after("a.weight.bf16"), after("a.weight"));
}

TEST_F(Updates, OfSgdWithoutMomentumGoDownTheGradient) {
  run({.rate = 0.25, .momentum = 0});
  EXPECT_TRUE(step.parameters.front().moments.empty());
  EXPECT_DOUBLE_EQ(after("a.weight"), 3 - 0.25 * 20);
}

TEST_F(Updates, OfAdamDivideByTheRootOfTheVariance) {
  run({.kind = OptimizerKind::Adam, .rate = 0.5});
  const double moment = 0.9 * 5 + 0.1 * 20;
  const double variance = 0.999 * 5 + 0.001 * 400;
  EXPECT_NEAR(after("a.weight.moment"), moment, 1e-6);
  EXPECT_NEAR(after("a.weight.variance"), variance, 1e-6);
  const double rate = 0.5 * std::sqrt(1 - 0.999) / (1 - 0.9);
  EXPECT_NEAR(after("a.weight"), 3 - rate * moment / (std::sqrt(variance) + 1e-8), 1e-6);
}

TEST_F(Updates, OfAdamWAlsoLetWeightsDecay) {
  run({.kind = OptimizerKind::AdamW, .rate = 0.5, .decay = 0.2});
  const double moment = 0.9 * 5 + 0.1 * 20;
  const double variance = 0.999 * 5 + 0.001 * 400;
  const double rate = 0.5 * std::sqrt(1 - 0.999) / (1 - 0.9);
  EXPECT_NEAR(after("a.weight"), 3 - 0.5 * 0.2 * 3 - rate * moment / (std::sqrt(variance) + 1e-8),
              1e-6);
}

/// A network of two blocks with a way around each.
constexpr const char* kTwoBlocks =
    "inputs: [{name: x, extents: [3, 4]}]\nlayers:\n"
    "- {name: a, op: dense, features: 4, activation: tanh}\n"
    "- {name: b, op: dense, features: 4, activation: gelu}\n"
    "- {name: c, op: dense, features: 4}\n"
    "- {name: d, op: add, inputs: [c, a]}\n"
    "- {name: e, op: layer_norm}\n"
    "- {name: f, op: dense, features: 4, activation: sigmoid}\n"
    "- {name: g, op: add, inputs: [f, d]}\n"
    "- {name: h, op: dense, features: 4, activation: tanh}\n"
    "- {name: i, op: add, inputs: [h, g]}\n";

/// What a step makes of given numbers, by the names of the states; the loss is under "loss".
std::map<std::string, std::vector<double>> outcome(const TrainingOptions& options) {
  const TrainingGraph step = training_graph(network_of(kTwoBlocks), options);
  DoubleValues given = given_for(step, options.loss);
  for (const TrainedParameter& parameter : step.parameters) {
    for (const GraphTensorId moment : parameter.moments) {
      for (double& number : given.at(moment)) {
        number = std::abs(number);  // variances are squares
      }
    }
  }
  const DoubleValues values = evaluated_in_double(step.graph, given);
  std::map<std::string, std::vector<double>> made{{"loss", values.at(step.loss)}};
  for (const Node& node : step.graph.nodes) {
    if (changes_state(node.op)) {
      made[step.graph.tensor(node.inputs[0]).name] = values.at(node.output());
    }
  }
  return made;
}

void expect_near(const std::map<std::string, std::vector<double>>& actual,
                 const std::map<std::string, std::vector<double>>& expected, double bound) {
  ASSERT_EQ(actual.size(), expected.size());
  for (const auto& [name, numbers] : expected) {
    const std::vector<double>& others = actual.at(name);
    ASSERT_EQ(others.size(), numbers.size()) << name;
    for (std::size_t i = 0; i < numbers.size(); ++i) {
      EXPECT_NEAR(others[i], numbers[i], bound) << name << " " << i;
    }
  }
}

/// What is computed again is the same to the last bit; what lies between the blocks is kept.
TEST(TrainingGraph, ComputesBlocksAgain) {
  const auto plain = outcome({.loss = Loss::MeanSquaredError, .optimizer = {}});
  EXPECT_EQ(
      outcome({.loss = Loss::MeanSquaredError, .optimizer = {}, .recompute = Recompute::Blocks}),
      plain);
  const TrainingGraph step = training_graph(
      network_of(kTwoBlocks),
      {.loss = Loss::MeanSquaredError, .optimizer = {}, .recompute = Recompute::Blocks});
  std::vector<std::string> again;
  for (const Node& node : step.graph.nodes) {
    if (node.name.find(".again") != std::string::npos) {
      again.push_back(node.name);
      EXPECT_EQ(step.graph.step->phases[static_cast<std::size_t>(&node - step.graph.nodes.data())],
                StepPhase::Again);
    }
  }
  // Block by block from behind; of the last block (h, i) and of the sums d and g nothing.
  EXPECT_THAT(again, testing::ElementsAre("e.normalised.again", "f.product.again", "f.biased.again",
                                          "f.sigmoid.again", "b.product.again", "b.biased.again",
                                          "b.gelu.again"));
}

/// Scales are powers of two: they change no number.
TEST(TrainingGraph, TakesTheScaleOfTheLossAwayAgain) {
  TrainingOptions options{.loss = Loss::MeanSquaredError, .optimizer = {}};
  for (const OptimizerKind kind : {OptimizerKind::Sgd, OptimizerKind::AdamW}) {
    options.optimizer.kind = kind;
    options.loss_scale = 1;
    const auto plain = outcome(options);
    options.loss_scale = 1024;
    expect_near(outcome(options), plain, 1e-9);
  }
}

/// A gradient of length L becomes one of length C: with plain descent so does the way that all
/// weights go.
TEST(TrainingGraph, ClipsGradientsByTheNormOfAll) {
  TrainingOptions options{.loss = Loss::MeanSquaredError, .optimizer = {.rate = 1, .momentum = 0}};
  options.loss_scale = 8;
  const auto way = [&] {
    const TrainingGraph step = training_graph(network_of(kTwoBlocks), options);
    const DoubleValues given = given_for(step, options.loss);
    const DoubleValues values = evaluated_in_double(step.graph, given);
    double squares = 0;
    for (const Node& node : step.graph.nodes) {
      const bool is_master =
          std::any_of(step.parameters.begin(), step.parameters.end(),
                      [&](const TrainedParameter& each) { return each.master == node.inputs[0]; });
      if (changes_state(node.op) && is_master) {
        for (std::size_t i = 0; i < values.at(node.output()).size(); ++i) {
          const double by = values.at(node.output())[i] - given.at(node.inputs[0])[i];
          squares += by * by;
        }
      }
    }
    return std::sqrt(squares);
  };
  const double length = way();
  options.clip_norm = length / 4;
  EXPECT_NEAR(way(), length / 4, 1e-5 * length);
  options.clip_norm = length * 4;
  EXPECT_NEAR(way(), length, 1e-6 * length);
}

/// Three batches of a step are what one three times as large is.
TEST(TrainingGraph, AddsTheGradientsOfSeveralBatches) {
  TrainingOptions options{.loss = Loss::MeanSquaredError, .optimizer = {}};
  const std::string body =
      "inputs: [{name: x, features: 4}]\nlayers:\n"
      "- {name: a, op: dense, features: 3, activation: tanh}\n"
      "- {name: b, op: dense, features: 2}\n";
  const TrainingGraph whole = training_graph(network_of(body, 6), options);
  options.accumulate = 3;
  const TrainingGraph parts = training_graph(network_of(body, 2), options);
  EXPECT_EQ(parts.graph.step->samples, 6);
  EXPECT_EQ(parts.graph.step->forward_macs, whole.graph.step->forward_macs);
  DoubleValues given = given_for(whole, options.loss);
  DoubleValues given_parts;
  const auto split = [&](GraphTensorId from, const auto& to_of) {
    const std::vector<double>& all = given.at(from);
    for (std::size_t part = 0; part < 3; ++part) {
      const auto size = static_cast<std::ptrdiff_t>(all.size() / 3);
      const auto first = all.begin() + static_cast<std::ptrdiff_t>(part) * size;
      given_parts[to_of(parts.batches[part])] = {first, first + size};
    }
  };
  split(whole.batches[0].inputs[0], [](const TrainingBatch& batch) { return batch.inputs[0]; });
  split(whole.batches[0].targets, [](const TrainingBatch& batch) { return batch.targets; });
  for (const GraphTensorId state : whole.graph.states) {
    given_parts[tensor_named(parts.graph, whole.graph.tensor(state).name)] = given.at(state);
  }
  const DoubleValues values = evaluated_in_double(whole.graph, given);
  const DoubleValues values_of_parts = evaluated_in_double(parts.graph, given_parts);
  EXPECT_NEAR(values_of_parts.at(parts.loss)[0], values.at(whole.loss)[0], 1e-7);
  for (const std::string name : {"a.weight.updated", "a.bias.updated", "b.weight.updated"}) {
    const std::vector<double>& expected = values.at(tensor_named(whole.graph, name));
    const std::vector<double>& actual = values_of_parts.at(tensor_named(parts.graph, name));
    for (std::size_t i = 0; i < expected.size(); ++i) {
      EXPECT_NEAR(actual[i], expected[i], 1e-7) << name << " " << i;
    }
  }
}

TEST(TrainingGraph, RefusesSeveralOutputs) {
  const std::string body = std::string(kInput) +
                           "- {name: a, op: dense, input: x, features: 4}\n"
                           "- {name: b, op: dense, input: x, features: 4}\n";
  EXPECT_EQ(error_of(body),
            "n.yaml:1:1: layers: expected a network of one output to train, or --loss-of, got 2: "
            "a, b");
  EXPECT_EQ(error_of(body, {.loss_of = "c"}),
            "n.yaml:1:1: layers: expected the loss of one of the outputs a, b, got 'c'");
  EXPECT_EQ(error_of(body, {.loss_of = "b"}), "");
}

TEST(TrainingGraph, RefusesStatesThatItWrites) {
  EXPECT_EQ(error_of("inputs: [{name: x, extents: [1, 4]}]\n"
                     "states: [{name: k, extents: [5, 4]}]\nlayers:\n"
                     "- {name: a, op: append, inputs: [x, k], at: 0}\n"
                     "- {name: c, op: matmul, inputs: [x, a], transpose_b: true}\n"),
            "n.yaml:6:3: c: expected a network that reads no states it writes to train, got a "
            "layer that does");
}

TEST(TrainingGraph, RefusesStatesOfEachImage) {
  EXPECT_EQ(error_of("inputs: [{name: x, extents: [3, 4]}]\n"
                     "states: [{name: w, extents: [4, 2]}]\nlayers:\n"
                     "- {name: c, op: matmul, inputs: [x, w]}\n"),
            "n.yaml:5:3: c: expected states that all images share to train, got one for each of 3");
}

TEST(TrainingGraph, RefusesOtherTypes) {
  const Graph network =
      parse_network("network: n\n" + std::string(kInput) + "- {name: a, op: dense, features: 4}\n",
                    "n.yaml")
          .graph;
  try {
    static_cast<void>(training_graph(network, {}));
    FAIL();
  } catch (const WorkloadError& error) {
    EXPECT_STREQ(
        error.what(),
        "n.yaml:1:1: layers: expected a network of bf16 or fp16 to train, got one of int8");
  }
}

}  // namespace
}  // namespace systole
