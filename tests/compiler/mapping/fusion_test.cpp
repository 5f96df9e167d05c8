#include "compiler/mapping/fusion.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "compiler/compile.h"
#include "compiler/frontend/read_network.h"

namespace systole {
namespace {

using testing::ElementsAre;

/// Two 1 x 1 convolutions of x, 4 channels each, and what the test says behind them.
Graph network(const std::string& layers, DataType type = DataType::Int8) {
  return parse_network(
             "network: n\ninputs: [{name: x, rows: 4, cols: 4, channels: 4}]\nlayers:\n"
             "- {name: a, op: conv2d, channels: 4, kernel: 1}\n"
             "- {name: b, op: conv2d, channels: 4, kernel: 1, input: x}\n" +
                 layers,
             "n.yaml", {.type = type})
      .graph;
}

std::vector<std::string> fused(const Graph& graph) {
  std::vector<std::string> names;
  for (const Node& node : graph.nodes) {
    if (node.fused) {
      names.push_back(node.name);
    }
  }
  return names;
}

std::vector<std::string> fused_of(const std::string& layers, DataType type = DataType::Int8) {
  return fused(with_fusions(network(layers, type), {}));
}

TEST(Fusion, AnAdditionBehindTheLayerWithWeightsWhoseResultItReads) {
  const Graph graph = with_fusions(network("- {name: s, op: add, inputs: [a, b]}\n"), {});
  EXPECT_THAT(fused(graph), ElementsAre("s"));
  EXPECT_EQ(graph.nodes[2].fused, 1U);  // b, the layer before
  EXPECT_TRUE(graph.nodes[2].is_view());
  EXPECT_EQ(graph.nodes[2].shared_input(), 1U);
  EXPECT_EQ(fused_behind(graph, 1), &graph.nodes[2]);
  EXPECT_EQ(fused_behind(graph, 0), nullptr);
  EXPECT_EQ(fused_behind(graph, 2), nullptr);
}

TEST(Fusion, AnActivationAsALayer) {
  EXPECT_THAT(fused_of("- {name: r, op: relu}\n"), ElementsAre("r"));
  EXPECT_THAT(fused_of("- {name: t, op: tanh}\n"), ElementsAre("t"));
  EXPECT_THAT(fused_of("- {name: t, op: tanh}\n", DataType::Bf16), ElementsAre("t"));
}

TEST(Fusion, OfRealsAnyMeetingOfTwoTensorsOfOneShape) {
  EXPECT_THAT(fused_of("- {name: p, op: mul, inputs: [a, b]}\n", DataType::Bf16), ElementsAre("p"));
  EXPECT_THAT(fused_of("- {name: p, op: maximum, inputs: [b, a]}\n", DataType::Bf16),
              ElementsAre("p"));
  EXPECT_THAT(fused_of("- {name: p, op: mul, inputs: [a, b]}\n", DataType::Int8), ElementsAre());
  // A single pixel for all of an image, a single channel.
  const std::string pixel = "- {name: g, op: global_average_pool, input: x}\n";
  const std::string conv = "- {name: c, op: conv2d, channels: 4, kernel: 1, input: x}\n";
  EXPECT_THAT(fused_of(pixel + conv + "- {name: p, op: mul, inputs: [c, g]}\n", DataType::Bf16),
              ElementsAre());
  EXPECT_THAT(fused_of("- {name: c, op: conv2d, channels: 1, kernel: 1, input: x}\n"
                       "- {name: p, op: mul, inputs: [a, c]}\n",
                       DataType::Bf16),
              ElementsAre());
}

TEST(Fusion, WhatANodeDoesWithTwoTensors) {
  const auto meeting = [](const std::string& layer) {
    return meeting_of(network(layer, DataType::Bf16).nodes.back());
  };
  EXPECT_EQ(meeting("- {name: s, op: add, inputs: [a, b]}\n"), PairKind::Add);
  EXPECT_EQ(meeting("- {name: s, op: div, inputs: [a, b]}\n"), PairKind::Divide);
  EXPECT_EQ(meeting("- {name: s, op: relu}\n"), std::nullopt);
  EXPECT_EQ(meeting("- {name: s, op: layer_norm}\n"), std::nullopt);
  EXPECT_EQ(meeting("- {name: s, op: mul_constant, extents: [4]}\n"), std::nullopt);
}

TEST(Fusion, BehindAProductOfTwoTensors) {
  EXPECT_THAT(fused_of("- {name: m, op: matmul, inputs: [a, b], transpose_b: true}\n"
                       "- {name: r, op: relu}\n"),
              ElementsAre("r"));
}

TEST(Fusion, CanBeTakenApart) {
  Graph graph = with_fusions(network("- {name: s, op: add, inputs: [a, b]}\n"), {});
  EXPECT_EQ(graph.nodes[1].added, graph.nodes[0].output());
  EXPECT_EQ(graph.operand_count(graph.nodes[1]), 2U);
  EXPECT_EQ(graph.operand(graph.nodes[1], 1), graph.nodes[0].output());
  take_apart(graph, 1);
  EXPECT_THAT(fused(graph), ElementsAre());
  EXPECT_EQ(graph.nodes[1].added, std::nullopt);
  EXPECT_EQ(graph.operand_count(graph.nodes[1]), 1U);
}

TEST(Fusion, NotWhereSomebodyElseReadsTheResult) {
  EXPECT_THAT(fused_of("- {name: s, op: add, inputs: [a, b]}\n"
                       "- {name: t, op: add, inputs: [s, b]}\n"),
              ElementsAre());
  EXPECT_THAT(fused_of("- {name: s, op: add, inputs: [b, b]}\n"), ElementsAre());
  const Graph graph = network("- {name: s, op: add, inputs: [a, b]}\n");
  EXPECT_THAT(fused(with_fusions(graph, {"b"})), ElementsAre());
  EXPECT_THAT(fused(with_fusions(graph, {"a"})), ElementsAre("s"));
}

TEST(Fusion, NotBehindWhatHasNoWeightsOrIsNotJustBefore) {
  EXPECT_THAT(fused_of("- {name: p, op: max_pool, kernel: 1}\n- {name: r, op: relu}\n"),
              ElementsAre());
  EXPECT_THAT(fused_of("- {name: p, op: max_pool, kernel: 1, input: a}\n"
                       "- {name: s, op: add, inputs: [p, b]}\n"),
              ElementsAre());
}

TEST(Fusion, NotBehindATableOfInt8OrAFunctionThatASecondOneFollows) {
  const auto behind = [](const std::string& first, const std::string& second) {
    return "- {name: c, op: conv2d, channels: 4, kernel: 1, input: x, activation: " + first +
           "}\n- {name: d, op: " + second + "}\n";
  };
  EXPECT_THAT(fused_of(behind("tanh", "add, inputs: [a, c]")), ElementsAre());
  EXPECT_THAT(fused_of(behind("tanh", "relu")), ElementsAre());
  EXPECT_THAT(fused_of(behind("relu", "tanh")), ElementsAre("d"));
  EXPECT_THAT(fused_of(behind("tanh", "add, inputs: [a, c]"), DataType::Bf16), ElementsAre("d"));
  EXPECT_THAT(fused_of(behind("tanh", "relu"), DataType::Bf16), ElementsAre());
  EXPECT_THAT(fused_of(behind("relu", "tanh"), DataType::Bf16), ElementsAre("d"));
}

/// One loop for each piece of the layer's sums, and none of the addition's own.
TEST(Fusion, TheProgramSaysSo) {
  const ChipSpec chip = read_chip(SYSTOLE_SOURCE_DIR "/configs/chips/edge.yaml");
  const Graph graph = network("- {name: s, op: add, inputs: [a, b]}\n");
  const Program program = compile(chip, graph);
  EXPECT_FALSE(program.layers[1].fused);
  EXPECT_TRUE(program.layers[2].fused);
  for (const StreamInstruction instruction : program.stream(EngineKind::Vector)) {
    EXPECT_NE(instruction.layer(), 2);
  }
  const Program apart = compile(chip, graph, {.fuse = false});
  EXPECT_FALSE(apart.layers[2].fused);
  const Program kept = compile(chip, graph, {.kept = {"b"}});
  EXPECT_FALSE(kept.layers[2].fused);
}

/// Tensors of 64 KiB each: what does not stay comes band by band, in the layer that adds it, and
/// the second convolution's own result neither goes nor comes.
TEST(Fusion, WhatIsAddedMayStream) {
  ChipSpec chip = read_chip(SYSTOLE_SOURCE_DIR "/configs/chips/edge.yaml");
  const Graph graph =
      parse_network(
          "network: n\ninputs: [{name: x, rows: 64, cols: 64, channels: 16}]\nlayers:\n"
          "- {name: a, op: conv2d, channels: 16, kernel: 1}\n"
          "- {name: b, op: conv2d, channels: 16, kernel: 1, input: x}\n"
          "- {name: s, op: add, inputs: [a, b]}\n",
          "n.yaml")
          .graph;
  chip.buffer.capacity = Bytes(32 * 1024);
  chip.io = IoMemory::Device;
  const Program program = compile(chip, graph);
  EXPECT_TRUE(program.layers[2].fused);
  std::int64_t loaded = 0;
  for (const StreamInstruction instruction : program.stream(EngineKind::DmaIn)) {
    const auto& transfer = instruction.get<Transfer>();
    const ProgramTensor& tensor = program.tensors[static_cast<std::size_t>(transfer.far.tensor)];
    if (instruction.layer() == 1 && tensor.name == "a") {
      loaded += transfer.rows * transfer.row_bytes;
    }
    EXPECT_NE(tensor.name, "b");
  }
  EXPECT_EQ(loaded, 64 * 1024);
}

}  // namespace
}  // namespace systole
