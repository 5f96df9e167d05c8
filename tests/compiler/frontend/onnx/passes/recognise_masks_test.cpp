#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "compiler/frontend/onnx/passes/passes.h"
#include "tests/compiler/frontend/onnx/model_numbers.h"

namespace systole {
namespace {

using ::testing::ElementsAre;
using ::testing::FloatNear;
using ::testing::Pointwise;

/// A softmax of [1, 2, 3] scores, two queries and three keys, behind a mask that is added.
void add_masked(ModelBuilder& model, const std::vector<float>& mask) {
  model.input("x", {1, 2, 3})
      .floats("mask", {1, 2, 3}, mask)
      .node("Add", {"x", "mask"}, {"s"})
      .node("Softmax", {"s"}, {"y"}, {{"axis", std::int64_t{-1}}})
      .output("y");
}

std::vector<std::string> kinds_of_masked(const std::vector<float>& mask) {
  ModelBuilder model;
  add_masked(model, mask);
  return kinds_of(ModelNumbers().read(model).graph);
}

const GivenInput kOnes{.shape = {1, 2, 3}, .values = {1, 1, 1, 1, 1, 1}};

TEST(RecogniseMasks, KeysBehindEachQueryAreHiddenByTheSoftmaxItself) {
  // The second query is at the last key: the first sees two.
  ModelBuilder model;
  add_masked(model, {0, 0, -1e9F, 0, 0, 0});
  const ModelNumbers numbers;
  const Network network = numbers.read(model);
  ASSERT_THAT(kinds_of(network.graph), ElementsAre("softmax"));
  EXPECT_TRUE(std::get<SoftmaxChannels>(network.graph.nodes[0].op).causal);
  EXPECT_THAT(numbers.run(model, {{"x", kOnes}}).at("y"),
              Pointwise(FloatNear(1e-6F), {0.5F, 0.5F, 0.0F, 1 / 3.0F, 1 / 3.0F, 1 / 3.0F}));
}

TEST(RecogniseMasks, AMaskThatHidesNothingIsNone) {
  ModelBuilder model;
  add_masked(model, {0, 0, 0, 0, 0, 0});
  const Network network = ModelNumbers().read(model);
  ASSERT_THAT(kinds_of(network.graph), ElementsAre("softmax"));
  EXPECT_FALSE(std::get<SoftmaxChannels>(network.graph.nodes[0].op).causal);
}

TEST(RecogniseMasks, OtherMasksStay) {
  EXPECT_THAT(kinds_of_masked({0, -1e9F, 0, 0, 0, 0}), ElementsAre("formula", "softmax"));
  EXPECT_THAT(kinds_of_masked({0, 0, -5, 0, 0, 0}), ElementsAre("formula", "softmax"));
}

TEST(RecogniseMasks, AChoiceOfConstantsIsAMaskToo) {
  ModelBuilder model;
  model.input("x", {1, 2, 2})
      .floats("triangle", {1, 2, 2}, {1, 1, 1, 1})
      .floats("low", {}, {-3e38F})
      .integers("zero", {}, {0})
      .node("Trilu", {"triangle", "zero"}, {"lower"}, {{"upper", std::int64_t{0}}})
      .node("Cast", {"lower"}, {"seen"}, {{"to", std::int64_t{9}}})
      .node("Where", {"seen", "x", "low"}, {"s"})
      .node("Softmax", {"s"}, {"y"}, {{"axis", std::int64_t{2}}})
      .output("y");
  const ModelNumbers numbers;
  ASSERT_THAT(kinds_of(numbers.read(model).graph), ElementsAre("softmax"));
  EXPECT_THAT(numbers.run(model, {{"x", {{1, 2, 2}, {1, 1, 1, 1}}}}).at("y"),
              Pointwise(FloatNear(1e-6F), {1.0F, 0.0F, 0.5F, 0.5F}));
}

}  // namespace
}  // namespace systole
