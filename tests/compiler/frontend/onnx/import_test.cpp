#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "arch/diag/error.h"
#include "compiler/frontend/onnx/import_graph.h"
#include "compiler/frontend/onnx/infer_values.h"
#include "compiler/frontend/onnx/passes/passes.h"
#include "tests/compiler/frontend/onnx/model_builder.h"

namespace systole {
namespace {

using ::testing::ElementsAre;

ImportGraph imported(const ModelBuilder& model, const ImportOptions& options = {}) {
  ImportGraph graph = import_graph(parse_onnx_model(model.bytes(), "m.onnx"), options);
  EXPECT_TRUE(infer_values(graph).empty());
  return graph;
}

std::vector<std::string> operators_of(const ImportGraph& graph) {
  std::vector<std::string> names;
  for (const ImportNode& node : graph.nodes) {
    names.push_back(node.full_op());
  }
  return names;
}

std::string message_of(const ModelBuilder& model, const ImportOptions& options = {}) {
  try {
    static_cast<void>(import_graph(parse_onnx_model(model.bytes(), "m.onnx"), options));
  } catch (const UserError& error) {
    return error.what();
  }
  return "";
}

TEST(OnnxImport, ShapeSubgraphsVanish) {
  // x.reshape(x.shape[0], -1) as PyTorch writes it.
  ModelBuilder model;
  model.input("x", {2, 3, 4, 4})
      .integers("zero", {}, {0})
      .integers("axis", {1}, {0})
      .integers("rest", {1}, {-1})
      .node("Shape", {"x"}, {"shape"})
      .node("Gather", {"shape", "zero"}, {"batch"}, {{"axis", std::int64_t{0}}})
      .node("Unsqueeze", {"batch", "axis"}, {"batch1"})
      .node("Concat", {"batch1", "rest"}, {"to"}, {{"axis", std::int64_t{0}}})
      .node("Reshape", {"x", "to"}, {"y"})
      .output("y");
  const ImportGraph graph = imported(model);
  EXPECT_THAT(operators_of(graph), ElementsAre("Reshape"));
  EXPECT_EQ(graph.value(graph.outputs.front()).shape, (OnnxShape{2, 48}));
}

TEST(OnnxImport, SlicesCountFromTheEndAndBackwards) {
  ModelBuilder model;
  model.input("x", {1})
      .integers("v", {5}, {10, 11, 12, 13, 14})
      .integers("start", {1}, {-2})
      .integers("end", {1}, {-100})
      .integers("axes", {1}, {0})
      .integers("step", {1}, {-2})
      .node("Slice", {"v", "start", "end", "axes", "step"}, {"w"})
      .node("Cast", {"w"}, {"f"}, {{"to", std::int64_t{1}}})
      .node("Add", {"x", "f"}, {"y"})
      .output("y");
  const ImportGraph graph = imported(model);
  ASSERT_THAT(operators_of(graph), ElementsAre("Add"));
  const OnnxConstant* constant = graph.constant(graph.nodes[0].inputs[1]);
  ASSERT_NE(constant, nullptr);
  EXPECT_THAT(constant->floats(), ElementsAre(13.0F, 11.0F));  // from -2 (13) by -2 past the front
}

TEST(OnnxImport, IdentitiesAreRemovedAndOutputsKeepTheirNames) {
  ModelBuilder model;
  model.input("x", {1, 4})
      .node("Relu", {"x"}, {"a"})
      .node("Identity", {"a"}, {"b"})
      .node("Dropout", {"b"}, {"c"})
      .node("Cast", {"c"}, {"y"}, {{"to", std::int64_t{1}}})
      .output("y");
  ImportGraph graph = imported(model);
  EXPECT_EQ(remove_identities(graph), 3);
  EXPECT_THAT(operators_of(graph), ElementsAre("Relu"));
  EXPECT_EQ(graph.value(graph.outputs.front()).name, "y");
  EXPECT_EQ(remove_identities(graph), 0);
}

ModelBuilder& with_conv(ModelBuilder& model) {
  // One output channel, 1 x 1: y = 3 x + 1.
  return model.input("x", {1, 1, 2, 2})
      .floats("w", {1, 1, 1, 1}, {3})
      .floats("b", {1}, {1})
      .node("Conv", {"x", "w", "b"}, {"c"}, {}, "conv");
}

TEST(OnnxImport, BatchNormalisationIsFolded) {
  ModelBuilder model;
  with_conv(model)
      .floats("scale", {1}, {2})
      .floats("shift", {1}, {0.5F})
      .floats("mean", {1}, {4})
      .floats("variance", {1}, {0.25F})
      .node("BatchNormalization", {"c", "scale", "shift", "mean", "variance"}, {"y"},
            {{"epsilon", 0.0F}})
      .output("y");
  ImportGraph graph = imported(model);
  EXPECT_EQ(fold_channel_scales(graph), 1);
  ASSERT_THAT(operators_of(graph), ElementsAre("Conv"));
  // 2 / sqrt(0.25) = 4: weights 3 * 4, biases (1 - 4) * 4 + 0.5.
  EXPECT_THAT(graph.constant(graph.nodes[0].inputs[1])->floats(), ElementsAre(12.0F));
  EXPECT_THAT(graph.constant(graph.nodes[0].inputs[2])->floats(), ElementsAre(-11.5F));
  EXPECT_EQ(graph.value(graph.outputs.front()).name, "y");
}

TEST(OnnxImport, ScalesBehindAConvolutionThatOthersReadStay) {
  ModelBuilder model;
  with_conv(model).floats("two", {}, {2}).node("Mul", {"c", "two"}, {"y"}).output("y").output("c");
  ImportGraph graph = imported(model);
  EXPECT_EQ(fold_channel_scales(graph), 0);
  EXPECT_THAT(operators_of(graph), ElementsAre("Conv", "Mul"));
}

TEST(OnnxImport, MatMulAndAddBecomeDense) {
  ModelBuilder model;
  model.input("x", {1, 2})
      .floats("w", {2, 3}, {1, 2, 3, 4, 5, 6})
      .floats("b", {3}, {7, 8, 9})
      .node("MatMul", {"x", "w"}, {"p"})
      .node("Add", {"b", "p"}, {"y"})
      .output("y");
  ImportGraph graph = imported(model);
  EXPECT_EQ(make_dense(graph), 1);
  ASSERT_THAT(operators_of(graph), ElementsAre("systole.Dense"));
  EXPECT_THAT(graph.constant(graph.nodes[0].inputs[2])->floats(), ElementsAre(7, 8, 9));
}

TEST(OnnxImport, GemmIsTransposedAndScaled) {
  ModelBuilder model;
  model.input("x", {1, 2})
      .floats("w", {3, 2}, {1, 2, 3, 4, 5, 6})
      .floats("b", {1, 3}, {7, 8, 9})
      .node("Gemm", {"x", "w", "b"}, {"y"},
            {{"transB", std::int64_t{1}}, {"alpha", 2.0F}, {"beta", 0.5F}})
      .output("y");
  ImportGraph graph = imported(model);
  EXPECT_EQ(make_dense(graph), 1);
  EXPECT_THAT(graph.constant(graph.nodes[0].inputs[1])->floats(), ElementsAre(2, 6, 10, 4, 8, 12));
  EXPECT_THAT(graph.constant(graph.nodes[0].inputs[2])->floats(), ElementsAre(3.5F, 4, 4.5F));
}

TEST(OnnxImport, AxesTakeTheirSizes) {
  ModelBuilder model;
  model.input("x", {-1, -1}, {"", "tokens"}).node("Relu", {"x"}, {"y"}).output("y");
  const ImportGraph graph = imported(model, {.dims = {{"tokens", 7}}, .batch = 3});
  EXPECT_EQ(graph.value(graph.outputs.front()).shape, (OnnxShape{3, 7}));
  EXPECT_EQ(message_of(model),
            "m.onnx: input 'x': expected a size for axis 1, such as --dim tokens=1, got none");
  EXPECT_EQ(message_of(model, {.dims = {{"token", 7}}}),
            "m.onnx: input 'x': expected a size for axis 1, such as --dim tokens=1, got none");
  EXPECT_EQ(message_of(model, {.dims = {{"tokens", 7}, {"token", 7}}}),
            "systole: --dim: expected one of tokens, x.0, got 'token' (did you mean 'tokens'?)");
}

TEST(OnnxImport, AxesThatAreSumsFollow) {
  ModelBuilder model;
  model.input("past", {1, -1}, {"", "past_length"})
      .input("mask", {1, -1}, {"", "past_length + tokens+1"})
      .node("Relu", {"past"}, {"a"})
      .node("Relu", {"mask"}, {"b"})
      .output("a")
      .output("b");
  const ImportGraph graph = imported(model, {.dims = {{"past_length", 7}, {"tokens", 2}}});
  EXPECT_EQ(graph.value(graph.outputs.back()).shape, (OnnxShape{1, 10}));
  EXPECT_EQ(message_of(model, {.dims = {{"past_length", 7}}}),
            "m.onnx: input 'mask': expected a size for axis 1, such as --dim tokens=1, got none");
}

TEST(OnnxImport, ABatchThatTheFileFixesStays) {
  ModelBuilder model;
  model.input("x", {2, 3}).node("Relu", {"x"}, {"y"}).output("y");
  EXPECT_EQ(message_of(model, {.batch = 4}),
            "m.onnx: input 'x': expected the batch that the file fixes, 2, got 4");
}

TEST(OnnxImport, SaysWhatIsWrongWithNames) {
  ModelBuilder unknown;
  unknown.input("x", {1}).node("Relu", {"z"}, {"y"}, {}, "r").output("y");
  EXPECT_EQ(message_of(unknown), "m.onnx: r: expected the name of a tensor of the file, got 'z'");
  ModelBuilder twice;
  twice.input("x", {1}).node("Relu", {"x"}, {"y"}).node("Abs", {"x"}, {"y"}, {}, "a").output("y");
  EXPECT_EQ(message_of(twice), "m.onnx: a: expected each tensor to be made once, got 'y' again");
  ModelBuilder cycle;
  cycle.input("x", {1})
      .node("Add", {"x", "b"}, {"a"}, {}, "first")
      .node("Relu", {"a"}, {"b"}, {}, "second")
      .output("b");
  EXPECT_EQ(message_of(cycle),
            "m.onnx: first: expected a graph without cycles, got a node that waits for itself");
  ModelBuilder missing;
  missing.input("x", {1}).node("Relu", {"x"}, {"y"}).output("z");
  EXPECT_EQ(message_of(missing),
            "m.onnx: output 'z': expected an output that a node computes, got none of that name");
}

TEST(OnnxImport, AContradictionIsARefusal) {
  ModelBuilder model;
  model.input("x", {2, 3})
      .integers("to", {1}, {7})
      .node("Reshape", {"x", "to"}, {"y"}, {}, "r")
      .output("y");
  ImportGraph graph = import_graph(parse_onnx_model(model.bytes(), "m.onnx"), {});
  const auto refusals = infer_values(graph);
  ASSERT_EQ(refusals.size(), 1U);
  EXPECT_EQ(refusals[0].node, "r");
  EXPECT_EQ(refusals[0].reason, "expected a shape of the 6 elements of [2, 3], got [7]");
}

TEST(OnnxImport, ProductsOfConstantsAreConstants) {
  // Angles of rotary positions, as PyTorch writes torch.outer and Hugging Face a product.
  ModelBuilder model;
  model.input("x", {2, 2})
      .floats("positions", {2}, {1, 2})
      .floats("steps", {2}, {10, 100})
      .floats("column", {1, 2, 1}, {1, 2})
      .floats("row", {1, 1, 2}, {10, 100})
      .integers("shape", {2}, {2, 2})
      .node("Einsum", {"positions", "steps"}, {"a"}, {{"equation", std::string("i,j->ij")}})
      .node("MatMul", {"column", "row"}, {"b3"})
      .node("Reshape", {"b3", "shape"}, {"b"})
      .node("Mean", {"a", "b"}, {"m"})
      .node("Add", {"x", "m"}, {"y"})
      .output("y");
  const ImportGraph graph = imported(model);
  ASSERT_THAT(operators_of(graph), ElementsAre("Add"));
  EXPECT_THAT(graph.constant(graph.nodes[0].inputs[1])->floats(), ElementsAre(10, 100, 20, 200));
}

TEST(OnnxImport, LargeConstantsAreMadeWhenTheyAreAskedFor) {
  ModelBuilder model;
  model.input("x", {1})
      .floats("one", {}, {1})
      .integers("shape", {2}, {300, 300})
      .integers("first", {1}, {0})
      .integers("last", {1}, {1})
      .integers("flat", {1}, {1})
      .node("Expand", {"one", "shape"}, {"many"})
      .node("Cos", {"many"}, {"c"})
      .node("Add", {"c", "many"}, {"s"})
      .node("Slice", {"s", "first", "last", "first"}, {"row"})
      .node("Slice", {"row", "first", "last", "last"}, {"cell"})
      .node("Reshape", {"cell", "flat"}, {"f"})
      .node("Add", {"x", "f"}, {"y"})
      .output("y");
  const ImportGraph graph = imported(model);
  ASSERT_THAT(operators_of(graph), ElementsAre("Add"));
  EXPECT_NEAR(graph.constant(graph.nodes[0].inputs[1])->floats().at(0), std::cos(1.0F) + 1, 1e-6);
}

}  // namespace
}  // namespace systole
