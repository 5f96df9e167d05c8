#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "arch/diag/error.h"
#include "compiler/frontend/onnx/read_onnx_network.h"
#include "tests/compiler/frontend/onnx/model_builder.h"
#include "tests/compiler/frontend/onnx/model_numbers.h"
#include "tests/support/temporary_directory.h"

namespace systole {
namespace {

using ::testing::ElementsAre;

constexpr int kUint8 = 2;
constexpr int kInt8 = 3;
constexpr int kInt32 = 6;

class TakeQuantization : public ::testing::Test {
 protected:
  Network read(const ModelBuilder& model, DataType type = DataType::Int8) const {
    const std::string file = (folder_.path() / "m.onnx").string();
    model.write(file);
    return read_onnx_network(file, {{.type = type}, {}, false});
  }
  std::string message_of(const ModelBuilder& model) const {
    try {
      static_cast<void>(read(model));
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

  TemporaryDirectory folder_;
};

/// QuantizeLinear and DequantizeLinear with the scale and zero point called so.
void round_trip(ModelBuilder& model, const std::string& from, const std::string& to,
                const std::string& steps) {
  model.node("QuantizeLinear", {from, steps + ".s", steps + ".z"}, {to + ".q"})
      .node("DequantizeLinear", {to + ".q", steps + ".s", steps + ".z"}, {to});
}

void add_steps(ModelBuilder& model, const std::string& name, float scale, std::int64_t zero_point,
               int type = kInt8) {
  model.floats(name + ".s", {}, {scale}).stored(name + ".z", {}, type, {zero_point});
}

/// x -> Conv with two output channels, each with a scale -> Relu -> y, all rounded to int8.
void add_convolution(ModelBuilder& model) {
  add_steps(model, "x", 0.5F, 3);
  add_steps(model, "y", 0.25F, -128);
  model.input("in", {1, 1, 1, 2})
      .stored("w.q", {2, 1, 1, 1}, kInt8, {-128, 64})
      .floats("w.s", {2}, {0.125F, 2})
      .stored("w.z", {2}, kInt8, {0, 0})
      .stored("b.q", {2}, kInt32, {-1000, 7})
      .floats("b.s", {2}, {0.0625F, 1})
      .node("DequantizeLinear", {"w.q", "w.s", "w.z"}, {"w"}, {{"axis", std::int64_t{0}}})
      .node("DequantizeLinear", {"b.q", "b.s"}, {"b"}, {{"axis", std::int64_t{0}}});
  round_trip(model, "in", "x", "x");
  model.node("Conv", {"x", "w", "b"}, {"c"}, {}, "conv").node("Relu", {"c"}, {"r"});
  round_trip(model, "r", "y", "y");
  model.output("y");
}

TEST_F(TakeQuantization, OfConvolutionsIsExact) {
  ModelBuilder model;
  add_convolution(model);
  const Network network = read(model);
  const Graph& graph = network.graph;
  ASSERT_THAT(kinds_of(graph), ElementsAre("conv2d"));
  const Node& conv = graph.nodes[0];
  EXPECT_EQ(graph.tensor(graph.inputs[0]).quantization,
            (Quantization{.scale = 0.5, .zero_point = 3}));
  EXPECT_EQ(graph.tensor(conv.output()).quantization,
            (Quantization{.scale = 0.25, .zero_point = -128}));
  EXPECT_EQ(conv.activation().kind, ActivationKind::Relu);
  EXPECT_THAT(weight_scales(graph, conv).all(), ElementsAre(0.125, 2));
  EXPECT_TRUE(weight_scales(graph, conv).by_channel());
  const LayerParameters parameters = layer_parameters(graph, *network.data, conv);
  EXPECT_THAT(parameters.weights, ElementsAre(-128, 64));
  EXPECT_THAT(parameters.biases, ElementsAre(-1000, 7));
  EXPECT_EQ(graph.tensor(conv.output()).name, "y");
  EXPECT_EQ(file_orders_of(network).at("in").shape, (std::vector<std::int64_t>{1, 1, 1, 2}));
}

TEST_F(TakeQuantization, OfAFloatingTypeLeavesTheRealsThatAreMeant) {
  ModelBuilder model;
  add_convolution(model);
  const Network network = read(model, DataType::Bf16);
  EXPECT_EQ(network.graph.input_type(), DataType::Bf16);
  const Node& conv = network.graph.nodes[0];
  EXPECT_THAT(network.data->value(network.graph, conv.inputs[kWeightsInput]).numbers(),
              ElementsAre(-16, 128));
  EXPECT_THAT(network.data->value(network.graph, conv.inputs[kBiasesInput]).numbers(),
              ElementsAre(-62.5F, 7));
}

TEST_F(TakeQuantization, OfUnsignedNumbersIsMovedBy128) {
  ModelBuilder model;
  add_steps(model, "x", 0.5F, 130, kUint8);
  add_steps(model, "y", 1, 0, kUint8);
  model.input("in", {1, 2, 1, 1}, {}, kUint8)
      .stored("w.q", {2, 3}, kUint8, {0, 128, 255, 129, 127, 128})
      .floats("w.s", {}, {0.5F})
      .stored("w.z", {}, kUint8, {128})
      .node("DequantizeLinear", {"in", "x.s", "x.z"}, {"x"})
      .node("DequantizeLinear", {"w.q", "w.s", "w.z"}, {"w"})
      .node("Flatten", {"x"}, {"f"})
      .node("MatMul", {"f", "w"}, {"m"})
      .node("QuantizeLinear", {"m", "y.s", "y.z"}, {"y"})
      .output("y");
  const Network network = read(model);
  const Graph& graph = network.graph;
  const Node& dense = graph.nodes.back();
  EXPECT_EQ(dense.kind, "dense");
  EXPECT_EQ(graph.tensor(graph.inputs[0]).quantization,
            (Quantization{.scale = 0.5, .zero_point = 2}));
  EXPECT_EQ(graph.tensor(dense.output()).quantization,
            (Quantization{.scale = 1, .zero_point = -128}));
  EXPECT_EQ(graph.tensor(dense.output()).name, "y");
  EXPECT_FALSE(weight_scales(graph, dense).by_channel());
  EXPECT_EQ(weight_scales(graph, dense).at(0), 0.5);
  EXPECT_THAT(layer_parameters(graph, *network.data, dense).weights,
              ElementsAre(-128, 0, 127, 1, -1, 0));
  // Generated integers are those that are stored.
  const auto reals = network.data->float_input(graph, graph.inputs[0]);
  const std::vector<std::int8_t> stored = network.data->value(graph, graph.inputs[0]).bytes;
  EXPECT_EQ((*reals)[0], 0.5F * static_cast<float>(stored[0] - 2));
}

TEST_F(TakeQuantization, OfWeightsThatGemmTransposesKeepsTheirScales) {
  ModelBuilder model;
  add_steps(model, "x", 0.5F, 0);
  add_steps(model, "y", 1, 0);
  model.input("in", {1, 2})
      .stored("w.q", {3, 2}, kInt8, {1, 2, 3, 4, 5, 6})
      .floats("w.s", {3}, {1, 2, 4})
      .node("DequantizeLinear", {"w.q", "w.s"}, {"w"}, {{"axis", std::int64_t{0}}});
  round_trip(model, "in", "x", "x");
  model.node("Gemm", {"x", "w"}, {"g"}, {{"transB", std::int64_t{1}}});
  round_trip(model, "g", "y", "y");
  model.output("y");
  const Network network = read(model);
  const Node& dense = network.graph.nodes.back();
  EXPECT_THAT(weight_scales(network.graph, dense).all(), ElementsAre(1, 2, 4));
  EXPECT_THAT(layer_parameters(network.graph, *network.data, dense).weights,
              ElementsAre(1, 3, 5, 2, 4, 6));
}

TEST_F(TakeQuantization, OfQLinearOperatorsIsThatAroundThem) {
  ModelBuilder model;
  add_steps(model, "x", 0.5F, 120, kUint8);
  add_steps(model, "w", 0.25F, 0);
  add_steps(model, "y", 2, 128, kUint8);
  model.input("in", {1, 1, 1, 2}, {}, kUint8)
      .stored("wq", {1, 1, 1, 1}, kInt8, {-7})
      .stored("bias", {1}, kInt32, {100})
      .node("QLinearConv", {"in", "x.s", "x.z", "wq", "w.s", "w.z", "y.s", "y.z", "bias"}, {"y"})
      .output("y");
  const Network network = read(model);
  const Graph& graph = network.graph;
  ASSERT_THAT(kinds_of(graph), ElementsAre("conv2d"));
  EXPECT_EQ(graph.tensor(graph.inputs[0]).quantization,
            (Quantization{.scale = 0.5, .zero_point = -8}));
  EXPECT_EQ(graph.tensor(graph.nodes[0].output()).quantization,
            (Quantization{.scale = 2, .zero_point = 0}));
  const LayerParameters parameters = layer_parameters(graph, *network.data, graph.nodes[0]);
  EXPECT_THAT(parameters.weights, ElementsAre(-7));
  EXPECT_THAT(parameters.biases, ElementsAre(100));
}

TEST_F(TakeQuantization, OfQLinearMatMulTakesTwoTensors) {
  ModelBuilder model;
  add_steps(model, "a", 0.5F, 1);
  add_steps(model, "b", 0.25F, 2);
  add_steps(model, "y", 2, 3);
  model.input("in_a", {2, 3}, {}, kInt8)
      .input("in_b", {3, 4}, {}, kInt8)
      .node("QLinearMatMul", {"in_a", "a.s", "a.z", "in_b", "b.s", "b.z", "y.s", "y.z"}, {"y"})
      .output("y");
  const Graph graph = read(model).graph;
  EXPECT_EQ(graph.nodes.back().kind, "matmul");
  EXPECT_EQ(graph.tensor(graph.inputs[1]).quantization,
            (Quantization{.scale = 0.25, .zero_point = 2}));
  EXPECT_EQ(graph.tensor(graph.nodes.back().output()).quantization,
            (Quantization{.scale = 2, .zero_point = 3}));
}

TEST_F(TakeQuantization, OfOnnxRuntimesOperatorsIsThatAroundThem) {
  ModelBuilder model;
  add_steps(model, "a", 0.5F, 130, kUint8);
  add_steps(model, "b", 0.25F, 128, kUint8);
  add_steps(model, "y", 2, 0, kUint8);
  model.input("in_a", {1, 4}, {}, kUint8)
      .input("in_b", {1, 4}, {}, kUint8)
      .node("QLinearAdd", {"in_a", "a.s", "a.z", "in_b", "b.s", "b.z", "y.s", "y.z"}, {"y"}, {},
            "sum", "com.microsoft")
      .output("y");
  const Graph graph = read(model).graph;
  ASSERT_THAT(kinds_of(graph), ElementsAre("add"));
  EXPECT_EQ(graph.tensor(graph.inputs[0]).quantization,
            (Quantization{.scale = 0.5, .zero_point = 2}));
  EXPECT_EQ(graph.tensor(graph.nodes[0].output()).quantization,
            (Quantization{.scale = 2, .zero_point = -128}));
}

TEST_F(TakeQuantization, OfAProductWithScalesByOutputChannel) {
  ModelBuilder model;
  add_steps(model, "x", 0.5F, 130, kUint8);
  add_steps(model, "y", 2, 0, kUint8);
  model.input("in", {1, 2}, {}, kUint8)
      .stored("w", {3, 2}, kInt8, {1, 2, 3, 4, 5, 6})
      .floats("w.s", {3}, {1, 2, 4})
      .stored("w.z", {3}, kInt8, {0, 0, 0})
      .stored("b", {3}, 6, {8, 9, 10})
      .node("QGemm", {"in", "x.s", "x.z", "w", "w.s", "w.z", "b", "y.s", "y.z"}, {"y"},
            {{"transB", std::int64_t{1}}}, "product", "com.microsoft")
      .output("y");
  const Graph graph = read(model).graph;
  ASSERT_THAT(kinds_of(graph), ElementsAre("dense"));
  EXPECT_EQ(graph.tensor(graph.nodes[0].output()).quantization,
            (Quantization{.scale = 2, .zero_point = -128}));
}

TEST_F(TakeQuantization, OfAConcatenationIsThatOfTheResult) {
  ModelBuilder model;
  add_steps(model, "a", 0.5F, 130, kUint8);
  add_steps(model, "b", 0.25F, 128, kUint8);
  add_steps(model, "y", 2, 0, kUint8);
  model.input("in_a", {1, 4}, {}, kUint8)
      .input("in_b", {1, 4}, {}, kUint8)
      .node("QLinearConcat", {"y.s", "y.z", "in_a", "a.s", "a.z", "in_b", "b.s", "b.z"}, {"y"},
            {{"axis", std::int64_t{1}}}, "join", "com.microsoft")
      .output("y");
  const Graph graph = read(model).graph;
  ASSERT_THAT(kinds_of(graph), ElementsAre("concat"));
  EXPECT_EQ(graph.tensor(graph.nodes[0].output()).quantization,
            (Quantization{.scale = 2, .zero_point = -128}));
}

TEST_F(TakeQuantization, RefusesScalesThatDoNotFit) {
  ModelBuilder model;
  add_steps(model, "x", 0.5F, 0);
  model.input("in", {1, 2})
      .stored("w.q", {2, 3}, kInt8, {1, 2, 3, 4, 5, 6})
      .floats("w.s", {2}, {1, 2})
      .node("DequantizeLinear", {"w.q", "w.s"}, {"w"}, {}, "weights");
  round_trip(model, "in", "x", "x");
  model.node("MatMul", {"x", "w"}, {"y"}, {}, "product").output("y");
  EXPECT_THAT(message_of(model), ::testing::HasSubstr("m.onnx: DequantizeLinear: expected scales"));
}

TEST_F(TakeQuantization, EndsAtOnceWhereReadersMultiply) {
  ModelBuilder model;  // 2^60 ways from the first to the last
  add_steps(model, "x", 0.5F, 0);
  model.input("in", {1, 1}).node("QuantizeLinear", {"in", "x.s", "x.z"}, {"q0"});
  for (int i = 0; i < 60; ++i) {
    const std::string from = "q" + std::to_string(i);
    const std::string both = "c" + std::to_string(i);
    model.node("Concat", {from, from}, {both}, {{"axis", std::int64_t{0}}})
        .integers(both + ".first", {1}, {0})
        .integers(both + ".end", {1}, {1})
        .node("Slice", {both, both + ".first", both + ".end"}, {"q" + std::to_string(i + 1)});
  }
  model.node("DequantizeLinear", {"q60", "x.s", "x.z"}, {"y"}).output("y");
  static_cast<void>(message_of(model));
}

TEST_F(TakeQuantization, InFrontOfAFunctionIsWhatItLooksUp) {
  ModelBuilder model;
  add_steps(model, "x", 0.5F, 0);
  add_steps(model, "m", 0.03125F, 5);
  add_steps(model, "y", 0.0078125F, 0);
  model.input("in", {1, 1, 1, 2}).floats("w", {1, 1, 1, 1}, {1});
  round_trip(model, "in", "x", "x");
  model.node("Conv", {"x", "w"}, {"c"});
  round_trip(model, "c", "m", "m");
  model.node("Tanh", {"m"}, {"t"});
  round_trip(model, "t", "y", "y");
  model.output("y");
  const Graph graph = read(model).graph;
  ASSERT_THAT(kinds_of(graph), ElementsAre("conv2d"));
  EXPECT_EQ(graph.nodes[0].activation().kind, ActivationKind::Tanh);
  EXPECT_EQ(graph.nodes[0].activation().before, (Quantization{.scale = 0.03125, .zero_point = 5}));
}

TEST_F(TakeQuantization, KeepsWhatIsRoundedInFrontOfAClampApart) {
  ModelBuilder model;
  add_steps(model, "x", 0.5F, 0);
  add_steps(model, "m", 0.25F, 0);
  add_steps(model, "y", 0.125F, -128);
  model.input("in", {1, 1, 1, 2}).floats("w", {1, 1, 1, 1}, {1});
  round_trip(model, "in", "x", "x");
  model.node("Conv", {"x", "w"}, {"c"});
  round_trip(model, "c", "m", "m");
  model.node("Relu", {"m"}, {"t"});
  round_trip(model, "t", "y", "y");
  model.output("y");
  EXPECT_THAT(kinds_of(read(model).graph), ElementsAre("conv2d", "relu"));
}

TEST_F(TakeQuantization, CopiesWhatIsQuantisedTwice) {
  ModelBuilder model;
  add_steps(model, "x", 0.5F, 0);
  add_steps(model, "y", 0.25F, 1);
  model.input("in", {1, 4});
  round_trip(model, "in", "x", "x");
  round_trip(model, "x", "y", "y");
  model.output("y");
  const Graph graph = read(model).graph;
  ASSERT_EQ(graph.nodes.size(), 1U);
  EXPECT_EQ(graph.tensor(graph.inputs[0]).quantization.scale, 0.5);
  EXPECT_EQ(graph.tensor(graph.nodes[0].output()).quantization,
            (Quantization{.scale = 0.25, .zero_point = 1}));
}

TEST_F(TakeQuantization, GoesThroughOperatorsThatMoveNumbers) {
  ModelBuilder model;
  add_steps(model, "x", 0.5F, 0);
  model.input("in", {1, 1, 2, 2})
      .node("QuantizeLinear", {"in", "x.s", "x.z"}, {"q"})
      .node("MaxPool", {"q"}, {"p"}, {{"kernel_shape", std::vector<std::int64_t>{2, 2}}})
      .node("DequantizeLinear", {"p", "x.s", "x.z"}, {"y"})
      .output("y");
  const Graph graph = read(model).graph;
  ASSERT_THAT(kinds_of(graph), ElementsAre("max_pool"));
  EXPECT_EQ(graph.tensor(graph.nodes[0].output()).quantization.scale, 0.5);
}

/// A product as ONNX Runtime quantises it dynamically.
void add_dynamic(ModelBuilder& model) {
  model.input("in", {1, 2})
      .stored("w.q", {2, 3}, kInt8, {1, 2, 3, 4, 5, -6})
      .floats("w.s", {3}, {0.5F, 1, 2})
      .stored("w.z", {3}, kInt8, {0, 0, 0})
      .floats("b", {3}, {1, 2, 3})
      .node("DynamicQuantizeLinear", {"in"}, {"q", "s", "z"})
      .node("MatMulInteger", {"q", "w.q", "z", "w.z"}, {"i"})
      .node("Cast", {"i"}, {"f"}, {{"to", std::int64_t{1}}})
      .node("Mul", {"s", "w.s"}, {"both"})
      .node("Mul", {"f", "both"}, {"m"}, {}, "product")
      .node("Add", {"m", "b"}, {"y"})
      .output("y");
}

TEST_F(TakeQuantization, OfDynamicScalesLeavesReals) {
  ModelBuilder model;
  add_dynamic(model);
  const Network network = read(model, DataType::Fp32);
  ASSERT_THAT(kinds_of(network.graph), ElementsAre("dense"));
  const Node& dense = network.graph.nodes[0];
  EXPECT_THAT(network.data->value(network.graph, dense.inputs[kWeightsInput]).numbers(),
              ElementsAre(0.5F, 2, 6, 2, 5, -12));
  EXPECT_THAT(network.data->value(network.graph, dense.inputs[kBiasesInput]).numbers(),
              ElementsAre(1, 2, 3));
  const QuantizationChoice said = file_quantization_of(network);
  EXPECT_TRUE(said.tensors.empty());
  EXPECT_THAT(said.weights.at(dense.inputs[kWeightsInput]).all(), ElementsAre(0.5, 1, 2));
}

TEST_F(TakeQuantization, AsksForWhatTheFileDoesNotSay) {
  ModelBuilder model;
  add_steps(model, "x", 0.5F, 0);
  model.input("in", {1, 1, 1, 2}).floats("w", {1, 1, 1, 1}, {1});
  round_trip(model, "in", "x", "x");
  model.node("Conv", {"x", "w"}, {"y"}, {}, "conv").output("y");
  EXPECT_EQ(
      message_of(model),
      "m.onnx: conv: expected a quantisation in the file, or --quantize int8, which finds one, "
      "got neither");
}

TEST_F(TakeQuantization, GoesThroughCastsOfPyTorch) {
  ModelBuilder model;
  add_steps(model, "x", 0.5F, 128, kUint8);
  model.input("in", {1, 1, 2, 2})
      .node("QuantizeLinear", {"in", "x.s", "x.z"}, {"q"})
      .node("Cast", {"q"}, {"c"}, {{"to", std::int64_t{kUint8}}})
      .node("DequantizeLinear", {"c", "x.s", "x.z"}, {"d"})
      .node("MaxPool", {"d"}, {"y"}, {{"kernel_shape", std::vector<std::int64_t>{2, 2}}})
      .output("y");
  const Graph graph = read(model).graph;
  ASSERT_THAT(kinds_of(graph), ElementsAre("max_pool"));
  EXPECT_EQ(graph.tensor(graph.inputs[0]).quantization,
            (Quantization{.scale = 0.5, .zero_point = 0}));
}

TEST_F(TakeQuantization, AnInputMayBeAnOutput) {
  ModelBuilder model;
  add_steps(model, "x", 0.5F, 128, kUint8);
  model.input("in", {1, 4}).node("QuantizeLinear", {"in", "x.s", "x.z"}, {"q"}).output("q");
  const Graph graph = read(model).graph;
  ASSERT_EQ(graph.nodes.size(), 1U);  // a copy
  EXPECT_EQ(graph.tensor(graph.outputs[0]).name, "q");
  EXPECT_EQ(graph.tensor(graph.outputs[0]).quantization,
            (Quantization{.scale = 0.5, .zero_point = 0}));
}

TEST_F(TakeQuantization, RefusesIntegersThatAreComputedWith) {
  const std::string reason =
      ": expected scales and zero points that stand in the file, one for each tensor of "
      "activations, and int8 or uint8 that are dequantised again, got something else, in 1 node ";
  ModelBuilder cast;
  add_steps(cast, "x", 0.5F, 0);
  cast.input("in", {1, 4})
      .node("QuantizeLinear", {"in", "x.s", "x.z"}, {"q"}, {}, "quantize")
      .node("Cast", {"q"}, {"y"}, {{"to", std::int64_t{1}}})
      .output("y");
  EXPECT_EQ(message_of(cast), "m.onnx: QuantizeLinear" + reason + "(quantize)");
  ModelBuilder open;
  open.input("in", {1, 4})
      .input("s", {})
      .node("QuantizeLinear", {"in", "s"}, {"q"}, {}, "quantize");
  open.node("DequantizeLinear", {"q", "s"}, {"y"}, {}, "back").output("y");
  EXPECT_EQ(message_of(open), "m.onnx: QuantizeLinear" + reason + "(quantize)\n" +
                                  "m.onnx: DequantizeLinear" + reason + "(back)");
}

}  // namespace
}  // namespace systole
