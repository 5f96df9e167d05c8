#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/compiler/frontend/onnx/model_numbers.h"

namespace systole {
namespace {

using ::testing::ElementsAre;
using ::testing::FloatNear;
using ::testing::Pointwise;

constexpr int kFloat = 1;

TEST(OnnxRows, TheLargestOfAnAxisAndWhereTheyWere) {
  ModelBuilder model;
  model.input("x", {3, 2})
      .integers("k", {1}, {2})
      .node("TopK", {"x", "k"}, {"v", "i"}, {{"axis", std::int64_t{0}}})
      .output("v")
      .output("i");
  // Columns 1 5 3 and 9 7 8.
  const auto made = ModelNumbers().run(model, {{"x", {{3, 2}, {1, 9, 5, 7, 3, 8}}}});
  EXPECT_THAT(made.at("v"), ElementsAre(5, 9, 3, 8));
  EXPECT_THAT(made.at("i"), ElementsAre(1, 0, 2, 2));
}

TEST(OnnxRows, TheSmallestComeInOrderToo) {
  ModelBuilder model;
  model.input("x", {1, 4})
      .integers("k", {1}, {2})
      .node("TopK", {"x", "k"}, {"v", "i"}, {{"largest", std::int64_t{0}}})
      .output("v")
      .output("i");
  const auto made = ModelNumbers().run(model, {{"x", {{1, 4}, {4, -1, 3, 0}}}});
  EXPECT_THAT(made.at("v"), ElementsAre(-1, 0));
  EXPECT_THAT(made.at("i"), ElementsAre(1, 3));
}

TEST(OnnxRows, ARangeGivesScaleAndZeroPoint) {
  ModelBuilder model;
  model.input("x", {1, 4})
      .node("DynamicQuantizeLinear", {"x"}, {"q", "s", "z"})
      .output("q")
      .output("s")
      .output("z");
  // -1..4: a step is 5 / 255, and 0 is 1 / step = 51.
  const auto made = ModelNumbers().run(model, {{"x", {{1, 4}, {-1, 0, 4, 1}}}});
  EXPECT_THAT(made.at("s"), Pointwise(FloatNear(1e-6F), {5.0F / 255}));
  EXPECT_THAT(made.at("z"), ElementsAre(51));
  EXPECT_THAT(made.at("q"), ElementsAre(0, 51, 255, 102));
}

TEST(OnnxRows, SlopesOfOldFilesAreByChannel) {
  ModelBuilder model(6);
  model.input("x", {1, 2, 1, 2}, {}, kFloat)
      .floats("slopes", {2}, {2, 3})
      .node("PRelu", {"x", "slopes"}, {"y"})
      .output("y");
  EXPECT_THAT(ModelNumbers().run(model, {{"x", {{1, 2, 1, 2}, {-1, 1, -1, 1}}}}).at("y"),
              ElementsAre(-2, 1, -3, 1));
}

}  // namespace
}  // namespace systole
