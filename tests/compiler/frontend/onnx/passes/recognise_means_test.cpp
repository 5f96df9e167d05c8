#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "compiler/frontend/onnx/passes/passes.h"
#include "tests/compiler/frontend/stablehlo/hlo_text.h"

namespace systole {
namespace {

using ::testing::ElementsAre;

std::string mean(const std::string& divisor) {
  return "func.func @main(%x: tensor<2x4xf32>) -> tensor<2xf32> {\n"
         "  %z = stablehlo.constant dense<0.0> : tensor<f32>\n"
         "  %s = stablehlo.reduce(%x init: %z) applies stablehlo.add across dimensions = [1] : "
         "(tensor<2x4xf32>, tensor<f32>) -> tensor<2xf32>\n"
         "  %n = stablehlo.constant dense<" +
         divisor +
         "> : tensor<2xf32>\n"
         "  %r = stablehlo.divide %s, %n : tensor<2xf32>\n"
         "  return %r : tensor<2xf32>\n}\n";
}

TEST(RecogniseMeans, ASumOverItsNumberOfElementsIsAMean) {
  ImportGraph graph = graph_of(mean("4.0"));
  EXPECT_EQ(recognise_means(graph), 1);
  EXPECT_THAT(ops_of(graph), ElementsAre("ReduceMean", "Reshape"));
}

TEST(RecogniseMeans, OverAnotherNumberItIsNone) {
  ImportGraph graph = graph_of(mean("5.0"));
  EXPECT_EQ(recognise_means(graph), 0);
  EXPECT_THAT(ops_of(graph), ElementsAre("ReduceSum", "Div", "Reshape"));
}

TEST(RecogniseMeans, AProductAndItsQuotientAreNothing) {
  ImportGraph graph = graph_of(hlo_function("tensor<4xf32>",
                                            "  %c = stablehlo.constant dense<9.0> : tensor<4xf32>\n"
                                            "  %p = stablehlo.multiply %x, %c : tensor<4xf32>\n"
                                            "  %r = stablehlo.divide %p, %c : tensor<4xf32>\n"));
  EXPECT_EQ(recognise_means(graph), 1);
  EXPECT_THAT(ops_of(graph), ElementsAre("Identity"));
}

}  // namespace
}  // namespace systole
