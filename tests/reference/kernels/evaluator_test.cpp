#include "reference/kernels/evaluator.h"

#include <functional>

#include <gtest/gtest.h>

#include "arch/diag/error.h"
#include "tests/reference/small_network.h"

namespace systole::reference {
namespace {

using Bytes = std::vector<std::int8_t>;
using Sums = std::vector<std::int32_t>;

constexpr Quantization kUnit{.scale = 1.0, .zero_point = 0};

Conv2d conv(const Kernel& kernel, std::int64_t groups,
            ActivationKind activation = ActivationKind::None) {
  return {.kernel = kernel,
          .groups = groups,
          .weights = {},
          .activation = {.kind = activation, .before = {}}};
}

Dense dense(const FusedActivation& activation = {}) {
  return {.weights = {}, .activation = activation};
}

TEST(Evaluator, ConvolvesWithBiasZeroPointAndRelu) {
  GraphByHand builder;
  const auto x = builder.input("x", {1, 1, 3, 1}, {0.5, 1});
  builder.weight_scale = 0.5;
  builder.node("c", conv({.rows = 1, .cols = 2, .pad_left = 1}, 1, ActivationKind::Relu), {x},
               {1, 1, 3, 2}, {0.5, -3});
  MemoryData data;
  data.inputs["x"] = {3, 1, -4};  // minus the zero point: 2, 0, -5; padded: 0, 2, 0, -5
  // Kernel position 0: 1, 10; position 1: 2, -20 for the two output channels. Biases 7 and 1.
  data.layers["c"] = {.weights = {1, 10, 2, -20}, .biases = {7, 1}};
  Evaluator evaluator(builder.graph, data);
  EXPECT_EQ(evaluator.next_node().name, "c");
  const LayerValues values = evaluator.evaluate_next();
  EXPECT_TRUE(evaluator.done());
  // 0*1 + 2*2 + 7, 0*10 - 2*20 + 1; 2*1 + 0 + 7, 20 + 1; 0 - 5*2 + 7, 0 + 5*20 + 1.
  EXPECT_EQ(values.accumulators, (Sums{11, -39, 9, 21, -3, 101}));
  // Half of each (0.5 * 0.5 / 0.5), halves away from zero, minus 3, at least -3.
  EXPECT_EQ(*values.values, (Bytes{3, -3, 2, 8, -3, 48}));
}

TEST(Evaluator, ReadsGroupedWeightsGroupByGroup) {
  GraphByHand builder;
  const auto x = builder.input("x", {1, 1, 1, 4}, kUnit);
  builder.node("c", conv({}, 2), {x}, {1, 1, 1, 4}, kUnit);
  MemoryData data;
  data.inputs["x"] = {1, 2, 3, 4};
  data.layers["c"] = {.weights = {1, 2, 3, 4, 5, 6, 7, 8}, .biases = {0, 0, 0, 0}};
  Evaluator evaluator(builder.graph, data);
  // Group 0, k x n = {1 2; 3 4} on (1, 2): 7, 10. Group 1, {5 6; 7 8} on (3, 4): 43, 50.
  EXPECT_EQ(*evaluator.evaluate_next().values, (Bytes{7, 10, 43, 50}));
}

TEST(Evaluator, OutputChannelsMayHaveAScaleEach) {
  GraphByHand builder;
  const auto x = builder.input("x", {1, 1, 2, 2}, {0.5, 1});
  builder.weight_scale = WeightScales({0.5, 2});
  builder.node("c", conv({}, 2), {x}, {1, 1, 2, 2}, {0.5, -3});
  MemoryData data;
  data.inputs["x"] = {3, 1, -4, 9};  // minus the zero point: 2, 0; -5, 8
  data.layers["c"] = {.weights = {3, 10}, .biases = {1, -7}};
  const LayerValues values = Evaluator(builder.graph, data).evaluate_next();
  EXPECT_EQ(values.accumulators, (Sums{7, -7, -14, 73}));
  // 0.5 * 0.5 / 0.5 and 0.5 * 2 / 0.5 of each: 3.5, -14, -7, 146; the last is cut off.
  EXPECT_EQ(*values.values, (Bytes{1, -17, -10, 127}));
  EXPECT_EQ(values.saturated, 1);
}

TEST(Evaluator, BiasesWrapWithTheAccumulator) {
  GraphByHand builder;
  const auto x = builder.input("x", {1, 1, 1, 1}, kUnit);
  builder.node("d", dense(), {x}, {1, 1, 1, 1}, kUnit);
  MemoryData data;
  data.inputs["x"] = {1};
  data.layers["d"] = {.weights = {1}, .biases = {std::numeric_limits<std::int32_t>::max()}};
  Evaluator evaluator(builder.graph, data);
  EXPECT_EQ(evaluator.evaluate_next().accumulators, Sums{std::numeric_limits<std::int32_t>::min()});
}

TEST(Evaluator, FusedTanhGoesThroughItsQuantisationBefore) {
  GraphByHand builder;
  const auto x = builder.input("x", {2, 1, 1, 2}, {1.0 / 8, 0});
  builder.weight_scale = 1.0 / 4;
  builder.node(
      "d", dense({.kind = ActivationKind::Tanh, .before = {.scale = 1.0 / 16, .zero_point = 5}}),
      {x}, {2, 1, 1, 1}, {1.0 / 128, 0});
  MemoryData data;
  data.inputs["x"] = {16, 16, -16, 0};
  data.layers["d"] = {.weights = {1, 1}, .biases = {0}};
  Evaluator evaluator(builder.graph, data);
  const LayerValues values = evaluator.evaluate_next();
  EXPECT_EQ(values.accumulators, (Sums{32, -16}));
  // 32/32 = 1 and -16/32 = -1/2, both exact in sixteenths: 128 * tanh = 97.48, -59.15.
  EXPECT_EQ(*values.values, (Bytes{97, -59}));
}

TEST(Evaluator, RunsABranchingNetworkOfEveryPlainOperator) {
  GraphByHand builder;
  const auto x = builder.input("x", {1, 2, 2, 1}, kUnit);
  const auto relu =
      builder.node("relu", Activate{.activation = {.kind = ActivationKind::Relu, .before = {}}},
                   {x}, {1, 2, 2, 1}, kUnit);
  const auto sum = builder.node("sum", AddTensors{}, {x, relu}, {1, 2, 2, 1}, kUnit);
  const auto both = builder.node("both", Concat{}, {sum, x}, {1, 2, 2, 2}, kUnit);
  const auto pooled = builder.node(
      "pooled",
      PoolTensor{.kind = PoolKind::Max, .kernel = {}, .global = true, .count_padding = false},
      {both}, {1, 1, 1, 2}, kUnit);
  builder.node("prob", SoftmaxChannels{}, {pooled}, {1, 1, 1, 2}, {1.0 / 256, -128});
  builder.node("flat", Flatten{}, {both}, {1, 1, 1, 8}, kUnit);
  MemoryData data;
  data.inputs["x"] = {-3, 1, 4, -1};
  Evaluator evaluator(builder.graph, data);
  EXPECT_EQ(*evaluator.evaluate_next().values, (Bytes{0, 1, 4, 0}));
  EXPECT_EQ(*evaluator.evaluate_next().values, (Bytes{-3, 2, 8, -1}));
  const auto joined = evaluator.evaluate_next().values;
  EXPECT_EQ(*joined, (Bytes{-3, -3, 2, 1, 8, 4, -1, -1}));
  EXPECT_EQ(*evaluator.evaluate_next().values, (Bytes{8, 4}));
  // 256 / (1 + e^-4) = 251.40, 4.60.
  EXPECT_EQ(*evaluator.evaluate_next().values, (Bytes{251 - 128, 5 - 128}));
  EXPECT_EQ(evaluator.evaluate_next().values, joined);  // the very bytes: a view moves nothing
  EXPECT_TRUE(evaluator.done());
}

TEST(Evaluator, DropsATensorAfterItsLastConsumer) {
  GraphByHand builder;
  const auto x = builder.input("x", {1, 1, 1, 1}, kUnit);
  const auto a = builder.node("a", Activate{}, {x}, {1, 1, 1, 1}, kUnit);
  const auto b = builder.node("b", Activate{}, {a}, {1, 1, 1, 1}, kUnit);
  builder.node("c", AddTensors{}, {a, b}, {1, 1, 1, 1}, kUnit);
  MemoryData data;
  data.inputs["x"] = {1};
  Evaluator evaluator(builder.graph, data);
  const auto first = evaluator.evaluate_next().values;
  (void)evaluator.evaluate_next();
  EXPECT_EQ(first.use_count(), 2);  // ours and the evaluator's: `c` still needs it
  const auto last = evaluator.evaluate_next().values;
  EXPECT_EQ(first.use_count(), 1);
  EXPECT_EQ(last.use_count(), 1);  // nobody consumes it
}

void expect_error(const std::string& text, const std::function<void()>& action) {
  try {
    action();
    ADD_FAILURE() << "no error";
  } catch (const InternalError& error) {
    EXPECT_NE(std::string(error.what()).find(text), std::string::npos) << error.what();
  }
}

TEST(EvaluatorErrors, NameWhatDoesNotFit) {
  GraphByHand builder;
  const auto x = builder.input("x", {1, 1, 1, 2}, kUnit);
  builder.node("d", dense(), {x}, {1, 1, 1, 3}, kUnit);
  MemoryData data;
  data.inputs["x"] = {1};
  expect_error("1 bytes of 2 elements of int8", [&] { Evaluator(builder.graph, data); });
  data.inputs["x"] = {1, 2};
  data.layers["d"] = {.weights = {1, 2, 3, 4, 5, 6}, .biases = {0, 0}};
  expect_error("8 bytes of 3 elements of int32",
               [&] { (void)Evaluator(builder.graph, data).evaluate_next(); });
  data.layers["d"] = {.weights = {1, 2, 3, 4, 5}, .biases = {0, 0, 0}};
  expect_error("5 bytes of 6 elements of int8",
               [&] { (void)Evaluator(builder.graph, data).evaluate_next(); });
  data.layers["d"].weights.push_back(6);
  Evaluator evaluator(builder.graph, data);
  (void)evaluator.evaluate_next();
  expect_error("the network has no more layers", [&] { (void)evaluator.evaluate_next(); });
}

TEST(EvaluatorErrors, NameOperatorsThatMustNotBeInAGraph) {
  const auto evaluate = [](const Op& attributes, const Shape& in, const Shape& out) {
    GraphByHand builder;
    const auto x = builder.input("x", in, kUnit);
    builder.node("bad", attributes, {x}, out, kUnit);
    MemoryData data;
    data.inputs["x"] = Bytes(static_cast<std::size_t>(in.elements()));
    (void)Evaluator(builder.graph, data).evaluate_next();
  };
  expect_error("bad: dense over 2 x 3 pixels", [&] {
    evaluate(dense(), {1, 2, 3, 1}, {1, 1, 1, 1});
  });
  expect_error("bad: softmax with another quantisation than 1/256, -128", [&] {
    evaluate(SoftmaxChannels{}, {1, 1, 1, 2}, {1, 1, 1, 2});
  });
  expect_error("bad: 2 of 3 channels", [&] { evaluate(Concat{}, {1, 1, 1, 2}, {1, 1, 1, 3}); });
}

TEST(EvaluatorErrors, NameAnInputThatIsNotThere) {
  GraphByHand builder;
  const auto x = builder.input("x", {1, 1, 1, 1}, kUnit);
  builder.node("a", Activate{}, {x + 2}, {1, 1, 1, 1}, kUnit);  // `b`, computed later
  builder.node("b", Activate{}, {x}, {1, 1, 1, 1}, kUnit);
  MemoryData data;
  data.inputs["x"] = {1};
  Evaluator evaluator(builder.graph, data);
  expect_error("a: input 0 is not there", [&] { (void)evaluator.evaluate_next(); });
}

/// Values of one dense layer of one input, 1, and weights 0, whose biases are the sums.
std::int64_t saturated(const std::vector<std::int32_t>& sums, const FusedActivation& activation,
                       const Quantization& output) {
  GraphByHand builder;
  const auto x = builder.input("x", {1, 1, 1, 1}, kUnit);
  const auto outputs = static_cast<std::int64_t>(sums.size());
  builder.weight_scale = 0.5;
  builder.node("d", dense(activation), {x}, {1, 1, 1, outputs}, output);
  MemoryData data;
  data.inputs["x"] = {1};
  data.layers["d"] = {.weights = Bytes(sums.size(), 0), .biases = sums};
  return Evaluator(builder.graph, data).evaluate_next().saturated;
}

TEST(Saturation, StartsHalfAStepBeyondTheEndsOfInt8) {
  // Half of each: 127 and 127.5, -128 and -128.5.
  EXPECT_EQ(saturated({254, 255, -256, -257, 0}, {}, kUnit), 2);
  // With the zero point 7: 120 and 120.5, -135 and -135.5.
  EXPECT_EQ(saturated({240, 241, -270, -271, 0}, {}, {1, 7}), 2);
}

TEST(Saturation, IsNotWhatAnActivationCutsOffOnPurpose) {
  EXPECT_EQ(saturated({255, -257, -1000}, {.kind = ActivationKind::Relu}, kUnit), 1);
  EXPECT_EQ(saturated({255, -257}, {.kind = ActivationKind::Relu6}, kUnit), 0);
  // 6 is 600 steps here: the range ends before ReLU6 does.
  EXPECT_EQ(saturated({3, 255, -257}, {.kind = ActivationKind::Relu6}, {0.01, 0}), 2);
  EXPECT_EQ(saturated({100000}, {.kind = ActivationKind::Tanh, .before = kUnit}, {1.0 / 128, 0}),
            0);
}

TEST(Saturation, IsCountedOfSumsConcatenationsAndActivations) {
  GraphByHand builder;
  const auto a = builder.input("a", {1, 1, 1, 3}, kUnit);
  const auto b = builder.input("b", {1, 1, 1, 3}, {2, 1});
  builder.node("sum", AddTensors{}, {a, b}, {1, 1, 1, 3}, kUnit);
  builder.node("both", Concat{}, {a, b}, {1, 1, 1, 6}, kUnit);
  builder.node("relu", Activate{.activation = {.kind = ActivationKind::Relu}}, {b}, {1, 1, 1, 3},
               kUnit);
  MemoryData data;
  data.inputs["a"] = {127, 0, -128};
  data.inputs["b"] = {1, 65, -127};  // 0, 128, -256
  Evaluator evaluator(builder.graph, data);
  EXPECT_EQ(evaluator.evaluate_next().saturated, 2);  // 127, 128, -384
  EXPECT_EQ(evaluator.evaluate_next().saturated, 2);  // 128, -256
  EXPECT_EQ(evaluator.evaluate_next().saturated, 1);  // 128; below 0 on purpose
}

}  // namespace
}  // namespace systole::reference
