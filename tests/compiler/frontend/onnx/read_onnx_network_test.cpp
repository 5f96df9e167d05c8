#include "compiler/frontend/onnx/read_onnx_network.h"

#include <string>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "arch/diag/error.h"
#include "compiler/frontend/onnx/infer_values.h"
#include "compiler/frontend/onnx/lower_graph.h"
#include "tests/compiler/frontend/onnx/model_builder.h"
#include "tests/compiler/frontend/onnx/model_numbers.h"
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
  EXPECT_EQ(
      message_of(model, {.type = DataType::Int8}),
      "m.onnx: expected --type bf16 or --quantize int8 for a network of floating numbers, got "
      "int8");
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

using Integers = std::vector<std::int64_t>;

TEST_F(OnnxNetwork, CombinesTwoTensorsElementByElement) {
  const std::vector<std::pair<std::string, std::string>> names{
      {"Mul", "mul"}, {"Sub", "sub"}, {"Div", "div"}, {"Max", "maximum"}, {"Min", "minimum"}};
  for (const auto& [onnx, kind] : names) {
    ModelBuilder model;
    model.input("x", {1, 2, 3, 4})
        .input("gate", {1, 2, 1, 1})
        .node(onnx, {"x", "gate"}, {"y"})
        .output("y");
    const Network network = read(model);
    EXPECT_THAT(kinds_of(network.graph), ElementsAre(kind)) << onnx;
    EXPECT_EQ(network.graph.tensor(network.graph.outputs[0]).shape(),
              (Shape{.batch = 1, .rows = 3, .cols = 4, .channels = 2}));
  }
}

TEST_F(OnnxNetwork, ManyTensorsAreCombinedTwoByTwo) {
  ModelBuilder model;
  model.input("a", {2, 3})
      .input("b", {2, 3})
      .input("c", {2, 1})
      .node("Max", {"a", "b", "c"}, {"y"})
      .output("y");
  EXPECT_THAT(kinds_of(read(model).graph), ElementsAre("maximum", "maximum"));
}

TEST_F(OnnxNetwork, ManyTensorsAreAddedTwoByTwo) {
  ModelBuilder model;
  model.input("a", {2, 3})
      .input("b", {2, 3})
      .input("c", {2, 3})
      .node("Sum", {"a", "b", "c"}, {"s"})
      .node("Relu", {"s"}, {"y"})
      .output("y");
  const Network network = read(model);
  ASSERT_THAT(kinds_of(network.graph), ElementsAre("add", "add", "relu"));
}

TEST_F(OnnxNetwork, ConvolutionsOfOneAxisRunAlongRows) {
  ModelBuilder model;
  model.input("x", {1, 2, 5})
      .floats("w", {1, 2, 3}, {0, 1, 2, 10, 11, 12})  // 10 in + place
      .node("Conv", {"x", "w"}, {"y"}, {{"pads", Integers{1, 1}}})
      .output("y");
  const Network network = read(model);
  ASSERT_THAT(kinds_of(network.graph), ElementsAre("conv2d"));
  const Node& node = network.graph.nodes[0];
  EXPECT_EQ(network.graph.tensor(node.output()).shape(),
            (Shape{.batch = 1, .rows = 5, .cols = 1, .channels = 1}));
  EXPECT_THAT(network.data->value(network.graph, node.inputs[kWeightsInput]).numbers(),
              ElementsAre(0, 10, 1, 11, 2, 12));
}

TEST_F(OnnxNetwork, TensorsThatTheBatchSharesAreRepeated) {
  ModelBuilder model;
  model.input("x", {2, 3}).input("b", {1, 3}).node("Mul", {"x", "b"}, {"y"}, {}, "m").output("y");
  // Both lie in one image: the second is copied once for each row of the first.
  const Network network = read(model);
  ASSERT_THAT(kinds_of(network.graph), ElementsAre("rearrange", "formula"));
  EXPECT_EQ(std::get<Rearrange>(network.graph.nodes[0].op).map, "0,0");
  EXPECT_EQ(std::get<RowFormula>(network.graph.nodes[1].op).of, "(a*b)");
  EXPECT_EQ(network.graph.batch, 1);
}

