#include "compiler/frontend/onnx/read_onnx_network.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "arch/diag/error.h"
#include "tests/compiler/frontend/onnx/model_builder.h"
#include "tests/support/temporary_directory.h"

namespace systole {
namespace {

using ::testing::ElementsAre;

class OnnxNetwork : public ::testing::Test {
 protected:
  std::string written(const ModelBuilder& model) const {
    const std::string file = (folder_.path() / "m.onnx").string();
    model.write(file);
    return file;
  }
  Network read(const ModelBuilder& model) const {
    return read_onnx_network(written(model), {{.type = DataType::Bf16}, {}, false});
  }
  std::string message_of(const ModelBuilder& model, const NetworkOptions& options) const {
    try {
      static_cast<void>(read_onnx_network(written(model), {options, {}, false}));
    } catch (const UserError& error) {
      std::string message = error.what();
      const std::string folder = folder_.path().string() + "/";
      for (auto at = message.find(folder); at != std::string::npos; at = message.find(folder)) {
        message.erase(at, folder.size());
      }
      return message;
    }
    return "";
  }
  std::string message_of(const ModelBuilder& model) const {
    return message_of(model, {.type = DataType::Bf16});
  }

  TemporaryDirectory folder_;
};

std::vector<std::string> kinds_of(const Graph& graph) {
  std::vector<std::string> kinds;
  for (const Node& node : graph.nodes) {
    kinds.push_back(node.kind);
  }
  return kinds;
}

TEST_F(OnnxNetwork, ConvolutionsHaveTheirChannelsLast) {
  ModelBuilder model;
  model
      .input("x", {1, 2, 1, 2})
      // out, in, row, column: 100 out + 10 in + column
      .floats("w", {3, 2, 1, 2}, {0, 1, 10, 11, 100, 101, 110, 111, 200, 201, 210, 211})
      .floats("b", {3}, {1, 2, 3})
      .node("Conv", {"x", "w", "b"}, {"c"}, {}, "conv")
      .node("Relu", {"c"}, {"y"})
      .output("y");
  const Network network = read(model);
  ASSERT_THAT(kinds_of(network.graph), ElementsAre("conv2d"));
  const Node& node = network.graph.nodes[0];
  EXPECT_EQ(node.name, "conv");
  EXPECT_EQ(node.activation().kind, ActivationKind::Relu);
  EXPECT_EQ(network.graph.tensor(node.output()).name, "y");
  // [column][in][out]
  EXPECT_THAT(network.data->value(network.graph, node.inputs[kWeightsInput]).numbers(),
              ElementsAre(0, 100, 200, 10, 110, 210, 1, 101, 201, 11, 111, 211));
  EXPECT_THAT(network.data->value(network.graph, node.inputs[kBiasesInput]).numbers(),
              ElementsAre(1, 2, 3));
  EXPECT_EQ(file_orders_of(network).at("x").shape, (std::vector<std::int64_t>{1, 2, 1, 2}));
}

TEST_F(OnnxNetwork, GroupsKeepTheirWeightsApart) {
  ModelBuilder model;
  model
      .input("x", {1, 4, 1, 1})
      // out, in of the group: 10 out + in
      .floats("w", {4, 2, 1, 1}, {0, 1, 10, 11, 20, 21, 30, 31})
      .node("Conv", {"x", "w"}, {"y"}, {{"group", std::int64_t{2}}})
      .output("y");
  const Network network = read(model);
  const Node& node = network.graph.nodes[0];
  // [group][in of the group][out of the group]
  EXPECT_THAT(network.data->value(network.graph, node.inputs[kWeightsInput]).numbers(),
              ElementsAre(0, 10, 1, 11, 20, 30, 21, 31));
}

TEST_F(OnnxNetwork, AFlattenedImageReordersTheWeightsBehindIt) {
  ModelBuilder model;
  model.input("x", {1, 2, 1, 2})
      .floats("w", {4, 1}, {0, 1, 10, 11})  // by channel and column
      .node("Relu", {"x"}, {"r"})
      .node("Flatten", {"r"}, {"f"})
      .node("MatMul", {"f", "w"}, {"y"})
      .output("y");
  const Network network = read(model);
  ASSERT_THAT(kinds_of(network.graph), ElementsAre("relu", "flatten", "dense"));
  const Node& node = network.graph.nodes.back();
  EXPECT_THAT(network.data->value(network.graph, node.inputs[kWeightsInput]).numbers(),
              ElementsAre(0, 10, 1, 11));
}

TEST_F(OnnxNetwork, ShuffledChannelsReorderTheWeightsBehindThem) {
  // 4 channels as 2 x 2, exchanged: channel 2 a + b becomes 2 b + a.
  ModelBuilder model;
  model.input("x", {1, 4, 2, 2})
      .integers("groups", {5}, {1, 2, 2, 2, 2})
      .integers("image", {4}, {1, 4, 2, 2})
      .floats("w", {1, 4, 1, 1}, {0, 1, 2, 3})
      .node("Reshape", {"x", "groups"}, {"a"})
      .node("Transpose", {"a"}, {"b"}, {{"perm", std::vector<std::int64_t>{0, 2, 1, 3, 4}}})
      .node("Reshape", {"b", "image"}, {"c"})
      .node("Conv", {"c", "w"}, {"y"})
      .output("y");
  const Network network = read(model);
  ASSERT_THAT(kinds_of(network.graph), ElementsAre("conv2d"));
  EXPECT_THAT(
      network.data->value(network.graph, network.graph.nodes[0].inputs[kWeightsInput]).numbers(),
      ElementsAre(0, 2, 1, 3));
}

TEST_F(OnnxNetwork, MaxPoolsThatRoundUpPadBehind) {
  ModelBuilder model;
  model.input("x", {1, 1, 5, 5})
      .node("MaxPool", {"x"}, {"y"},
            {{"kernel_shape", std::vector<std::int64_t>{2, 2}},
             {"strides", std::vector<std::int64_t>{2, 2}},
             {"ceil_mode", std::int64_t{1}}})
      .output("y");
  const Network network = read(model);
  EXPECT_EQ(network.graph.tensor(network.graph.outputs[0]).shape(),
            (Shape{.batch = 1, .rows = 3, .cols = 3, .channels = 1}));
}

TEST_F(OnnxNetwork, ConcatenatesTheChannelsOfOneImage) {
  ModelBuilder model;
  model.input("x", {1, 2, 3, 4})
      .node("Relu", {"x"}, {"a"})
      .node("Sigmoid", {"x"}, {"b"})
      .node("Concat", {"a", "b"}, {"y"}, {{"axis", std::int64_t{1}}})
      .output("y");
  const Network network = read(model);
  EXPECT_EQ(network.graph.tensor(network.graph.outputs[0]).shape(),
            (Shape{.batch = 1, .rows = 3, .cols = 4, .channels = 4}));
}

TEST_F(OnnxNetwork, SaysEverythingThatIsMissingAtOnce) {
  ModelBuilder model;
  model.input("x", {1, 4})
      .node("NonZero", {"x"}, {"a"}, {}, "n1")
      .node("Relus", {"x"}, {"b"}, {}, "r1")
      .node("Relus", {"b"}, {"c"}, {}, "r2")
      .node("Softmax", {"x"}, {"d"}, {{"axis", std::int64_t{1}}}, "s")
      .node("Foo", {"d"}, {"y"}, {}, "f", "com.example")
      .output("y")
      .output("a")
      .output("c");
  EXPECT_EQ(
      message_of(model),
      "m.onnx: NonZero: expected an operator that docs/onnx.md lists, got 1 node (n1)\n"
      "m.onnx: Relus: expected an operator that docs/onnx.md lists, got 2 nodes (r1, r2) (did you "
      "mean 'Relu'?)\n"
      "m.onnx: com.example.Foo: expected an operator that docs/onnx.md lists, got 1 node (f)");
}

TEST_F(OnnxNetwork, FloatingNumbersWantAFloatingType) {
  ModelBuilder model;
  model.input("x", {1, 4}).node("Relu", {"x"}, {"y"}).output("y");
  EXPECT_EQ(message_of(model, {.type = DataType::Int8}),
            "m.onnx: expected --type bf16 for a network of floating numbers, got int8");
  const OnnxOptions options{{.type = DataType::Int8}, {DataType::Bf16}, false};
  EXPECT_EQ(read_onnx_network(written(model), options).graph.input_type(), DataType::Bf16);
}

TEST_F(OnnxNetwork, InputsComeFromFilesInTheirOrder) {
  ModelBuilder model;
  model.input("x", {1, 2, 1, 3}).node("Relu", {"x"}, {"y"}).output("y");
  std::string header = "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 2, 1, 3), }";
  header.append(118 - header.size() - 1, ' ').append("\n");
  std::string npy("\x93NUMPY\x01\0\x76\0", 10);
  npy += header;
  const std::vector<float> numbers{0, 1, 2, 10, 11, 12};
  npy.append(reinterpret_cast<const char*>(numbers.data()), numbers.size() * sizeof(float));
  const std::string file = folder_.write("x.npy", npy);
  const Network network = read_onnx_network(
      written(model), {{.type = DataType::Bf16, .input_files = {{"x", file}}}, {}, false});
  EXPECT_THAT(network.data->value(network.graph, network.graph.inputs[0]).numbers(),
              ElementsAre(0, 10, 1, 11, 2, 12));
  EXPECT_EQ(message_of(model, {.type = DataType::Bf16, .input_files = {{"y", file}}}),
            "m.onnx: inputs: expected x, got 'y' (did you mean 'x'?)");
}

}  // namespace
}  // namespace systole
