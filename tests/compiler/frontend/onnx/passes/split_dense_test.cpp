#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "compiler/frontend/onnx/passes/passes.h"
#include "tests/compiler/frontend/onnx/model_numbers.h"

namespace systole {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;

TEST(SplitDense, EachPartOfAProjectionIsALayer) {
  ModelBuilder model;
  model.input("x", {1, 2})
      .floats("w", {2, 3}, {1, 2, 3, 10, 20, 30})
      .floats("b", {3}, {100, 200, 300})
      .integers("sizes", {2}, {1, 2})
      .node("Gemm", {"x", "w", "b"}, {"p"})
      .node("Split", {"p", "sizes"}, {"y", "z"}, {{"axis", std::int64_t{1}}})
      .output("y")
      .output("z");
  const ModelNumbers numbers;
  EXPECT_THAT(kinds_of(numbers.read(model).graph), ElementsAre("dense", "dense"));
  const auto made = numbers.run(model, {{"x", {{1, 2}, {1, 2}}}});
  EXPECT_THAT(made.at("y"), ElementsAre(121));       // 1 + 2 * 10 + 100
  EXPECT_THAT(made.at("z"), ElementsAre(242, 363));  // twice and three times that
}

TEST(SplitDense, WhatOthersReadTooStaysWhole) {
  ModelBuilder model;
  model.input("x", {1, 2})
      .floats("w", {2, 2}, {1, 2, 10, 20})
      .node("MatMul", {"x", "w"}, {"p"})
      .node("Split", {"p"}, {"y", "z"}, {{"axis", std::int64_t{1}}})
      .node("Relu", {"p"}, {"r"})
      .output("y")
      .output("z")
      .output("r");
  EXPECT_THAT(kinds_of(ModelNumbers().read(model).graph), Contains("slice").Times(2));
}

}  // namespace
}  // namespace systole