TEST_F(OnnxNetwork, ReducesTheLastAxis) {
  const std::vector<std::pair<std::string, std::vector<std::string>>> names{
      {"ReduceSum", {"reduce_sum"}},
      {"ReduceMean", {"reduce_mean"}},
      {"ReduceMax", {"reduce_max"}},
      {"ReduceSumSquare", {"mul", "reduce_sum"}},
      {"ReduceL2", {"mul", "reduce_sum", "sqrt"}},
      {"ReduceLogSum", {"reduce_sum", "log"}}};
  for (const auto& [onnx, kinds] : names) {
    ModelBuilder model(11);
    model.input("x", {2, 3, 4})
        .node(onnx, {"x"}, {"y"}, {{"axes", Integers{-1}}, {"keepdims", std::int64_t{0}}})
        .output("y");
    const Network network = read(model);
    EXPECT_EQ(kinds_of(network.graph), kinds) << onnx;
    EXPECT_EQ(network.graph.tensor(network.graph.outputs[0]).type.elements(), 6) << onnx;
    EXPECT_EQ(file_orders_of(network).at("y").shape, (Integers{2, 3})) << onnx;
  }
}

TEST_F(OnnxNetwork, MeansOfRowsAndColumnsArePools) {
  ModelBuilder model(11);
  model.input("x", {2, 3, 4, 5})
      .node("ReduceMean", {"x"}, {"m"}, {{"axes", Integers{2, 3}}})
      .node("ReduceMax", {"x"}, {"l"}, {{"axes", Integers{2, 3}}})
      .node("Sub", {"l", "m"}, {"y"})
      .output("y");
  EXPECT_THAT(kinds_of(read(model).graph), ElementsAre("global_average_pool", "max_pool", "sub"));
}

TEST_F(OnnxNetwork, ReductionsOfTheBatchAreThoseOfRowsBehindATranspose) {
  ModelBuilder model(11);
  model.input("x", {2, 3})
      .node("ReduceSum", {"x"}, {"y"}, {{"axes", Integers{0}}}, "r")
      .output("y");
  const Network network = read(model);
  ASSERT_THAT(kinds_of(network.graph), ElementsAre("reshape", "rearrange", "reshape", "formula"));
  EXPECT_EQ(std::get<Rearrange>(network.graph.nodes[1].op).map, "0..2 0..3/3");
  EXPECT_EQ(std::get<RowFormula>(network.graph.nodes[3].op).of, "sum(a)");
}

TEST_F(OnnxNetwork, SlicesAxisByAxis) {
  ModelBuilder model;
  model.input("x", {1, 4, 6, 5})
      .integers("starts", {2}, {1, 0})
      .integers("ends", {2}, {3, 6})
      .integers("axes", {2}, {1, 2})
      .integers("steps", {2}, {1, 2})
      .node("Slice", {"x", "starts", "ends", "axes", "steps"}, {"y"})
      .output("y");
  const Network network = read(model);
  ASSERT_THAT(kinds_of(network.graph), ElementsAre("slice", "slice"));
  const auto& rows = std::get<SliceTensor>(network.graph.nodes[1].op);
  EXPECT_EQ(rows.axis, 1);
  EXPECT_EQ(rows.step, 2);
  EXPECT_EQ(rows.size, 3);
  EXPECT_EQ(std::get<SliceTensor>(network.graph.nodes[0].op).first, 1);
}

TEST_F(OnnxNetwork, StepsBackwardsAreCopies) {
  ModelBuilder model;
  model.input("x", {1, 4, 6, 5})
      .integers("starts", {1}, {5})
      .integers("ends", {1}, {-100})
      .integers("axes", {1}, {2})
      .integers("steps", {1}, {-1})
      .node("Slice", {"x", "starts", "ends", "axes", "steps"}, {"y"}, {}, "s")
      .output("y");
  // Rows of 5 pixels with 4 channels, the last first.
  const Network network = read(model);
  ASSERT_THAT(kinds_of(network.graph), ElementsAre("reshape", "rearrange"));
  EXPECT_EQ(std::get<Rearrange>(network.graph.nodes[1].op).map, "5..0");
}

