#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "compiler/frontend/onnx/passes/passes.h"
#include "tests/compiler/frontend/stablehlo/hlo_text.h"

namespace systole {
namespace {

using ::testing::ElementsAre;

TEST(SinkTransposes, ConstantsBesideAreTransposedTheOtherWay) {
  ImportGraph graph = graph_of(
      "func.func @main(%x: tensor<2x3xf32>) -> tensor<3x2xf32> {\n"
      "  %t = stablehlo.transpose %x, dims = [1, 0] : (tensor<2x3xf32>) -> tensor<3x2xf32>\n"
      "  %c = stablehlo.constant dense<[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]> : tensor<3x2xf32>\n"
      "  %a = stablehlo.add %t, %c : tensor<3x2xf32>\n"
      "  %r = stablehlo.tanh %a : tensor<3x2xf32>\n"
      "  return %r : tensor<3x2xf32>\n}\n");
  EXPECT_EQ(sink_transposes(graph), 2);
  ASSERT_THAT(ops_of(graph), ElementsAre("Add", "Tanh", "Transpose"));
  EXPECT_THAT(graph.constant(graph.nodes[0].input(1))->floats(), ElementsAre(1, 3, 5, 2, 4, 6));
  EXPECT_EQ(graph.outputs[0], graph.nodes[2].outputs[0]);
}

TEST(SinkTransposes, InputsInOtherOrdersStay) {
  ImportGraph graph = graph_of(
      "func.func @main(%x: tensor<3x3xf32>, %y: tensor<3x3xf32>) -> tensor<3x3xf32> {\n"
      "  %t = stablehlo.transpose %x, dims = [1, 0] : (tensor<3x3xf32>) -> tensor<3x3xf32>\n"
      "  %r = stablehlo.add %t, %y : tensor<3x3xf32>\n"
      "  return %r : tensor<3x3xf32>\n}\n");
  EXPECT_EQ(sink_transposes(graph), 0);
  EXPECT_THAT(ops_of(graph), ElementsAre("Transpose", "Add"));
}

}  // namespace
}  // namespace systole
