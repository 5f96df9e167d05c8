#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "compiler/frontend/onnx/passes/passes.h"
#include "tests/compiler/frontend/stablehlo/hlo_text.h"

namespace systole {
namespace {

using ::testing::ElementsAre;

std::string mean_of(const std::string& of, const std::string& name) {
  return "  %" + name + "s = stablehlo.reduce(%" + of +
         " init: %z) applies stablehlo.add across dimensions = [1] : (tensor<2x4xf32>, "
         "tensor<f32>) -> tensor<2xf32>\n  %" +
         name + " = stablehlo.divide %" + name + "s, %n : tensor<2xf32>\n";
}

TEST(RecogniseVariance, TheMeanOfSquaresLessThatSquaredIsThatOfDifferences) {
  ImportGraph graph = graph_of(hlo_function(
      "tensor<2x4xf32>",
      "  %z = stablehlo.constant dense<0.0> : tensor<f32>\n"
      "  %n = stablehlo.constant dense<4.0> : tensor<2xf32>\n" +
          mean_of("x", "m") + "  %q = stablehlo.multiply %x, %x : tensor<2x4xf32>\n" +
          mean_of("q", "mq") +
          "  %mm = stablehlo.multiply %m, %m : tensor<2xf32>\n"
          "  %v = stablehlo.subtract %mq, %mm : tensor<2xf32>\n"
          "  %vb = stablehlo.broadcast_in_dim %v, dims = [0] : (tensor<2xf32>) -> tensor<2x4xf32>\n"
          "  %mb = stablehlo.broadcast_in_dim %m, dims = [0] : (tensor<2xf32>) -> tensor<2x4xf32>\n"
          "  %d = stablehlo.subtract %x, %mb : tensor<2x4xf32>\n"
          "  %r = stablehlo.divide %d, %vb : tensor<2x4xf32>\n"));
  static_cast<void>(recognise_means(graph));
  EXPECT_EQ(recognise_variance(graph), 1);
  EXPECT_THAT(ops_of(graph), ElementsAre("ReduceMean", "Sub", "Mul", "ReduceMean", "Div"));
  EXPECT_EQ(graph.nodes[2].input(0), graph.nodes[1].outputs.front());
}

TEST(RecogniseVariance, WithoutTheDifferenceNothingChanges) {
  ImportGraph graph =
      graph_of(hlo_function("tensor<2x4xf32>",
                            "  %q = stablehlo.multiply %x, %x : tensor<2x4xf32>\n"
                            "  %r = stablehlo.subtract %q, %y : tensor<2x4xf32>\n"));
  EXPECT_EQ(recognise_variance(graph), 0);
  EXPECT_THAT(ops_of(graph), ElementsAre("Mul", "Sub"));
}

}  // namespace
}  // namespace systole