TEST_F(OnnxNetwork, SplitsIntoParts) {
  ModelBuilder model;
  model.input("x", {2, 6})
      .integers("sizes", {2}, {2, 4})
      .node("Split", {"x", "sizes"}, {"a", "b"}, {{"axis", std::int64_t{1}}})
      .output("a")
      .output("b");
  const Network network = read(model);
  ASSERT_THAT(kinds_of(network.graph), ElementsAre("slice", "slice"));
  EXPECT_EQ(std::get<SliceTensor>(network.graph.nodes[1].op).first, 2);
  EXPECT_EQ(std::get<SliceTensor>(network.graph.nodes[1].op).size, 4);
}

TEST_F(OnnxNetwork, MultipliesTwoActivations) {
  ModelBuilder model;
  model.input("q", {2, 3, 4, 5})
      .input("k", {2, 3, 6, 5})
      .node("Transpose", {"k"}, {"t"}, {{"perm", Integers{0, 1, 3, 2}}})
      .node("MatMul", {"q", "t"}, {"y"})
      .output("y");
  const Network network = read(model);
  ASSERT_THAT(kinds_of(network.graph), ElementsAre("matmul"));
  EXPECT_TRUE(std::get<Matmul>(network.graph.nodes[0].op).transpose_b);
  // Nothing here is an image: inputs lie as the file has them.
  EXPECT_EQ(network.graph.tensor(network.graph.inputs[0]).type.extents, (Extents{2, 3, 4, 5}));
}

TEST_F(OnnxNetwork, LogarithmsOfSoftmaxStayFinite) {
  ModelBuilder model;
  model.input("x", {2, 6}).node("LogSoftmax", {"x"}, {"y"}).output("y");
  const Network network = read(model);
  ASSERT_THAT(kinds_of(network.graph), ElementsAre("formula"));
  EXPECT_EQ(std::get<RowFormula>(network.graph.nodes[0].op).of,
            "(a-largest(a))-log(sum(exp(a-largest(a))))");
}

TEST_F(OnnxNetwork, EnlargesImagesByWholeFactors) {
  ModelBuilder model;
  model.input("x", {1, 2, 3, 4})
      .floats("scales", {4}, {1, 1, 2, 2})
      .node("Resize", {"x", "", "scales"}, {"y"})
      .output("y");
  const Network network = read(model);
  ASSERT_THAT(kinds_of(network.graph), ElementsAre("resize"));
  EXPECT_EQ(std::get<ResizeTensor>(network.graph.nodes[0].op).factor, 2);
}

TEST_F(OnnxNetwork, ResizesBetweenPixelsAreProductsWithAMatrix) {
  ModelBuilder model;
  model.input("x", {1, 2, 3, 4})
      .floats("scales", {4}, {1, 1, 2, 2})
      .node("Resize", {"x", "", "scales"}, {"y"}, {{"mode", std::string("linear")}}, "r")
      .output("y");
  const Network network = read(model);
  ASSERT_THAT(kinds_of(network.graph), ElementsAre("reshape", "rearrange", "reshape", "dense",
                                                   "reshape", "rearrange", "reshape", "dense"));
  // Rows: output 0 lies at -1/4, before the first; output 1 at 1/4.
  const std::vector<float> rows =
      network.data->value(network.graph, network.graph.nodes[3].inputs[kWeightsInput]).numbers();
  EXPECT_THAT(std::vector<float>(rows.begin(), rows.begin() + 3), ElementsAre(1, 0.75, 0.25));
}

TEST_F(OnnxNetwork, EveryOperatorThatBecomesLayersHasAShape) {
  for (const std::string& op : lowered_operators()) {
    EXPECT_TRUE(is_inferred(op)) << op;
  }
}

