#include "compiler/frontend/stablehlo/read_stablehlo_network.h"

#include <cmath>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "arch/diag/error.h"
#include "compiler/frontend/stablehlo/translate_module.h"
#include "reference/kernels/evaluator.h"
#include "tests/compiler/frontend/npy_writer.h"
#include "tests/support/temporary_directory.h"

namespace systole {
namespace {

using ::testing::ElementsAre;

std::vector<std::string> kinds_of(const Graph& graph) {
  std::vector<std::string> kinds;
  for (const Node& node : graph.nodes) {
    if (!node.is_view()) {
      kinds.push_back(node.kind);
    }
  }
  return kinds;
}

class StablehloNetwork : public ::testing::Test {
 protected:
  std::string written(const std::string& text) const {
    const std::string file = (folder_.path() / "m.mlir").string();
    std::ofstream(file) << text;
    return file;
  }
  static std::string data(const std::string& name) {
    return SYSTOLE_SOURCE_DIR "/tests/compiler/frontend/stablehlo/data/" + name + ".mlir";
  }
  static Network read(const std::string& file, const std::string& parameters = "") {
    return read_stablehlo_network(file, {{.type = DataType::Fp32, .parameters = parameters}, {}});
  }
  std::string message_of(const std::string& text, const NetworkOptions& options) const {
    try {
      static_cast<void>(read_stablehlo_network(written(text), {options, {}}));
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
  std::string message_of(const std::string& text) const {
    return message_of(text, {.type = DataType::Fp32, .parameters = "none"});
  }

  /// What the network gives for its own inputs, output by output.
  static std::vector<std::vector<float>> outputs_of(const Network& network) {
    reference::FloatEvaluator evaluator(network.graph, *network.data);
    std::map<GraphTensorId, std::vector<float>> made;
    while (!evaluator.done()) {
      const GraphTensorId output = evaluator.next_node().output();
      const auto layer = evaluator.evaluate_next();
      made[output] = {layer.values->begin(), layer.values->end()};
    }
    std::vector<std::vector<float>> outputs;
    for (const GraphTensorId output : network.graph.outputs) {
      outputs.push_back(made.at(output));
    }
    return outputs;
  }
  static std::vector<float> input_of(const Network& network, std::size_t index = 0) {
    return network.data->value(network.graph, network.graph.inputs[index]).numbers();
  }

  TemporaryDirectory folder_;
};

/// A function of one operation on inputs and weights of these types.
std::string function(const std::string& arguments, const std::string& lines,
                     const std::string& result) {
  return "func.func @main(" + arguments + ") -> " + result + " {\n" + lines +
         "\n  return %r : " + result + "\n}\n";
}

TEST_F(StablehloNetwork, AnMlpIsTwoDenseLayersInEitherForm) {
  const Network pretty = read(data("mlp"), "0-3");
  const Network generic = read(data("mlp_generic"), "0-3");
  EXPECT_THAT(kinds_of(pretty.graph), ElementsAre("dense", "dense"));
  EXPECT_THAT(kinds_of(generic.graph), ElementsAre("dense", "dense"));
  EXPECT_EQ(pretty.graph.nodes[0].activation().kind, ActivationKind::Relu);
  EXPECT_EQ(outputs_of(pretty), outputs_of(generic));
}

TEST_F(StablehloNetwork, AnMlpComputesWhatItsModuleSays) {
  const Network network = read(data("mlp"), "0-3");
  const auto weight = [&](std::size_t node, std::size_t which) {
    return network.data->value(network.graph, network.graph.nodes[node].inputs[which]).numbers();
  };
  const std::vector<float> x = input_of(network);
  const auto layer = [](const std::vector<float>& from, const std::vector<float>& weights,
                        const std::vector<float>& biases, bool relu) {
    const std::size_t columns = biases.size();
    const std::size_t features = weights.size() / columns;
    std::vector<float> to;
    for (std::size_t row = 0; row < from.size() / features; ++row) {
      for (std::size_t column = 0; column < columns; ++column) {
        double sum = biases[column];
        for (std::size_t k = 0; k < features; ++k) {
          sum += static_cast<double>(from[row * features + k]) *
                 static_cast<double>(weights[k * columns + column]);
        }
        to.push_back(static_cast<float>(relu ? std::max(sum, 0.0) : sum));
      }
    }
    return to;
  };
  const std::vector<float> hidden =
      layer(x, weight(0, kWeightsInput), weight(0, kBiasesInput), true);
  const std::vector<float> wanted =
      layer(hidden, weight(1, kWeightsInput), weight(1, kBiasesInput), false);
  ASSERT_EQ(network.graph.nodes.size(), 2U);
  EXPECT_THAT(outputs_of(network)[0], testing::Pointwise(testing::FloatNear(1e-4F), wanted));
}

TEST_F(StablehloNetwork, ACnnIsFoldedIntoItsConvolutions) {
  const Network network = read(data("cnn"));
  EXPECT_THAT(kinds_of(network.graph),
              ElementsAre("conv2d", "max_pool", "conv2d", "global_average_pool", "dense"));
  EXPECT_EQ(network.graph.inputs.size(), 1U);
  EXPECT_EQ(network.graph.tensor(network.graph.inputs[0]).name, "x");
}

TEST_F(StablehloNetwork, ATransformerBlockIsRecognised) {
  const Network network = read(data("block"));
  const std::vector<std::string> kinds = kinds_of(network.graph);
  EXPECT_EQ(std::count(kinds.begin(), kinds.end(), "layer_norm"), 2);
  EXPECT_EQ(std::count(kinds.begin(), kinds.end(), "softmax"), 1);
  EXPECT_EQ(std::count(kinds.begin(), kinds.end(), "matmul"), 2);
  for (const Node& node : network.graph.nodes) {
    if (node.name.starts_with("dot_general") && node.activation().kind != ActivationKind::None) {
      EXPECT_EQ(node.activation().kind, ActivationKind::GeluTanh) << node.name;
    }
  }
}

TEST_F(StablehloNetwork, CachesThatAreReturnedAreStatesByHead) {
  const Network network = read(data("decode"), "0-4");
  ASSERT_EQ(network.graph.states.size(), 2U);
  for (const GraphTensorId state : network.graph.states) {
    EXPECT_THAT(network.graph.tensor(state).type.extents, ElementsAre(2, 4, 16, 8));
  }
  EXPECT_EQ(network.graph.tensor(network.graph.states[0]).name, "arg5");
  // Three projections, keys and values put into their places, scores, the mask of the places that
  // hold none, shares, values, the projection of the heads: nothing is copied.
  EXPECT_THAT(kinds_of(network.graph),
              ElementsAre("dense", "dense", "dense", "append", "append", "matmul", "formula",
                          "softmax", "matmul", "dense"));
  EXPECT_EQ(network.graph.outputs.size(), 1U);  // the next place is a constant
  EXPECT_THAT(
      explain_stablehlo(data("decode"), {{.type = DataType::Fp32, .parameters = "0-4"}, {}}),
      ::testing::HasSubstr(
          "Outputs that are constants, which no layer gives: result[1]['index']\n"));
}

TEST_F(StablehloNetwork, RepeatedHeadsAreShared) {
  const Network network = read(
      written(function(
          "%q: tensor<1x3x4x2xf32>, %k: tensor<1x5x2x2xf32>",
          "  %0 = stablehlo.broadcast_in_dim %k, dims = [0, 1, 2, 4] : (tensor<1x5x2x2xf32>) -> "
          "tensor<1x5x2x2x2xf32>\n"
          "  %1 = stablehlo.reshape %0 : (tensor<1x5x2x2x2xf32>) -> tensor<1x5x4x2xf32>\n"
          "  %r = stablehlo.dot_general %q, %1, batching_dims = [0, 2] x [0, 2], "
          "contracting_dims = [3] x [3] : (tensor<1x3x4x2xf32>, tensor<1x5x4x2xf32>) -> "
          "tensor<1x4x3x5xf32>",
          "tensor<1x4x3x5xf32>")),
      "none");
  EXPECT_THAT(kinds_of(network.graph), ElementsAre("matmul"));
}

TEST_F(StablehloNetwork, OtherUpdatesArePutTogether) {
  const Network network =
      read(written(function("%x: tensor<2x8xf32>, %y: tensor<2x2xf32>",
                            "  %c = stablehlo.constant dense<0> : tensor<i32>\n"
                            "  %d = stablehlo.constant dense<3> : tensor<i32>\n"
                            "  %r = stablehlo.dynamic_update_slice %x, %y, %c, %d : "
                            "(tensor<2x8xf32>, tensor<2x2xf32>, tensor<i32>, tensor<i32>) -> "
                            "tensor<2x8xf32>",
                            "tensor<2x8xf32>")),
           "none");
  EXPECT_TRUE(network.graph.states.empty());
  const std::vector<float> x = input_of(network);
  const std::vector<float> y = input_of(network, 1);
  EXPECT_THAT(outputs_of(network),
              ElementsAre(ElementsAre(x[0], x[1], x[2], y[0], y[1], x[5], x[6], x[7], x[8], x[9],
                                      x[10], y[2], y[3], x[13], x[14], x[15])));
}

TEST_F(StablehloNetwork, TensorsHaveSixAxesAtMost) {
  // Of the first no axis is the batch's, so it is kept behind one of size 1.
  const Network network =
      read(written(function(
               "%x: tensor<1x64xf32>, %y: tensor<64xf32>",
               "  %a = stablehlo.reshape %x : (tensor<1x64xf32>) -> tensor<2x2x2x2x2x2xf32>\n"
               "  %b = stablehlo.reshape %y : (tensor<64xf32>) -> tensor<2x2x2x2x2x2xf32>\n"
               "  %s = stablehlo.add %a, %b : tensor<2x2x2x2x2x2xf32>\n"
               "  %r = stablehlo.reshape %s : (tensor<2x2x2x2x2x2xf32>) -> tensor<1x64xf32>",
               "tensor<1x64xf32>")),
           "none");
  const std::vector<float> x = input_of(network);
  const std::vector<float> y = input_of(network, 1);
  const std::vector<std::vector<float>> outputs = outputs_of(network);
  ASSERT_EQ(outputs.size(), 1U);
  ASSERT_EQ(outputs[0].size(), 64U);
  for (std::size_t i = 0; i < 64; ++i) {
    EXPECT_EQ(outputs[0][i], x[i] + y[i]) << i;
  }
  const std::string wide = "tensor<1x2x2x2x2x2x2x8xf32>";
  const auto spread = [&wide](const std::string& to, const std::string& from) {
    return "  " + to + " = stablehlo.broadcast_in_dim " + from +
           ", dims = [0, 7] : (tensor<1x8xf32>) -> " + wide + "\n";
  };
  EXPECT_THAT(
      message_of(function(
          "%x: tensor<1x8xf32>, %y: tensor<1x8xf32>",
          spread("%a", "%x") + spread("%b", "%y") + "  %r = stablehlo.add %a, %b : " + wide, wide)),
      ::testing::HasSubstr("expected a tensor of at most 6 axes, got 8"));
}

TEST_F(StablehloNetwork, LoopsAreUnrolled) {
  const Network network = read(data("rnn"), "0-2");
  const std::vector<std::string> kinds = kinds_of(network.graph);
  EXPECT_EQ(std::count(kinds.begin(), kinds.end(), "dense"), 11);  // the first state is zero
  EXPECT_EQ(network.graph.outputs.size(), 2U);
}

TEST_F(StablehloNetwork, ArgumentsAreWeightsByListLabelOrFile) {
  const std::string text = function("%arg0: tensor<2x3xf32>, %arg1: tensor<4x2xf32>",
                                    "  %r = stablehlo.dot %arg1, %arg0 : (tensor<4x2xf32>, "
                                    "tensor<2x3xf32>) -> tensor<4x3xf32>",
                                    "tensor<4x3xf32>");
  const std::string file = written(text);
  for (const std::string choice : {"0", "arg0", "0-0", "arg0-arg0"}) {
    EXPECT_THAT(kinds_of(read(file, choice).graph), ElementsAre("dense")) << choice;
  }
  EXPECT_EQ(read(file, "none").graph.inputs.size(), 2U);
  TemporaryDirectory weights;
  std::ofstream(weights.path() / "arg0.npy", std::ios::binary)
      << npy("(2, 3)", std::vector<float>{1, 2, 3, 4, 5, 6});
  const Network network = read(file, weights.path().string());
  EXPECT_THAT(network.data->value(network.graph, network.graph.nodes[0].inputs[1]).numbers(),
              ElementsAre(1, 2, 3, 4, 5, 6));
}

TEST_F(StablehloNetwork, SaysWhichArgumentsItNeedsToKnowOf) {
  const std::string two =
      function("%arg0: tensor<2x2xf32>, %arg1: tensor<2x2xf32>",
               "  %r = stablehlo.add %arg0, %arg1 : tensor<2x2xf32>", "tensor<2x2xf32>");
  EXPECT_EQ(
      message_of(two, {.type = DataType::Fp32}),
      "m.mlir:1:11: @main: expected --parameters to say which of 2 arguments are weights, such "
      "as --parameters 0-0 or --parameters none, got nothing to go by");
  EXPECT_EQ(message_of(two, {.type = DataType::Fp32, .parameters = "arg7"}),
            "systole: --parameters: expected one of arg0, arg1, their numbers 0..1, a directory or "
            "none, got 'arg7' (did you mean 'arg0'?)");
  EXPECT_EQ(message_of(two, {.type = DataType::Fp32, .parameters = "0-1"}),
            "m.mlir:1:11: @main: expected an argument that is an input, got weights alone "
            "(--parameters)");
  TemporaryDirectory empty;
  EXPECT_EQ(
      message_of(two, {.type = DataType::Fp32, .parameters = empty.path().string()}),
      "systole: --parameters: expected files of arguments, such as arg0.npy or arg0.npy, in '" +
          empty.path().string() + "', got none");
  EXPECT_EQ(message_of(two, {.batch = 3, .type = DataType::Fp32, .parameters = "none"}),
            "m.mlir:1:17: arg0: expected the batch that the file fixes, 2, got 3");
  EXPECT_EQ(message_of(two, {.dims = {{"n", 2}}, .type = DataType::Fp32, .parameters = "none"}),
            "systole: --dim: expected a network with axes of open size, got 'n'");
}

TEST_F(StablehloNetwork, SaysEverythingThatIsMissingAtOnce) {
  EXPECT_EQ(message_of("func.func @main(%arg0: tensor<4xf32>) -> tensor<4xf32> {\n"
                       "  %0 = stablehlo.tahn %arg0 : tensor<4xf32>\n"
                       "  %1 = stablehlo.tahn %0 : tensor<4xf32>\n"
                       "  %2 = stablehlo.tan %arg0 : tensor<4xcomplex<f32>>\n"
                       "  %3 = stablehlo.rng_bit_generator %1, algorithm = DEFAULT : "
                       "(tensor<4xf32>) -> tensor<4xf32>\n"
                       "  return %3 : tensor<4xf32>\n}\n"),
            "m.mlir:2:8: stablehlo.tahn: expected an operation that docs/stablehlo.md lists, got 2 "
            "of it, lines 2, 3 (did you mean 'tan'?)\n"
            "m.mlir:4:8: stablehlo.tan: expected a tensor of real or whole numbers, got "
            "tensor<4xcomplex<...>>, line 4\n"
            "m.mlir:5:8: stablehlo.rng_bit_generator: expected numbers that follow from inputs and "
            "weights, got random ones, line 5");
}

TEST_F(StablehloNetwork, SaysWhatWouldMoveByNumbers) {
  EXPECT_EQ(message_of("func.func @main(%arg0: tensor<4xf32>, %arg1: tensor<1x1xi32>) -> "
                       "tensor<4xf32> {\n"
                       "  %0 = \"stablehlo.sort\"(%arg0) <{dimension = 0 : i64}> ({\n"
                       "  ^bb0(%a: tensor<f32>, %b: tensor<f32>):\n"
                       "    %2 = stablehlo.compare LT, %a, %b : (tensor<f32>, tensor<f32>) -> "
                       "tensor<i1>\n"
                       "    stablehlo.return %2 : tensor<i1>\n"
                       "  }) : (tensor<4xf32>) -> tensor<4xf32>\n"
                       "  %1 = \"stablehlo.scatter\"(%0, %arg1, %arg0) ({\n"
                       "  ^bb0(%a: tensor<f32>, %b: tensor<f32>):\n"
                       "    stablehlo.return %b : tensor<f32>\n"
                       "  }) : (tensor<4xf32>, tensor<1x1xi32>, tensor<4xf32>) -> tensor<4xf32>\n"
                       "  return %1 : tensor<4xf32>\n}\n"),
            "m.mlir:2:8: stablehlo.sort: expected elements that stay in order or the largest of "
            "them (top_k), got a sort, line 2\n"
            "m.mlir:7:8: stablehlo.scatter: expected a part that has one place "
            "(dynamic_update_slice), got a scatter of several, line 7");
}

TEST_F(StablehloNetwork, IndicesAreIntegers) {
  const std::string message = message_of(
      "func.func @main(%x: tensor<2x8xf32>, %y: tensor<2x1xf32>, %i: tensor<f32>) -> "
      "tensor<2x8xf32> {\n"
      "  %c = stablehlo.constant dense<0> : tensor<i32>\n"
      "  %r = stablehlo.dynamic_update_slice %x, %y, %c, %i : (tensor<2x8xf32>, tensor<2x1xf32>, "
      "tensor<i32>, tensor<f32>) -> tensor<2x8xf32>\n"
      "  return %r : tensor<2x8xf32>\n}\n");
  EXPECT_EQ(message,
            "m.mlir:3:8: stablehlo.dynamic_update_slice: expected indices that are integers, got "
            "float, line 3");
}

TEST_F(StablehloNetwork, SaysHowManyOfTheLargestItTakes) {
  EXPECT_EQ(message_of("func.func @main(%x: tensor<2x8xf32>) -> tensor<2x0xf32> {\n"
                       "  %r:2 = chlo.top_k(%x, k = 0) : tensor<2x8xf32> -> (tensor<2x0xf32>, "
                       "tensor<2x0xi32>)\n"
                       "  return %r#0 : tensor<2x0xf32>\n}\n"),
            "m.mlir:2:10: chlo.top_k: expected a number of elements above 0, got 0, line 2");
}

TEST_F(StablehloNetwork, SaysWhatIsWrongAtItsPlace) {
  EXPECT_EQ(message_of(function("%a: tensor<2xf32>", "  %r = stablehlo.tanh %b : tensor<2xf32>",
                                "tensor<2xf32>")),
            "m.mlir:2:23: @main: expected a value that is made before, got '%b'");
  EXPECT_EQ(message_of("func.func @main(%a: tensor<2xf32>) -> tensor<2xf32> {\n"
                       "  %r = call @main(%a) : (tensor<2xf32>) -> tensor<2xf32>\n"
                       "  return %r : tensor<2xf32>\n}\n"),
            "m.mlir:2:8: @main: expected functions that do not call themselves, got '@main'");
  EXPECT_EQ(
      message_of(function("%a: tensor<?xf32>", "  %r = stablehlo.tanh %a : tensor<?xf32>",
                          "tensor<?xf32>")),
      "m.mlir:1:17: @main: expected a tensor of numbers, of fixed size and with elements, got "
      "tensor<?xf32>");
  EXPECT_EQ(message_of(function("%a: tensor<2xf32>", "  %r = stablehlo.tanh %a : tensor<3xf32>",
                                "tensor<3xf32>")),
            "m.mlir:2:8: stablehlo.tanh: expected a result of [2], got tensor<3xf32>, line 2");
  EXPECT_EQ(message_of("module {}"),
            "m.mlir: expected a function @main with a body, or a single one, got none");
}

TEST_F(StablehloNetwork, MasksOfLongSequencesAreComputed) {
  const std::string file = written(
      "func.func @main(%x: tensor<1x300x300xf32>) -> tensor<1x300x300xf32> {\n"
      "  %i = stablehlo.iota dim = 1 : tensor<1x300x300xi32>\n"
      "  %j = stablehlo.iota dim = 2 : tensor<1x300x300xi32>\n"
      "  %m = stablehlo.compare  GE, %i, %j,  SIGNED : (tensor<1x300x300xi32>, "
      "tensor<1x300x300xi32>) -> tensor<1x300x300xi1>\n"
      "  %c = stablehlo.constant dense<0.0> : tensor<1x300x300xf32>\n"
      "  %r = stablehlo.select %m, %x, %c : tensor<1x300x300xi1>, tensor<1x300x300xf32>\n"
      "  return %r : tensor<1x300x300xf32>\n}\n");
  const Network network = read(file);
  std::vector<float> wanted = input_of(network);
  for (std::size_t row = 0; row < 300; ++row) {
    for (std::size_t column = row + 1; column < 300; ++column) {
      wanted[row * 300 + column] = 0;
    }
  }
  EXPECT_EQ(outputs_of(network)[0], wanted);
}

TEST_F(StablehloNetwork, ThePageListsEveryOperation) {
  std::ifstream page(SYSTOLE_SOURCE_DIR "/docs/stablehlo.md");
  const std::string text{std::istreambuf_iterator<char>(page), std::istreambuf_iterator<char>()};
  const std::string table = text.substr(text.find("\n## Operations"));
  for (const std::string& operation : translated_operations()) {
    const bool is_listed = table.find(" " + operation + ",") != std::string::npos ||
                           table.find(" " + operation + " |") != std::string::npos;
    EXPECT_TRUE(is_listed) << operation;
  }
}

TEST_F(StablehloNetwork, IsToldByItsNameOrItsFirstWord) {
  const std::string file = (folder_.path() / "text").string();
  std::ofstream(file) << "// made by hand\n#loc = loc(unknown)\nmodule @m {\n}\n";
  EXPECT_TRUE(is_stablehlo_file(file));
  std::ofstream(file) << "network: m\n";
  EXPECT_FALSE(is_stablehlo_file(file));
  EXPECT_TRUE(is_stablehlo_file("nowhere.mlir"));
  EXPECT_TRUE(is_stablehlo_file("nowhere.stablehlo"));
  EXPECT_FALSE(is_stablehlo_file("nowhere.onnx"));
  EXPECT_EQ(message_of("ML\xEFR"),
            "m.mlir: expected MLIR's text, got its bytecode: print it as text");
  EXPECT_EQ(message_of("hello world"),
            "m.mlir:1:1: expected a module or a function of StableHLO, got 'hello'");
}

}  // namespace
}  // namespace systole
