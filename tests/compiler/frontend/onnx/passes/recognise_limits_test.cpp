#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "compiler/frontend/onnx/passes/passes.h"
#include "tests/compiler/frontend/stablehlo/hlo_text.h"

namespace systole {
namespace {

using ::testing::ElementsAre;

std::string limited(const std::string& operation, const std::string& number) {
  return "  %c = stablehlo.constant dense<" + number + "> : tensor<4xf32>\n  %r = stablehlo." +
         operation + " %x, %c : tensor<4xf32>\n";
}

std::vector<std::string> recognised(const std::string& lines) {
  ImportGraph graph = graph_of(hlo_function("tensor<4xf32>", lines));
  static_cast<void>(recognise_limits(graph));
  return ops_of(graph);
}

TEST(RecogniseLimits, ALimitAtZeroIsRelu) {
  EXPECT_THAT(recognised(limited("maximum", "0.0")), ElementsAre("Relu"));
  EXPECT_THAT(recognised(limited("maximum", "1.5")), ElementsAre("Clip"));
  EXPECT_THAT(recognised(limited("minimum", "1.5")), ElementsAre("Clip"));
}

TEST(RecogniseLimits, WhatLimitsNothingIsNothing) {
  EXPECT_THAT(recognised(limited("maximum", "0xFF800000")), ElementsAre("Identity"));
  EXPECT_THAT(recognised(limited("minimum", "0x7F800000")), ElementsAre("Identity"));
}

TEST(RecogniseLimits, BothLimitsAreOneOperator) {
  ImportGraph graph = graph_of(hlo_function("tensor<4xf32>",
                                            "  %a = stablehlo.constant dense<0.0> : tensor<4xf32>\n"
                                            "  %b = stablehlo.constant dense<6.0> : tensor<4xf32>\n"
                                            "  %m = stablehlo.maximum %x, %a : tensor<4xf32>\n"
                                            "  %r = stablehlo.minimum %m, %b : tensor<4xf32>\n"));
  EXPECT_EQ(recognise_limits(graph), 2);
  ASSERT_THAT(ops_of(graph), ElementsAre("Clip"));
  EXPECT_EQ(graph.scalar(graph.nodes[0].input(1)), 0.0F);
  EXPECT_EQ(graph.scalar(graph.nodes[0].input(2)), 6.0F);
}

TEST(RecogniseLimits, LimitsThatDependOnInputsStay) {
  EXPECT_THAT(recognised("  %r = stablehlo.maximum %x, %y : tensor<4xf32>\n"), ElementsAre("Max"));
}

}  // namespace
}  // namespace systole