TEST_F(OnnxNetwork, ConstantsAreParametersWhereTheyAreNoSingleNumber) {
  ModelBuilder model;
  model.input("x", {2, 3, 4})
      .floats("c", {3, 1}, {1, 2, 3})
      .floats("k", {}, {0.5})
      .node("Mul", {"x", "c"}, {"m"})
      .node("Sub", {"k", "m"}, {"y"})
      .output("y");
  const Network network = read(model);
  ASSERT_THAT(kinds_of(network.graph), ElementsAre("formula", "formula"));
  EXPECT_EQ(std::get<RowFormula>(network.graph.nodes[0].op).of, "(a*p)");
  EXPECT_EQ(std::get<RowFormula>(network.graph.nodes[1].op).of, "(0.5-a)");
  // Three rows of four features, over and over.
  EXPECT_THAT(network.data->value(network.graph, network.graph.nodes[0].inputs[1]).numbers(),
              ElementsAre(1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3));
}

TEST_F(OnnxNetwork, TheFirstPartOfAnImageIsACopyOfOnePixel) {
  ModelBuilder model;
  model.input("x", {3, 2})
      .integers("first", {1}, {0})
      .node("Gather", {"x", "first"}, {"y"})
      .output("y");
  const Network network = read(model);
  ASSERT_THAT(kinds_of(network.graph), ElementsAre("reshape", "rearrange"));
  EXPECT_EQ(std::get<Rearrange>(network.graph.nodes[1].op).map, "0");
}

TEST_F(OnnxNetwork, ConstantsBesideATensorAreAddedToZeros) {
  ModelBuilder model;
  model.input("x", {1, 2, 3})
      .floats("c", {1, 1, 3}, {7, 8, 9})
      .node("Concat", {"c", "x"}, {"y"}, {{"axis", std::int64_t{1}}})
      .output("y");
  const Network network = read(model);
  ASSERT_THAT(kinds_of(network.graph), ElementsAre("reshape", "rearrange", "formula"));
  EXPECT_EQ(std::get<Rearrange>(network.graph.nodes[1].op).map, "-,0..1");
  EXPECT_THAT(network.data->value(network.graph, network.graph.nodes[2].inputs[1]).numbers(),
              ElementsAre(7, 8, 9, 0, 0, 0, 0, 0, 0));
}

TEST_F(OnnxNetwork, WholeNumbersAreOrderedButNotAdded) {
  ModelBuilder model;
  model.input("x", {1, 4}, {}, 7).node("Abs", {"x"}, {"y"}).output("y");
  EXPECT_THAT(kinds_of(read(model).graph), ElementsAre("formula"));
  ModelBuilder sum;
  sum.input("x", {1, 4}, {}, 7).node("Add", {"x", "x"}, {"y"}, {}, "s").output("y");
  EXPECT_EQ(message_of(sum),
            "m.onnx: Add: expected floating numbers, got int64, whose results bf16 would round, "
            "in 1 node (s)");
}

TEST_F(OnnxNetwork, FilesOfNumbersHaveTheAxesOfTheModel) {
  for (const Integers& shape : {Integers{6}, Integers{2, 3, 4}, Integers{1, 2, 3, 4, 5}}) {
    ModelBuilder model;
    model.input("x", shape).node("Relu", {"x"}, {"y"}).output("y");
    const FileOrders orders = file_orders_of(read(model));
    EXPECT_EQ(orders.at("x").shape, shape);
    EXPECT_EQ(orders.at("y").shape, shape);
  }
}

TEST_F(OnnxNetwork, ViewsOfInputsAreCopiedOut) {
  ModelBuilder model;
  model.input("x", {2, 3})
      .node("Identity", {"x"}, {"y"})
      .node("Transpose", {"x"}, {"t"}, {{"perm", Integers{1, 0}}})
      .output("y")
      .output("t");
  const Network network = read(model);
  ASSERT_THAT(kinds_of(network.graph), ElementsAre("slice", "slice"));
  EXPECT_EQ(network.graph.tensor(network.graph.outputs[0]).name, "y");
  EXPECT_EQ(file_orders_of(network).at("t").shape, (Integers{3, 2}));
}

