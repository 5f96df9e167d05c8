#include <cmath>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/compiler/frontend/onnx/model_numbers.h"

namespace systole {
namespace {

using ::testing::ElementsAre;
using ::testing::FloatNear;
using ::testing::Pointwise;

constexpr float kNear = 2e-5F;
const std::string kDomain = "com.microsoft";

class SpelledFusions : public ::testing::Test {
 protected:
  ModelNumbers numbers_;
};

TEST_F(SpelledFusions, ABiasAndGeluAreOneDenseLayerBehindAProduct) {
  ModelBuilder model;
  model.input("x", {1, 2})
      .floats("w", {2, 2}, {1, 2, 3, 4})
      .floats("b", {2}, {0.5F, -20})
      .node("MatMul", {"x", "w"}, {"p"})
      .node("BiasGelu", {"p", "b"}, {"y"}, {}, "gelu", kDomain)
      .output("y");
  const Network network = numbers_.read(model);
  ASSERT_THAT(kinds_of(network.graph), ElementsAre("dense"));
  EXPECT_EQ(network.graph.nodes[0].activation().kind, ActivationKind::Gelu);
  // 1 + 3 * 2 + 0.5 = 7.5 stays; 2 + 4 * 2 - 20 = -10 becomes 0.
  EXPECT_THAT(numbers_.run(model, {{"x", {{1, 2}, {1, 2}}}}).at("y"),
              Pointwise(FloatNear(kNear), {7.5F, 0.0F}));
}

TEST_F(SpelledFusions, GeluOfOnnxIsByErfOrTanh) {
  for (const std::string by : {"none", "tanh"}) {
    ModelBuilder model(20);
    model.input("x", {1, 2}).node("Gelu", {"x"}, {"y"}, {{"approximate", by}}).output("y");
    const Network network = numbers_.read(model);
    ASSERT_EQ(network.graph.nodes.size(), 1U);
    EXPECT_EQ(network.graph.nodes[0].activation().kind,
              by == "tanh" ? ActivationKind::GeluTanh : ActivationKind::Gelu);
  }
}

TEST_F(SpelledFusions, WhatSkipsIsAddedBeforeTheNormAndGivenOut) {
  ModelBuilder model;
  model.input("x", {1, 1, 2})
      .input("s", {1, 1, 2})
      .floats("g", {2}, {2, 3})
      .floats("b", {2}, {0, 1})
      .floats("c", {2}, {1, 1})
      .node("SkipLayerNormalization", {"x", "s", "g", "b", "c"}, {"y", "", "", "sum"}, {}, "norm",
            kDomain)
      .output("y")
      .output("sum");
  const auto made = numbers_.run(model, {{"x", {{1, 1, 2}, {1, 2}}}, {"s", {{1, 1, 2}, {3, 8}}}});
  // 1 + 3 + 1 and 2 + 8 + 1: 8 either way 3, so that they become -1 and 1.
  EXPECT_THAT(made.at("sum"), ElementsAre(5, 11));
  EXPECT_THAT(made.at("y"), Pointwise(FloatNear(kNear), {-2.0F, 4.0F}));
}

TEST_F(SpelledFusions, TheSimplifiedNormHasNoMean) {
  ModelBuilder model;
  model.input("x", {1, 2})
      .input("s", {1, 2})
      .floats("g", {2}, {1, 10})
      .node("SkipSimplifiedLayerNormalization", {"x", "s", "g"}, {"y"}, {{"epsilon", 0.0F}}, "norm",
            kDomain)
      .output("y");
  EXPECT_THAT(kinds_of(numbers_.read(model).graph), ElementsAre("add", "rms_norm"));
  // 1 and 7: the mean of the squares is 25.
  EXPECT_THAT(numbers_.run(model, {{"x", {{1, 2}, {0, 4}}}, {"s", {{1, 2}, {1, 3}}}}).at("y"),
              Pointwise(FloatNear(kNear), {0.2F, 14.0F}));
}

TEST_F(SpelledFusions, AFusedMatMulTurnsItsOperandsAndScales) {
  ModelBuilder model;
  model.input("a", {2, 1})
      .floats("w", {2, 2}, {1, 2, 3, 4})
      .node("FusedMatMul", {"a", "w"}, {"y"},
            {{"transA", std::int64_t{1}}, {"transB", std::int64_t{1}}, {"alpha", 0.5F}}, "product",
            kDomain)
      .output("y");
  // [1 10] times [1 3; 2 4], half of it.
  EXPECT_THAT(numbers_.run(model, {{"a", {{2, 1}, {1, 10}}}}).at("y"), ElementsAre(10.5F, 21.5F));
}

TEST_F(SpelledFusions, AnActivationOfAFusedConvIsThatOfTheConv) {
  ModelBuilder model;
  model.input("x", {1, 1, 1, 2})
      .floats("w", {1, 1, 1, 1}, {2})
      .floats("b", {1}, {1})
      .node("FusedConv", {"x", "w", "b"}, {"y"}, {{"activation", std::string("Relu")}}, "conv",
            kDomain)
      .output("y");
  EXPECT_THAT(kinds_of(numbers_.read(model).graph), ElementsAre("conv2d"));
  EXPECT_THAT(numbers_.run(model, {{"x", {{1, 1, 1, 2}, {-2, 3}}}}).at("y"), ElementsAre(0, 7));
}

TEST_F(SpelledFusions, AnUnknownActivationIsRefused) {
  ModelBuilder model;
  model.input("x", {1, 1, 1, 2})
      .floats("w", {1, 1, 1, 1}, {2})
      .node("FusedConv", {"x", "w"}, {"y"}, {{"activation", std::string("Swish")}}, "conv", kDomain)
      .output("y");
  EXPECT_EQ(numbers_.message_of(model),
            "m.onnx: com.microsoft.FusedConv: expected Clip, HardSigmoid, LeakyRelu, Relu, Sigmoid "
            "or Tanh as activation, got 'Swish', in 1 node (conv)");
}

TEST_F(SpelledFusions, WeightsOfFewBitsAreRefused) {
  ModelBuilder model;
  model.input("x", {1, 32})
      .stored("w", {1, 1, 16}, 2, std::vector<std::int64_t>(16, 0))
      .floats("s", {1}, {1})
      .node("MatMulNBits", {"x", "w", "s"}, {"y"},
            {{"K", std::int64_t{32}},
             {"N", std::int64_t{1}},
             {"bits", std::int64_t{4}},
             {"block_size", std::int64_t{32}}},
            "product", kDomain)
      .output("y");
  EXPECT_EQ(numbers_.message_of(model),
            "m.onnx: com.microsoft.MatMulNBits: expected weights that chips hold as the file does, "
            "got 4 bits with a scale for each 32 rows, in 1 node (product)");
}

}  // namespace
}  // namespace systole
