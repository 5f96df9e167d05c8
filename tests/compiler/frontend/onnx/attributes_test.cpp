#include "compiler/frontend/onnx/attributes.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/compiler/frontend/onnx/model_numbers.h"

namespace systole {
namespace {

std::string fault_of(const std::string& op,
                     const std::vector<ModelBuilder::Attribute>& attributes) {
  ModelBuilder model;
  model.input("x", {1, 2, 4, 4}).node(op, {"x"}, {"y"}, attributes).output("y");
  const ImportGraph graph = import_graph(parse_onnx_model(model.bytes(), "m.onnx"), {});
  return attribute_fault(graph.nodes.front()).value_or("");
}

TEST(OnnxAttributes, OnesThatAreKnownAreTaken) {
  EXPECT_EQ(fault_of("Softmax", {{"axis", std::int64_t{1}}}), "");
  EXPECT_EQ(fault_of("Pad", {{"mode", std::string("wrap")}}), "");
  EXPECT_EQ(fault_of("Resize", {{"antialias", std::int64_t{0}}}), "");
  EXPECT_EQ(fault_of("Relu", {{"consumed_inputs", std::vector<std::int64_t>{0}}}), "");
  EXPECT_EQ(fault_of("Frobnicate", {{"much", 3.0F}}), "");
}

TEST(OnnxAttributes, OnesThatAnOperatorHasNotAreNamed) {
  EXPECT_EQ(fault_of("Relu", {{"slope", 3.0F}}), "expected no attributes, got 'slope'");
  EXPECT_EQ(fault_of("ArgMax", {{"axes", std::int64_t{1}}}),
            "expected attributes among axis, keepdims, select_last_index, got 'axes'");
}

TEST(OnnxAttributes, OnesOfAnotherTypeAreRefused) {
  EXPECT_EQ(fault_of("Softmax", {{"axis", 1.5F}}),
            "expected an integer as attribute 'axis', got a real number");
  EXPECT_EQ(fault_of("Conv", {{"strides", std::int64_t{2}}}),
            "expected several integers as attribute 'strides', got an integer");
}

TEST(OnnxAttributes, WordsThatAreNotModelledAreRefused) {
  EXPECT_EQ(fault_of("Pad", {{"mode", std::string("mirror")}}),
            "expected constant or reflect or edge or wrap as attribute 'mode', got 'mirror'");
  EXPECT_EQ(fault_of("DepthToSpace", {{"mode", std::string("RGB")}}),
            "expected DCR or CRD as attribute 'mode', got 'RGB'");
  EXPECT_EQ(fault_of("Resize", {{"antialias", std::int64_t{1}}}),
            "expected 0 as attribute 'antialias', got '1'");
}

TEST(OnnxAttributes, AllOfAFileAreNamedAtOnce) {
  ModelBuilder model;
  model.input("x", {1, 4})
      .node("Softmax", {"x"}, {"s"}, {{"axis", 1.5F}}, "one")
      .node("Relu", {"s"}, {"y"}, {{"slope", 3.0F}}, "two")
      .output("y");
  EXPECT_EQ(
      ModelNumbers().message_of(model),
      "m.onnx: Softmax: expected an integer as attribute 'axis', got a real number, in 1 node "
      "(one)\nm.onnx: Relu: expected no attributes, got 'slope', in 1 node (two)");
}

}  // namespace
}  // namespace systole