TEST_F(OnnxNetwork, ARowAndAColumnMakeAMatrix) {
  ModelBuilder model;
  model.input("x", {2, 1})
      .floats("row", {1, 3}, {1, 2, 3})
      .node("Mul", {"x", "row"}, {"y"})
      .output("y");
  const Network network = read(model);
  EXPECT_EQ(network.graph.tensor(network.graph.outputs[0]).type.elements(), 6);
}

TEST_F(OnnxNetwork, ARefusedNodeIsTheOnlyReasonWhereNothingFollowsFromIt) {
  ModelBuilder model;
  model.input("x", {1, 3})
      .integers("shape", {2}, {2, 2})
      .node("Reshape", {"x", "shape"}, {"y"}, {}, "reshape")
      .output("y");
  EXPECT_EQ(message_of(model),
            "m.onnx: Reshape: expected a shape of the 3 elements of [1, 3], got [2, 2], in 1 node "
            "(reshape)");
}

TEST_F(OnnxNetwork, OperatorsWithoutTheirInputsAreRefused) {
  for (const std::string op : {"Softmax", "Conv", "MatMul", "Mul", "Transpose", "Concat", "Reshape",
                               "LayerNormalization", "Split", "Gather", "TopK", "If"}) {
    ModelBuilder model;
    model.input("x", {1, 3})
        .node(op, {}, {"a"}, {}, "lost")
        .node("Add", {"x", "a"}, {"y"})
        .output("y");
    EXPECT_THAT(message_of(model), ::testing::StartsWith("m.onnx: ")) << op;
  }
}

TEST_F(OnnxNetwork, ANumberHasNoSoftmax) {
  ModelBuilder model;
  model.input("x", {}).node("Softmax", {"x"}, {"y"}, {}, "alone").output("y");
  EXPECT_EQ(message_of(model),
            "m.onnx: Softmax: expected a tensor with an axis, got a number, in 1 node (alone)");
}

TEST_F(OnnxNetwork, LimitsAreSingleNumbers) {
  // As many axes as the numbers, more, and a number where the limits are many.
  const std::vector<ModelBuilder::Shape> shapes[] = {
      {{2, 3}, {2, 3}}, {{3}, {2, 3}}, {{}, {10, 4, 5}}, {{2, 1}, {2, 3}}};
  for (const auto& shape : shapes) {
    ModelBuilder model;
    model.input("x", shape[0])
        .input("limit", shape[1])
        .node("Clip", {"x", "limit"}, {"y"}, {}, "cut")
        .output("y");
    EXPECT_EQ(message_of(model),
              fmt::format("m.onnx: Clip: expected a limit that is one number, got [{}], in 1 node "
                          "(cut)",
                          fmt::join(shape[1], ", ")));
  }
}

TEST_F(OnnxNetwork, LimitsOfFewConstantsAreFoldedOthersRefused) {
  const auto limited = [](ModelBuilder& model, std::int64_t elements) {
    model.input("x", {elements})
        .floats("c", {elements}, std::vector<float>(static_cast<std::size_t>(elements), -3.0F))
        .floats("low", {}, {-1})
        .node("Clip", {"c", "low"}, {"limited"}, {}, "cut")
        .node("Add", {"x", "limited"}, {"y"})
        .output("y");
  };
  ModelBuilder few;
  limited(few, 4);
  ImportGraph graph = import_graph(parse_onnx_model(few.bytes(), "m.onnx"), {});
  EXPECT_TRUE(infer_values(graph).empty());
  const OnnxConstant* folded = graph.constant(graph.nodes.back().input(1));
  ASSERT_NE(folded, nullptr);
  EXPECT_THAT(folded->floats(), ElementsAre(-1.0F, -1.0F, -1.0F, -1.0F));
  ModelBuilder many;
  limited(many, (1 << 16) + 1);  // more than are computed while shapes are
  EXPECT_EQ(message_of(many),
            "m.onnx: Clip: expected an operator that depends on the network's inputs, got one of "
            "constants, in 1 node (cut)");
}

TEST_F(OnnxNetwork, TrianglesAreOfMatrices) {
  ModelBuilder model;
  model.input("x", {5}).node("Trilu", {"x"}, {"y"}, {}, "upper").output("y");
  EXPECT_EQ(message_of(model), "m.onnx: Trilu: expected matrices, got [5], in 1 node (upper)");
}

