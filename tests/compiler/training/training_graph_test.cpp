#include "compiler/training/training_graph.h"

#include <cmath>
#include <string>

#include <fmt/format.h>
#include <gtest/gtest.h>

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
    std::vector<double>& targets = given.at(step.targets);
    const auto columns = static_cast<std::size_t>(graph.tensor(step.targets).type.extents.back());
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

/// Every gradient by every parameter against differences of the loss, in double precision.
void expect_gradients(const std::string& body, Loss loss = Loss::MeanSquaredError) {
  SCOPED_TRACE(body);
  const TrainingGraph step = training_graph(network_of(body), {.loss = loss, .optimizer = {}});
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
    for (std::size_t i = 0; i < numbers.size(); ++i) {
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

TEST(TrainingGraph, RefusesGroupsOfConvolutions) {
  EXPECT_EQ(error_of(on_images("- {name: a, op: conv2d, channels: 4, kernel: 1, groups: 2}\n")),
            "n.yaml:4:3: a: expected a convolution of one group to train, got 2");
}

TEST(TrainingGraph, RefusesAveragesThatLeavePaddingOut) {
  EXPECT_EQ(error_of(on_images("- {name: a, op: conv2d, channels: 4, kernel: 1}\n"
                               "- {name: p, op: average_pool, kernel: 3, padding: 1}\n")),
            "n.yaml:5:3: p: expected an average_pool without padding, or with count_padding, to "
            "train through, got one that leaves it out");
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
    set(step.inputs.front(), 2);
    set(step.targets, 1);
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

TEST(TrainingGraph, RefusesWhatHasNoGradient) {
  EXPECT_EQ(error_of("inputs: [{name: x, rows: 4, cols: 4, channels: 2}]\nlayers:\n"
                     "- {name: d, op: depth_to_space, factor: 1}\n"
                     "- {name: r, op: resize}\n"
                     "- {name: e, op: resize}\n"),
            "n.yaml:4:3: d: expected operators with a gradient (docs/training.md), got "
            "depth_to_space, resize");
}

TEST(TrainingGraph, RefusesSeveralOutputs) {
  EXPECT_EQ(error_of(std::string(kInput) + "- {name: a, op: dense, input: x, features: 4}\n"
                                           "- {name: b, op: dense, input: x, features: 4}\n"),
            "n.yaml:1:1: layers: expected a network of one output to train, got 2");
}

TEST(TrainingGraph, RefusesStates) {
  EXPECT_EQ(error_of("inputs: [{name: x, extents: [3, 4]}]\n"
                     "states: [{name: w, extents: [4, 2]}]\nlayers:\n"
                     "- {name: c, op: matmul, inputs: [x, w]}\n"),
            "n.yaml:1:1: layers: expected a network without states to train, got one with them");
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
    EXPECT_STREQ(error.what(),
                 "n.yaml:1:1: layers: expected a network of bf16 to train, got one of int8");
  }
}

}  // namespace
}  // namespace systole
