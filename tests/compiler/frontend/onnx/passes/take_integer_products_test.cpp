#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "compiler/frontend/onnx/passes/passes.h"
#include "tests/compiler/frontend/onnx/model_numbers.h"

namespace systole {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr int kUint8 = 2;
constexpr int kInt8 = 3;

TEST(TakeIntegerProducts, ZeroPointsAreTakenAwayBefore) {
  ModelBuilder model;
  model.input("a", {1, 2}, {}, kUint8)
      .stored("az", {}, kUint8, {3})
      .stored("w", {2, 2}, kInt8, {1, 2, 3, 4})
      .stored("wz", {2}, kInt8, {1, 0})
      .node("MatMulInteger", {"a", "w", "az", "wz"}, {"p"})
      .node("Cast", {"p"}, {"y"}, {{"to", std::int64_t{1}}})
      .output("y");
  const ModelNumbers numbers;
  // (5 - 3, 4 - 3) times (0 2; 2 4).
  EXPECT_THAT(numbers.run(model, {{"a", {{1, 2}, {5, 4}}}}).at("y"), ElementsAre(2, 8));
  EXPECT_THAT(numbers.explained(model), HasSubstr("take_integer_products                 1\n"));
}

TEST(TakeIntegerProducts, ConvolutionsPadWithTheZeroPoint) {
  ModelBuilder model;
  model.input("a", {1, 1, 1, 2}, {}, kUint8)
      .stored("az", {}, kUint8, {10})
      .stored("w", {1, 1, 1, 3}, kInt8, {1, 10, 100})
      .node("ConvInteger", {"a", "w", "az"}, {"p"},
            {{"pads", std::vector<std::int64_t>{0, 1, 0, 1}}})
      .node("Cast", {"p"}, {"y"}, {{"to", std::int64_t{1}}})
      .output("y");
  // 2 and 1 between zeros.
  EXPECT_THAT(ModelNumbers().run(model, {{"a", {{1, 1, 1, 2}, {12, 11}}}}).at("y"),
              ElementsAre(120, 12));
}

TEST(TakeIntegerProducts, SumsThatStayIntegersAreRefused) {
  ModelBuilder model;
  model.input("a", {1, 2}, {}, kUint8)
      .stored("w", {2, 2}, kInt8, {1, 2, 3, 4})
      .node("MatMulInteger", {"a", "w"}, {"y"}, {}, "product")
      .output("y");
  EXPECT_EQ(ModelNumbers().message_of(model),
            "m.onnx: MatMulInteger: expected sums of integers that a Cast makes real numbers, got "
            "such that go on as integers, in 1 node (product)");
}

}  // namespace
}  // namespace systole
