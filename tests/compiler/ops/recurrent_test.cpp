#include "compiler/ops/recurrent.h"

#include <set>
#include <string>

#include <gtest/gtest.h>

#include "compiler/frontend/read_network.h"
#include "tests/arch/message_of.h"

namespace systole {
namespace {

Graph graph_of(const std::string& layer, DataType type = DataType::Int8) {
  return parse_network(
             "network: n\nbatch: 2\ninputs:\n  - {name: x, extents: [7, 6]}\n"
             "  - {name: h, features: 5}\n  - {name: c, features: 5}\nlayers:\n"
             "  - {name: l, " +
                 layer +
                 "}\n  - {name: r, op: add, inputs: [h, c]}\n  - {name: s, op: relu, input: x}\n",
             "n.yaml", {.type = type})
      .graph;
}

std::string error_of(const std::string& layer) {
  return message_of([&] { (void)graph_of(layer); });
}

struct Totals {
  std::int64_t macs = 0;
  std::int64_t parameters = 0;
  std::int64_t bytes = 0;  ///< of parameters in memory

  bool operator==(const Totals&) const = default;
};

Totals totals_of(const Graph& graph) {
  Totals totals;
  for (const Node& node : graph.nodes) {
    totals.macs += macs_of(graph, node);
    totals.parameters += parameters_of(graph, node);
  }
  for (const GraphTensor& tensor : graph.tensors) {
    totals.bytes += tensor.role == GraphTensorRole::Parameter ? tensor.bytes() : 0;
  }
  return totals;
}

// Four gates of 6 x 5 and 5 x 5 weights and 5 biases; seven steps of two images, of which the first
// has no last output to multiply. Bytes: a weight one, a bias four.
TEST(Recurrent, StepsOfALayerShareItsWeights) {
  const Graph graph = graph_of("op: lstm, cells: 5, input: x");
  EXPECT_EQ(totals_of(graph), (Totals{.macs = 2 * 4 * (7 * 6 * 5 + 6 * 5 * 5),
                                      .parameters = 4 * (6 * 5 + 5 * 5 + 5),
                                      .bytes = 4 * (6 * 5 + 5 * 5 + 4 * 5)}));
  std::set<GraphTensorId> weights;
  std::int64_t products = 0;
  for (const Node& node : graph.nodes) {
    if (has_weights(node)) {
      weights.insert(node.inputs[kWeightsInput]);
      ++products;
    }
  }
  EXPECT_EQ(weights.size(), 8U);
  EXPECT_EQ(products, 4 + 6 * 4);
  EXPECT_EQ(graph.tensor(graph.outputs.front()).type.extents, (Extents{2, 7, 5}));
}

// Three gates; beside the candidate's reset product five biases more.
TEST(Recurrent, OfAGruStepsShareWeights) {
  const Totals totals = totals_of(graph_of("op: gru, cells: 5, inputs: [x, h]"));
  EXPECT_EQ(totals.macs, 2 * 3 * (7 * 6 * 5 + 7 * 5 * 5));
  EXPECT_EQ(totals.parameters, 3 * (6 * 5 + 5 * 5 + 5) + 5);
}

TEST(Recurrent, GivesASequenceAStepOrAState) {
  const auto extents = [](const std::string& layer) {
    const Graph graph = graph_of(layer);
    const GraphTensor& output = graph.tensor(graph.outputs.front());
    EXPECT_TRUE(output.name.starts_with("l")) << output.name;
    return output.type.extents;
  };
  EXPECT_EQ(extents("op: lstm, cells: 5, inputs: [x, h, c]"), (Extents{2, 7, 5}));
  EXPECT_EQ(extents("op: lstm, cells: 5, inputs: [x, h, c], last: true"), (Extents{2, 5}));
  EXPECT_EQ(extents("op: lstm, cells: 5, inputs: [x, h, c], state: true"), (Extents{2, 10}));
  EXPECT_EQ(extents("op: lstm, cells: 5, input: h"), (Extents{2, 5}));
  EXPECT_EQ(extents("op: gru, cells: 4, input: x, reverse: true"), (Extents{2, 7, 4}));
}

TEST(Recurrent, WhatIsSaidOfTheOutputIsSaidOfTheSequence) {
  const Graph graph = graph_of("op: lstm, cells: 5, input: x, output: {scale: 0.5}");
  EXPECT_EQ(graph.tensor(graph.outputs.front()).quantization.scale, 0.5);
}

TEST(Recurrent, SaysWhatItCannotDo) {
  EXPECT_EQ(error_of("op: lstm, cells: 5, inputs: [x, h]"),
            "n.yaml:8:5: l: expected an input alone or with the last output and the cells, got 2 "
            "inputs");
  EXPECT_EQ(error_of("op: gru, cells: 5, inputs: [x, h, c]"),
            "n.yaml:8:5: l: expected an input alone or with the last output, got 3 inputs");
  EXPECT_EQ(error_of("op: gru, cells: 4, inputs: [x, h]"),
            "n.yaml:8:5: l: expected 2 x 4 as input 2, got 2 x 5");
  EXPECT_EQ(error_of("op: lstm, cells: 4, input: x, last: true, state: true"),
            "n.yaml:8:64: layers[0].state: expected either last or state, got both");
  EXPECT_EQ(error_of("op: lstm, input: x"),
            "n.yaml:8:5: layers[0].cells: expected a value, got nothing");
  EXPECT_EQ(message_of([] {
              (void)parse_network(
                  "network: n\ninputs: [{name: x, extents: [1025, 2]}]\nlayers:\n"
                  "  - {name: l, op: gru, cells: 1}\n",
                  "n.yaml");
            }),
            "n.yaml:4:5: l: expected at most 1024 steps, got 1025");
  EXPECT_EQ(message_of([] {
              (void)parse_network(
                  "network: n\ninputs: [{name: x, rows: 3, cols: 2, channels: 1}]\nlayers:\n"
                  "  - {name: l, op: gru, cells: 1}\n",
                  "n.yaml");
            }),
            "n.yaml:4:5: l: expected an input of steps and features, or of features alone, got 3 "
            "axes behind the batch");
}

}  // namespace
}  // namespace systole