TEST_F(OnnxNetwork, TrianglesThatAreTooLargeEndAtOnce) {
  ModelBuilder model;
  model.input("x", {4097, 4096}).node("Trilu", {"x"}, {"y"}, {}, "upper").output("y");
  EXPECT_EQ(message_of(model),
            "m.onnx: Trilu: expected matrices of at most 2^24 elements, got [4097, 4096], in 1 "
            "node (upper)");
}

TEST_F(OnnxNetwork, ImagesThatAreTooLargeToSpreadEndAtOnce) {
  ModelBuilder model;
  model.input("x", {2, 3, 4, 1'048'576})
      .floats("w", {3, 3, 3, 3}, std::vector<float>(81, 1.0F))
      .node("ConvTranspose", {"x", "w"}, {"y"}, {{"strides", std::vector<std::int64_t>{3, 3}}},
            "spread")
      .output("y");
  EXPECT_EQ(message_of(model),
            "m.onnx: ConvTranspose: expected an image of at most 65536 rows and columns, got "
            "[2, 3, 4, 1048576], in 1 node (spread)");
}

TEST_F(OnnxNetwork, OperatorsOfPassesAreNoneOfFiles) {
  ModelBuilder model;
  model.input("x", {1, 4}).node("Append", {"x", "x"}, {"y"}, {}, "grow", "systole").output("y");
  EXPECT_EQ(message_of(model),
            "m.onnx: 'grow': expected an operator that docs/onnx.md lists, got systole.Append");
}

TEST_F(OnnxNetwork, ResultsThatNobodyComputesAreNotLeftOut) {
  ModelBuilder model;
  model.input("x", {1, 1, 4, 4})
      .node("MaxPool", {"x"}, {"y", "places"}, {{"kernel_shape", std::vector<std::int64_t>{2, 2}}},
            "pool")
      .output("y")
      .output("places");
  EXPECT_EQ(message_of(model),
            "m.onnx: MaxPool: expected a result 1 that nobody reads, got readers of 'places', in 1 "
            "node (pool)");
}

TEST_F(OnnxNetwork, OldBroadcastsAreThoseOfTheLastAxesOrNone) {
  const auto added = [this](std::int64_t axis) {
    ModelBuilder model(6);
    model.input("x", {1, 4, 4})
        .floats("b", {4}, {1, 2, 3, 4})
        .node("Add", {"x", "b"}, {"y"}, {{"broadcast", std::int64_t{1}}, {"axis", axis}}, "bias")
        .output("y");
    return message_of(model);
  };
  EXPECT_EQ(added(2), "");
  EXPECT_EQ(
      added(1),
      "m.onnx: Add: expected a second operand along the last axes of [1, 4, 4], got [4] along "
      "those from 1 on, in 1 node (bias)");
}

TEST_F(OnnxNetwork, PadsThatTakeAwayAreNamed) {
  ModelBuilder model;
  model.input("x", {1, 1, 4, 4})
      .floats("w", {1, 1, 3, 3}, std::vector<float>(9, 1.0F))
      .node("Conv", {"x", "w"}, {"y"}, {{"pads", std::vector<std::int64_t>{-1, 0, 0, 0}}}, "conv")
      .output("y");
  EXPECT_EQ(message_of(model),
            "m.onnx: Conv: expected pads in 0..16777216, got [-1, 0, 0, 0], in 1 node (conv)");
}

TEST_F(OnnxNetwork, ConstantsThatAreNoNumbersAreRefused) {
  ModelBuilder model;
  model.input("x", {2})
      .stored("words", {0}, 8, {})
      .integers("some", {2}, {1, 2})
      .node("Concat", {"some", "words"}, {"c"}, {{"axis", std::int64_t{0}}}, "join")
      .node("Add", {"x", "c"}, {"y"})
      .output("y");
  EXPECT_THAT(
      message_of(model),
      ::testing::StartsWith("m.onnx: Concat: expected numbers, got string, in 1 node (join)"));
}

}  // namespace
}  // namespace systole
