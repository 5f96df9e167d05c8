#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "arch/diag/error.h"
#include "compiler/frontend/stablehlo/module.h"

namespace systole {
namespace {

using ::testing::ElementsAre;

HloModule parsed(const std::string& text) {
  return parse_hlo_module(text, "m.mlir");
}

std::string message_of(const std::string& text) {
  try {
    static_cast<void>(parsed(text));
  } catch (const UserError& error) {
    return error.what();
  }
  return "";
}

/// A function of one operation.
std::string function(const std::string& line) {
  return "func.func @main(%arg0: tensor<2x3xf32>) -> tensor<2x3xf32> {\n  " + line +
         "\n  return %0 : tensor<2x3xf32>\n}\n";
}

HloOperation operation(const std::string& line) {
  return parsed(function(line)).functions.front().body.operations.front();
}

std::vector<float> constant(const std::string& literal) {
  return operation("%0 = stablehlo.constant " + literal).attribute("value")->dense.floats();
}

TEST(HloParser, ReadsFunctionsWithTheirArgumentsAndResults) {
  const HloModule module = parsed(R"(
#loc1 = loc("x"(#loc2))
module @jit_f attributes {mhlo.num_partitions = 1 : i32} {
  func.func public @main(%arg0: tensor<4x?xbf16> {mhlo.sharding = "{replicated}"} loc("w['a']"),
                         %arg1: tensor<i32> loc(#loc1)) -> (tensor<f32> {jax.result_info = "y"}) {
    return %arg1 : tensor<i32>
  } loc(#loc)
  func.func private @g(tensor<2xf32>) -> tensor<2xf32>
}
#loc = loc(unknown)
#loc2 = loc("file.py":1:2)
)");
  EXPECT_EQ(module.name, "jit_f");
  ASSERT_EQ(module.functions.size(), 2U);
  const HloFunction& main = module.functions[0];
  EXPECT_EQ(main.name, "main");
  EXPECT_FALSE(main.is_private);
  ASSERT_EQ(main.arguments.size(), 2U);
  EXPECT_EQ(main.arguments[0].name, "arg0");
  EXPECT_EQ(main.arguments[0].label, "w['a']");
  EXPECT_EQ(main.arguments[0].type.text, "tensor<4x?xbf16>");
  EXPECT_THAT(main.arguments[0].type.shape, ElementsAre(4, -1));
  EXPECT_EQ(main.arguments[0].type.element, OnnxType::Bfloat16);
  EXPECT_EQ(main.arguments[1].label, "x");
  EXPECT_TRUE(main.arguments[1].type.shape.empty());
  EXPECT_EQ(main.results[0].attributes.at("jax.result_info").text, "y");
  EXPECT_TRUE(module.functions[1].is_private);
  EXPECT_TRUE(module.functions[1].is_declared_only);
  EXPECT_EQ(module.entry(), &module.functions[0]);
}

TEST(HloParser, ThePrettyAndTheGenericFormAreTheSameOperation) {
  const HloOperation pretty = operation(
      "%0 = stablehlo.dot_general %arg0, %arg0, batching_dims = [0] x [1], contracting_dims = [1] "
      "x "
      "[0], precision = [DEFAULT, DEFAULT] : (tensor<2x3xf32>, tensor<2x3xf32>) -> "
      "tensor<2x3xf32>");
  EXPECT_EQ(pretty.name, "stablehlo.dot_general");
  EXPECT_EQ(pretty.operands.size(), 2U);
  EXPECT_THAT(*pretty.attribute("batching_dims")->integers(), ElementsAre(0));
  EXPECT_THAT(*pretty.attribute("batching_dims x")->integers(), ElementsAre(1));
  EXPECT_THAT(*pretty.attribute("contracting_dims x")->integers(), ElementsAre(0));
  const HloOperation generic = operation(
      "%0 = \"stablehlo.dot_general\"(%arg0, %arg0) <{dot_dimension_numbers = #stablehlo.dot<"
      "lhs_batching_dimensions = [0], rhs_batching_dimensions = [1], lhs_contracting_dimensions = "
      "[1], rhs_contracting_dimensions = [0]>, precision_config = [#stablehlo<precision "
      "DEFAULT>]}> "
      ": (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>");
  EXPECT_EQ(generic.name, "stablehlo.dot_general");
  const HloAttribute* numbers = generic.attribute("dot_dimension_numbers");
  EXPECT_THAT(*numbers->field("rhs_batching_dimensions")->integers(), ElementsAre(1));
  EXPECT_EQ(generic.attribute("precision_config")->items[0].text, "DEFAULT");
  EXPECT_EQ(generic.result_types[0].text, "tensor<2x3xf32>");
}

TEST(HloParser, ReadsSeveralResults) {
  const HloOperation split = operation(
      "%0, %1:2 = \"x.y\"(%arg0) : (tensor<2x3xf32>) -> (tensor<1xf32>, tensor<2xf32>, "
      "tensor<3xf32>)");
  EXPECT_THAT(split.results, ElementsAre(std::pair<std::string, std::int64_t>("0", 1),
                                         std::pair<std::string, std::int64_t>("1", 2)));
  const HloModule module = parsed("func.func @main() -> () {\n  return %1#1 : tensor<2xf32>\n}");
  const HloUse& use = module.functions[0].body.operations[0].operands[0];
  EXPECT_EQ(use.name, "1");
  EXPECT_EQ(use.part, 1);
}

TEST(HloParser, ReadsConvolutionsAndSlices) {
  const HloOperation conv = operation(
      "%0 = stablehlo.convolution(%arg0, %arg0) dim_numbers = [b, 0, f]x[0, i, o]->[b, 0, f], "
      "window = {stride = [2], pad = [[1, 3]], reverse = [true]} {batch_group_count = 1 : i64, "
      "feature_group_count = 4 : i64} : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>");
  EXPECT_EQ(conv.attribute("dimension_numbers")->field("kernel")->items[2].text, "o");
  EXPECT_THAT(*conv.attribute("pad")->integers(), ElementsAre(1, 3));
  EXPECT_THAT(*conv.attribute("reverse")->integers(), ElementsAre(1));
  EXPECT_EQ(conv.attribute("feature_group_count")->integer, 4);
  const HloOperation slice =
      operation("%0 = stablehlo.slice %arg0 [1:2, 0:3:2] : (tensor<2x3xf32>) -> tensor<2x3xf32>");
  EXPECT_THAT(*slice.attribute("start_indices")->integers(), ElementsAre(1, 0));
  EXPECT_THAT(*slice.attribute("limit_indices")->integers(), ElementsAre(2, 3));
  EXPECT_THAT(*slice.attribute("strides")->integers(), ElementsAre(1, 2));
}

TEST(HloParser, ArgumentsOfReducersAreThoseOfTheGenericForm) {
  const HloOperation reduce = operation(
      "%0:2 = stablehlo.reduce(%arg0 init: %a), (%arg0 init: %b) across dimensions = [1] : "
      "(tensor<2x3xf32>, tensor<2x3xf32>, tensor<f32>, tensor<f32>) -> (tensor<2xf32>, "
      "tensor<2xf32>)\n reducer(%x: tensor<f32>, %y: tensor<f32>) (%p: tensor<f32>, %q: "
      "tensor<f32>)  {\n stablehlo.return %x, %p : tensor<f32>, tensor<f32>\n}");
  std::vector<std::string> operands;
  for (const HloUse& use : reduce.operands) {
    operands.push_back(use.name);
  }
  EXPECT_THAT(operands, ElementsAre("arg0", "arg0", "a", "b"));
  std::vector<std::string> arguments;
  for (const auto& [name, type] : reduce.regions[0].arguments) {
    arguments.push_back(name);
  }
  EXPECT_THAT(arguments, ElementsAre("x", "p", "y", "q"));
}

TEST(HloParser, ReadsConstants) {
  EXPECT_THAT(constant("dense<[[1.5, -2.0e1], [0x7F800000, 3]]> : tensor<2x2xf32>"),
              ElementsAre(1.5F, -20.0F, std::numeric_limits<float>::infinity(), 3.0F));
  EXPECT_THAT(constant("dense<2.5> : tensor<3xbf16>"), ElementsAre(2.5F));  // for all
  // 0x3F80 is 1 in bf16, 0x3C00 in f16
  EXPECT_THAT(constant("dense<0x3F80> : tensor<1xbf16>"), ElementsAre(1.0F));
  EXPECT_THAT(constant("dense<0x3C00> : tensor<1xf16>"), ElementsAre(1.0F));
  EXPECT_THAT(constant("dense<\"0x0000803F00000040\"> : tensor<2xf32>"), ElementsAre(1.0F, 2.0F));
  EXPECT_THAT(constant("dense<\"0x0000803F\"> : tensor<2xf32>"), ElementsAre(1.0F));
  EXPECT_THAT(constant("dense<[-1, 255]> : tensor<2xi8>"), ElementsAre(-1.0F, -1.0F));
  EXPECT_THAT(constant("dense<[true, false]> : tensor<2xi1>"), ElementsAre(1.0F, 0.0F));
  // bits from the lowest on: 0b101
  EXPECT_THAT(constant("dense<\"0x05\"> : tensor<3xi1>"), ElementsAre(1.0F, 0.0F, 1.0F));
  EXPECT_THAT(constant("dense<> : tensor<0xf32>"), ElementsAre());
}

TEST(HloParser, ReadsResources) {
  const HloModule module = parsed(
      function("%0 = stablehlo.constant dense_resource<w> : tensor<2x3xf32>") +
      "{-#\n  dialect_resources: {\n    builtin: {\n      w: \"0x040000000000803F\"\n    }\n  }\n"
      "#-}\n");
  EXPECT_EQ(module.resources.at("w"), "0x040000000000803F");
}

TEST(HloParser, NumbersOfErrorsAreLineAndColumn) {
  EXPECT_EQ(message_of("modul @m {}"),
            "m.mlir:1:1: expected a module or a function of StableHLO, got 'modul'");
  EXPECT_EQ(message_of("func.func @main() {\n  %0 = stablehlo.add %1 %2 tensor<f32>\n}"),
            "m.mlir:2:28: @main: expected ':' and the types of an operation, got 'tensor'");
  EXPECT_EQ(message_of("func.func @main() {\n  %0 = stablehlo.add %1, %2 : tensor<4xf32\n}"),
            "m.mlir:3:1: @main: expected '>', got '}'");
  EXPECT_EQ(message_of("func.func @main() {\n"),
            "m.mlir:2:1: @main: expected '}', got the end of the file");
  EXPECT_EQ(message_of("module {\n  func.func @f() {\n  }\n  func.func @f() {\n  }\n}"),
            "m.mlir:4:13: @f: expected each function once, got it again");
  EXPECT_EQ(message_of("func.func @main() {\n  \"cf.br\"()[^bb1] : () -> ()\n}"),
            "m.mlir:2:12: @main: expected structured control flow, got an operation that jumps to "
            "blocks");
  EXPECT_EQ(message_of("func.func @main() {\n  return\n^bb1:\n}"),
            "m.mlir:3:1: @main: expected structured control flow, got a second block");
  EXPECT_EQ(message_of(function("%0 = stablehlo.constant dense<> : tensor<i32>")),
            "m.mlir:2:33: @main: expected numbers of tensor<i32>, got none");
  EXPECT_EQ(message_of("\"x"), "m.mlir:1:1: expected a string that ends, got one that does not");
  EXPECT_EQ(message_of("func.func @main(%a: tensor<2x\x01>)"),
            "m.mlir:1:30: expected MLIR's text, got '\\x01'");
}

TEST(HloParser, SaysWhatIsWrongWithConstants) {
  const auto wrong = [](const std::string& literal) {
    return message_of(function("%0 = stablehlo.constant " + literal));
  };
  EXPECT_EQ(wrong("dense<[1.0, 2.0]> : tensor<3xf32>"),
            "m.mlir:2:33: @main: expected numbers of tensor<3xf32>, got [2]");
  EXPECT_EQ(wrong("dense<[[1], [1, 2]]> : tensor<2x2xi32>"),
            "m.mlir:2:39: @main: expected 1 elements, as in the brackets before, got 2");
  EXPECT_EQ(wrong("dense<[1, [2]]> : tensor<2xi32>"),
            "m.mlir:2:37: @main: expected as many brackets around each number, got more");
  EXPECT_EQ(wrong("dense<[[2], 1]> : tensor<2xi32>"),
            "m.mlir:2:39: @main: expected as many brackets around each number, got fewer");
  EXPECT_EQ(wrong("dense<1.5> : tensor<2xi32>"),
            "m.mlir:2:33: @main: expected a number of tensor<2xi32>, got '1.5'");
  EXPECT_EQ(wrong("dense<\"0x00\"> : tensor<2xf32>"),
            "m.mlir:2:33: @main: expected 8 bytes for tensor<2xf32>, got 1");
  EXPECT_EQ(wrong("dense<\"00\"> : tensor<2xf32>"),
            "m.mlir:2:33: @main: expected a string of hexadecimal digits, \"0x...\", got '\"00\"'");
  EXPECT_EQ(wrong("dense<1> : tensor<?xf32>"),
            "m.mlir:2:38: @main: expected a tensor of fixed size, got tensor<?xf32>");
  EXPECT_EQ(wrong("1 : i32"),
            "m.mlir:2:27: @main: expected numbers of a constant, dense<...>, got something else");
  EXPECT_EQ(wrong("dense<(1.0, 2.0)> : tensor<complex<f32>>"),
            "m.mlir:2:33: @main: expected real numbers, got '('");
}

TEST(HloParser, NothingTooLargeOrTooDeep) {
  EXPECT_EQ(message_of("func.func @main(%a: tensor<2000000x2000000xf32>) {\n}"),
            "m.mlir:1:21: @main: expected a tensor of at most 2^40 elements, got more");
  EXPECT_EQ(message_of("func.func @main(%a: tensor<99999999999999999999xf32>) {\n}"),
            "m.mlir:1:28: expected a size of at most 2^40, got '99999999999999999999'");
  const std::string deep = "#a = " + std::string(100'000, '[');
  EXPECT_EQ(message_of(deep), "m.mlir:1:69: expected at most 64 levels of nesting, got more");
}

}  // namespace
}  // namespace systole
