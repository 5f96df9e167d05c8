#include "reference/compare/quality.h"

#include <gtest/gtest.h>

#include "tests/reference/small_network.h"

namespace systole {
namespace {

/// Of an int8 network.
std::vector<TensorQuality> quality_of(const Graph& graph, const NetworkData& data) {
  QualityCheck check(graph, data);
  reference::Evaluator evaluator(graph, data);
  while (!evaluator.done()) {
    const Node& node = evaluator.next_node();
    check.add(node, evaluator.evaluate_next());
  }
  return std::move(check).result();
}

TEST(Quality, ComparesAnInt8NetworkWithTheFloatsThatItStandsFor) {
  GraphByHand builder;
  const auto x = builder.input("x", {1, 1, 1, 2}, {0.5, 0});
  builder.weight_scale = 0.25;
  builder.node("d", Dense{}, {x}, {1, 1, 1, 2}, {0.5, 0});
  MemoryData data;
  data.float_inputs["x"] = {1, 1.75F};
  data.inputs["x"] = {2, 4};  // 1, 2
  data.float_layers["d"] = {.weights = {1, 0, 0, 1}, .biases = {0.2F, 0}};
  data.layers["d"] = {.weights = {4, 0, 0, 4}, .biases = {2, 0}};  // 1, 1; 0.25 instead of 0.2
  const auto quality = quality_of(builder.graph, data);
  ASSERT_EQ(quality.size(), 2U);
  EXPECT_EQ(quality[0].tensor, "x");
  EXPECT_EQ(quality[0].error->worst, 0.25);
  EXPECT_EQ(quality[0].error->worst_at, 1);
  // Wanted 1.2 and 1.75. Sums 2 * 4 + 2 = 10 and 16 in steps of 0.125 are 2.5 and 4 of the output,
  // so 3 and 4: 1.5 and 2.
  EXPECT_EQ(quality[1].tensor, "d");
  EXPECT_NEAR(quality[1].error->worst, 0.3, 1e-6);
  EXPECT_NEAR(quality[1].error->mean, 0.275, 1e-6);
  EXPECT_EQ(quality[1].error->worst_at, 0);
}

TEST(Quality, SeesAConstantThatBothSidesOfACheckShare) {
  // A scale of 1.0 for weights of zero, as it was once chosen: with inputs in steps of 2 the bias
  // of 0.3 is 0 steps of 2, on the chip and in the reference alike.
  GraphByHand builder;
  const auto x = builder.input("x", {1, 1, 1, 1}, {2.0, 0});
  builder.weight_scale = 1.0;
  builder.node("d", Dense{}, {x}, {1, 1, 1, 1}, {0.0625, 0});
  MemoryData data;
  data.inputs["x"] = {50};
  data.float_layers["d"] = {.weights = {0}, .biases = {0.3F}};
  data.layers["d"] = {.weights = {0}, .biases = {0}};
  const auto quality = quality_of(builder.graph, data);
  ASSERT_EQ(quality.size(), 1U);  // the input is no file of floats
  EXPECT_EQ(quality[0].error->relative(), 1);
  EXPECT_EQ(quality[0].error->sqnr_db, 0);
  // 29 bits for the bias: 0.3 is 4.8 steps of the output, 5 of which are 0.3125.
  const GraphTensorId weights = builder.graph.nodes[0].inputs[kWeightsInput];
  builder.graph.tensor(weights).quantization.scale = 0.15 / (1 << 29);
  data.layers["d"].biases = {1 << 29};
  EXPECT_NEAR(quality_of(builder.graph, data)[0].error->worst, 0.0125, 1e-6);
}

TEST(Quality, HasNoErrorWithoutFloats) {
  GraphByHand builder;
  const auto x = builder.input("x", {1, 1, 1, 1}, {1, 0});
  builder.node("d", Dense{}, {x}, {1, 1, 1, 1}, {1, 0});
  MemoryData data;
  data.inputs["x"] = {50};
  data.layers["d"] = {.weights = {1}, .biases = {0}};
  const auto quality = quality_of(builder.graph, data);
  ASSERT_EQ(quality.size(), 1U);
  EXPECT_FALSE(quality[0].error);
}

TEST(Quality, CountsInputsAndWeightsThatInt8CutsOff) {
  GraphByHand builder;
  const auto x = builder.input("x", {1, 1, 1, 4}, {0.5, 1});
  builder.weight_scale = 0.01;
  builder.node("d", Dense{}, {x}, {1, 1, 1, 1}, {1, 0});
  MemoryData data;
  // Steps from zero point 1: 127 is 63 and 127.5 is 63.25; -128 is -64.5, -128.5 is -64.75.
  data.float_inputs["x"] = {63.2F, 63.3F, -64.7F, -64.8F};
  data.inputs["x"] = {127, 127, -128, -128};
  data.float_layers["d"] = {.weights = {1.27F, 1.274F, 1.276F, -2}, .biases = {}};
  data.layers["d"] = {.weights = {127, 127, 127, -127}, .biases = {0}};
  auto quality = quality_of(builder.graph, data);
  EXPECT_EQ(quality[0].saturated, 2);
  EXPECT_EQ(quality[1].clipped_weights, 2);
  // A batch normalisation that halves the weights leaves none.
  data.float_layers["d"].batch_norm = FloatParameters::BatchNorm{
      .gamma = {1}, .beta = {0}, .mean = {0}, .variance = {4}, .epsilon = 0};
  quality = quality_of(builder.graph, data);
  EXPECT_EQ(quality[1].clipped_weights, 0);
}

TEST(Quality, AWeightThatIsStoredAsTheLowestIsNotClipped) {
  GraphByHand builder;
  const auto x = builder.input("x", {1, 1, 1, 3}, {0.5, 0});
  builder.weight_scale = 0.01;
  builder.node("d", Dense{}, {x}, {1, 1, 1, 1}, {1, 0});
  MemoryData data;
  data.inputs["x"] = {1, 1, 1};
  // -128 steps, stored and cut off; -129 steps.
  data.float_layers["d"] = {.weights = {-1.28F, -1.28F, -1.29F}, .biases = {}};
  data.layers["d"] = {.weights = {-128, -127, -128}, .biases = {0}};
  EXPECT_EQ(quality_of(builder.graph, data)[0].clipped_weights, 2);
}

TEST(Quality, LeavesOutViewsButKeepsPace) {
  GraphByHand builder;
  const auto x = builder.input("x", {1, 1, 2, 1}, {1, 0});
  const auto f = builder.node("f", Flatten{}, {x}, {1, 1, 1, 2}, {1, 0});
  builder.node("r", Activate{.activation = {.kind = ActivationKind::Relu}}, {f}, {1, 1, 1, 2},
               {1, 0});
  MemoryData data;
  data.float_inputs["x"] = {-1.25F, 3};
  data.inputs["x"] = {-1, 3};
  const auto quality = quality_of(builder.graph, data);
  ASSERT_EQ(quality.size(), 2U);
  EXPECT_EQ(quality[1].tensor, "r");
  EXPECT_EQ(quality[1].error->worst, 0);
}

TEST(Quality, OfBf16IsItsRounding) {
  GraphByHand builder;
  builder.type = DataType::Bf16;
  const auto x = builder.input("x", {1, 1, 1, 1}, {});
  builder.node("r", Activate{.activation = {.kind = ActivationKind::Relu}}, {x}, {1, 1, 1, 1}, {});
  MemoryData data;
  data.float_inputs["x"] = {1.001F};
  data.real_inputs["x"] = {1};
  QualityCheck check(builder.graph, data);
  const std::vector<reference::SummationOrder> orders(1);
  reference::RealEvaluator evaluator(builder.graph, data, orders);
  check.add(builder.graph.node(0), evaluator.evaluate_next());
  const auto quality = std::move(check).result();
  ASSERT_EQ(quality.size(), 2U);
  EXPECT_NEAR(quality[0].error->worst, 0.001, 1e-6);
  EXPECT_NEAR(quality[1].error->worst, 0.001, 1e-6);
}

}  // namespace
}  // namespace systole
