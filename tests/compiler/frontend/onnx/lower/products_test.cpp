#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/compiler/frontend/onnx/model_numbers.h"

namespace systole {
namespace {

using ::testing::ElementsAre;

class LoweredProducts : public ::testing::Test {
 protected:
  ModelNumbers numbers_;
};

TEST_F(LoweredProducts, VectorsOfTheFileAreDenseLayersOfOneFeature) {
  ModelBuilder model;  // sums of rows by 1 and 10, and of columns by 1 and 100
  model.input("x", {1, 2, 2})
      .floats("w", {2}, {1, 10})
      .floats("v", {2}, {1, 100})
      .node("MatMul", {"x", "w"}, {"y"})
      .node("MatMul", {"v", "x"}, {"z"})
      .output("y")
      .output("z");
  const auto made = numbers_.run(model, {{"x", {{1, 2, 2}, {1, 2, 3, 4}}}});
  EXPECT_THAT(made.at("y"), ElementsAre(21, 43));
  EXPECT_THAT(made.at("z"), ElementsAre(301, 402));
}

TEST_F(LoweredProducts, VectorsThatAreMultipliedAreNoImages) {
  ModelBuilder model;
  model.input("x", {2})
      .floats("w", {3, 2}, {1, 2, 10, 20, 100, 200})
      .node("MatMul", {"w", "x"}, {"y"})
      .output("y");
  EXPECT_EQ(numbers_.read(model).graph.batch, 1);
  EXPECT_THAT(numbers_.run(model, {{"x", {{2}, {3, 4}}}}).at("y"), ElementsAre(11, 110, 1100));
}

TEST_F(LoweredProducts, EinsumWithAConstantIsADenseLayer) {
  ModelBuilder model;  // y[b][i][k] = sum over j of x[b][i][j] w[j][k]
  model.input("x", {1, 2, 2})
      .floats("w", {2, 3}, {1, 0, 10, 0, 1, 100})
      .node("Einsum", {"x", "w"}, {"y"}, {{"equation", std::string("bij,jk->bik")}})
      .output("y");
  const Network network = numbers_.read(model);
  EXPECT_THAT(kinds_of(network.graph), ::testing::Contains("dense"));
  EXPECT_THAT(numbers_.run(model, {{"x", {{1, 2, 2}, {1, 2, 3, 4}}}}).at("y"),
              ElementsAre(1, 2, 210, 3, 4, 430));
}

TEST_F(LoweredProducts, EinsumGivesTheAxesInAnyOrder) {
  ModelBuilder model;  // y[b][h][k][t] = sum over d of w[d][h][k] x[b][t][d]
  model.input("x", {1, 2, 2})
      .floats("w", {2, 2, 1}, {1, 10, 100, 1000})
      .node("Einsum", {"w", "x"}, {"y"}, {{"equation", std::string("dhk,btd->bhkt")}})
      .output("y");
  EXPECT_THAT(numbers_.run(model, {{"x", {{1, 2, 2}, {1, 2, 3, 4}}}}).at("y"),
              ElementsAre(201, 403, 2010, 4030));
}

TEST_F(LoweredProducts, EinsumThatOnlyTurnsAxesHasNoLayerThatNobodyReads) {
  ModelBuilder model;
  model.input("x", {1, 2, 3})
      .node("Einsum", {"x"}, {"y"}, {{"equation", std::string("bij->bji")}})
      .output("y");
  EXPECT_EQ(numbers_.read(model).graph.nodes.size(), 1U);
}

TEST_F(LoweredProducts, ConstantsOfMoreThanAMatrixAreRefused) {
  ModelBuilder model;
  model.input("x", {2, 1, 2})
      .floats("w", {2, 2, 1}, {1, 2, 3, 4})
      .node("MatMul", {"x", "w"}, {"y"}, {}, "each")
      .output("y");
  EXPECT_EQ(
      numbers_.message_of(model),
      "m.onnx: MatMul: expected at most a matrix as constant operand, got [2, 2, 1] 'w', in 1 "
      "node (each)");
  ModelBuilder other;
  other.input("x", {2, 1, 2})
      .floats("w", {2, 2}, {1, 2, 3, 4})
      .node("Einsum", {"x", "w"}, {"y"}, {{"equation", std::string("bij,bj->bi")}}, "each")
      .output("y");
  EXPECT_EQ(numbers_.message_of(other),
            "m.onnx: Einsum: expected letters of a constant that are summed or its own, got 'b' of "
            "both and of the result, in 1 node (each)");
}

}  // namespace
}  // namespace systole
