#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/compiler/frontend/onnx/model_numbers.h"

namespace systole {
namespace {

using ::testing::ElementsAre;

class SpelledControlFlow : public ::testing::Test {
 protected:
  ModelNumbers numbers_;
};

/// Twice or three times x.
void add_branches(ModelBuilder& model, const std::string& condition, bool same_shape = true) {
  ModelBuilder twice;
  twice.floats("two", {}, {2}).node("Mul", {"x", "two"}, {"a"}).output("a");
  ModelBuilder thrice;
  thrice.floats("three", {}, {3}).node("Mul", {"x", "three"}, {"b"});
  if (same_shape) {
    thrice.output("b");
  } else {
    thrice.integers("shape", {2}, {2, 1}).node("Reshape", {"b", "shape"}, {"c"}).output("c");
  }
  model.bodies("If", {condition}, {"y"}, {{"then_branch", &twice}, {"else_branch", &thrice}}, "if");
}

TEST_F(SpelledControlFlow, OneBranchIsTakenWhereTheFileSaysWhich) {
  for (const std::int64_t holds : {0, 1}) {
    ModelBuilder model;
    model.input("x", {1, 2}).stored("c", {}, 9, {holds});
    add_branches(model, "c");
    model.output("y");
    EXPECT_EQ(kinds_of(numbers_.read(model).graph).size(), 1);
    EXPECT_THAT(numbers_.run(model, {{"x", {{1, 2}, {1, 10}}}}).at("y"),
                holds == 1 ? ElementsAre(2, 20) : ElementsAre(3, 30));
  }
}

TEST_F(SpelledControlFlow, BothBranchesAreComputedWhereDataChoose) {
  for (const float first : {1.0F, -1.0F}) {
    ModelBuilder model;
    model.input("x", {1, 2})
        .integers("axes", {2}, {0, 1})
        .floats("zero", {}, {0})
        .node("ReduceSum", {"x", "axes"}, {"s"}, {{"keepdims", std::int64_t{0}}})
        .node("Greater", {"s", "zero"}, {"c"});
    add_branches(model, "c");
    model.output("y");
    EXPECT_THAT(numbers_.run(model, {{"x", {{1, 2}, {first, 0}}}}).at("y"),
                first > 0 ? ElementsAre(2, 0) : ElementsAre(-3, 0));
  }
}

TEST_F(SpelledControlFlow, BranchesOfOtherShapesAreRefused) {
  ModelBuilder model;
  model.input("x", {1, 2})
      .integers("axes", {2}, {0, 1})
      .floats("zero", {}, {0})
      .node("ReduceSum", {"x", "axes"}, {"s"}, {{"keepdims", std::int64_t{0}}})
      .node("Greater", {"s", "zero"}, {"c"});
  add_branches(model, "c", false);
  model.output("y");
  EXPECT_EQ(numbers_.message_of(model),
            "m.onnx: If: expected branches of one shape behind a condition that depends on inputs, "
            "got [1, 2] and [2, 1], in 1 node (if)");
}

TEST_F(SpelledControlFlow, ALoopOfKnownLengthIsItsBodySoManyTimes) {
  ModelBuilder body;
  body.input("i", {}, {}, 7)
      .input("go", {}, {}, 9)
      .input("h", {1, 2})
      .node("Add", {"h", "x"}, {"next"})
      .node("Identity", {"go"}, {"still"})
      .output("still")
      .output("next");
  ModelBuilder model;
  model.input("x", {1, 2})
      .integers("steps", {}, {3})
      .stored("go", {}, 9, {1})
      .bodies("Loop", {"steps", "go", "x"}, {"y"}, {{"body", &body}}, "loop")
      .output("y");
  EXPECT_THAT(numbers_.run(model, {{"x", {{1, 2}, {1, 10}}}}).at("y"), ElementsAre(4, 40));
}

TEST_F(SpelledControlFlow, ALoopThatDataEndIsRefused) {
  ModelBuilder body;
  body.input("i", {}, {}, 7)
      .input("go", {}, {}, 9)
      .input("h", {1, 2})
      .node("Add", {"h", "x"}, {"next"})
      .node("Identity", {"go"}, {"still"})
      .output("still")
      .output("next");
  ModelBuilder model;
  model.input("x", {1, 2})
      .input("steps", {}, {}, 7)
      .stored("go", {}, 9, {1})
      .bodies("Loop", {"steps", "go", "x"}, {"y"}, {{"body", &body}}, "loop")
      .output("y");
  EXPECT_EQ(numbers_.message_of(model),
            "m.onnx: Loop: expected a number of steps that stands in the file, got a loop that "
            "ends by data, in 1 node (loop)");
}

TEST_F(SpelledControlFlow, AScanTakesAnIndexAfterTheOther) {
  ModelBuilder body;
  body.input("h", {1})
      .input("e", {1})
      .node("Add", {"h", "e"}, {"next"})
      .node("Identity", {"next"}, {"out"})
      .output("next")
      .output("out");
  ModelBuilder model;
  model.input("x", {3, 1})
      .input("h", {1})
      .bodies("Scan", {"h", "x"}, {"last", "y"}, {{"body", &body}}, "scan",
              {{"num_scan_inputs", std::int64_t{1}}})
      .output("last")
      .output("y");
  const auto made = numbers_.run(model, {{"x", {{3, 1}, {1, 2, 3}}}, {"h", {{1}, {10}}}});
  EXPECT_THAT(made.at("last"), ElementsAre(16));
  EXPECT_THAT(made.at("y"), ElementsAre(11, 13, 16));
}

}  // namespace
}  // namespace systole
