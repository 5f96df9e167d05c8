#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "compiler/frontend/onnx/passes/passes.h"
#include "tests/compiler/frontend/onnx/model_numbers.h"

namespace systole {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

const ModelBuilder::Attribute kTurned{"perm", std::vector<std::int64_t>{0, 2, 1}};

TEST(FoldScales, OperandsAndTheProductGiveTheirFactorsToTheProduct) {
  ModelBuilder model;
  model.input("a", {1, 2, 2})
      .input("b", {1, 2, 2})
      .floats("three", {}, {3})
      .floats("two", {1}, {2})
      .floats("eight", {}, {8})
      .node("Mul", {"a", "three"}, {"a3"})
      .node("Mul", {"two", "b"}, {"b2"})
      .node("Transpose", {"b2"}, {"t"}, {kTurned})
      .node("MatMul", {"a3", "t"}, {"p"})
      .node("Div", {"p", "eight"}, {"s"})
      .node("Relu", {"s"}, {"y"})
      .output("y");
  const ModelNumbers numbers;
  const Network network = numbers.read(model);
  ASSERT_THAT(kinds_of(network.graph), ElementsAre("matmul", "relu"));
  const auto& product = std::get<Matmul>(network.graph.nodes[0].op);
  EXPECT_EQ(product.scale, 0.75);  // 3 * 2 / 8
  EXPECT_TRUE(product.transpose_b);
  // a = [1 2; 3 4], b = [1 0; 0 1]: the product is a.
  EXPECT_THAT(
      numbers.run(model, {{"a", {{1, 2, 2}, {1, 2, 3, 4}}}, {"b", {{1, 2, 2}, {1, 0, 0, 1}}}})
          .at("y"),
      ElementsAre(0.75F, 1.5F, 2.25F, 3.0F));
  EXPECT_THAT(numbers.explained(model), HasSubstr("fold_scales                           3\n"));
}

TEST(FoldScales, WhatOthersReadTooStays) {
  ModelBuilder model;
  model.input("a", {1, 2, 2})
      .input("b", {1, 2, 2})
      .floats("three", {}, {3})
      .node("Mul", {"a", "three"}, {"a3"})
      .node("MatMul", {"a3", "b"}, {"p"})
      .node("Add", {"p", "a3"}, {"y"})
      .output("y");
  const ModelNumbers numbers;
  EXPECT_THAT(kinds_of(numbers.read(model).graph), ElementsAre("formula", "matmul", "add"));
  EXPECT_THAT(numbers.explained(model), HasSubstr("fold_scales                           0\n"));
}

TEST(FoldScales, NumbersBelowZeroStay) {
  ModelBuilder model;
  model.input("a", {1, 2, 2})
      .input("b", {1, 2, 2})
      .floats("minus", {}, {-3})
      .node("Mul", {"a", "minus"}, {"a3"})
      .node("MatMul", {"a3", "b"}, {"y"})
      .output("y");
  EXPECT_THAT(kinds_of(ModelNumbers().read(model).graph), ElementsAre("formula", "matmul"));
}

}  // namespace
}  // namespace systole
