#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "compiler/frontend/onnx/passes/passes.h"
#include "tests/compiler/frontend/stablehlo/hlo_text.h"

namespace systole {
namespace {

using ::testing::ElementsAre;

/// exp(x - m) and its sum along the last axis, then `last`.
std::string spelled(const std::string& last) {
  return hlo_function(
      "tensor<2x4xf32>",
      "  %i = stablehlo.constant dense<0xFF800000> : tensor<f32>\n"
      "  %z = stablehlo.constant dense<0.0> : tensor<f32>\n"
      "  %m = stablehlo.reduce(%x init: %i) applies stablehlo.maximum across dimensions = [1] : "
      "(tensor<2x4xf32>, tensor<f32>) -> tensor<2xf32>\n"
      "  %mb = stablehlo.broadcast_in_dim %m, dims = [0] : (tensor<2xf32>) -> tensor<2x4xf32>\n"
      "  %d = stablehlo.subtract %x, %mb : tensor<2x4xf32>\n"
      "  %e = stablehlo.exponential %d : tensor<2x4xf32>\n"
      "  %s = stablehlo.reduce(%e init: %z) applies stablehlo.add across dimensions = [1] : "
      "(tensor<2x4xf32>, tensor<f32>) -> tensor<2xf32>\n" +
          last);
}

TEST(RecogniseSoftmax, ExponentialsOverTheirSum) {
  ImportGraph graph =
      graph_of(spelled("  %sb = stablehlo.broadcast_in_dim %s, dims = [0] : (tensor<2xf32>) -> "
                       "tensor<2x4xf32>\n  %r = stablehlo.divide %e, %sb : tensor<2x4xf32>\n"));
  EXPECT_EQ(recognise_softmax(graph), 1);
  ASSERT_THAT(ops_of(graph), ElementsAre("Softmax"));
  EXPECT_EQ(graph.nodes[0].integer("axis", -1), 1);
  EXPECT_EQ(graph.nodes[0].input(0), graph.inputs[0]);
}

TEST(RecogniseSoftmax, TheLogarithmOfIt) {
  ImportGraph graph =
      graph_of(spelled("  %l = stablehlo.log %s : tensor<2xf32>\n"
                       "  %lb = stablehlo.broadcast_in_dim %l, dims = [0] : (tensor<2xf32>) -> "
                       "tensor<2x4xf32>\n  %r = stablehlo.subtract %d, %lb : tensor<2x4xf32>\n"));
  EXPECT_EQ(recognise_softmax(graph), 1);
  EXPECT_THAT(ops_of(graph), ElementsAre("LogSoftmax"));
}

TEST(RecogniseSoftmax, OverTheSumOfOthersItIsNone) {
  ImportGraph graph =
      graph_of(spelled("  %sb = stablehlo.broadcast_in_dim %s, dims = [0] : (tensor<2xf32>) -> "
                       "tensor<2x4xf32>\n  %r = stablehlo.divide %y, %sb : tensor<2x4xf32>\n"));
  EXPECT_EQ(recognise_softmax(graph), 0);
}

}  // namespace
}  // namespace systole
