// What operators that are made of others (compiler/ops/composer.h) become, and their messages; what
// they compute is in tests/reference/kernels/composed_test.cpp.
#include <string>

#include <gtest/gtest.h>

#include "compiler/frontend/read_network.h"
#include "tests/arch/message_of.h"

namespace systole {
namespace {

Graph graph_of(const std::string& layer, DataType type = DataType::Int8) {
  return parse_network(
             "network: n\ninputs:\n  - {name: x, rows: 3, cols: 4, channels: 6}\n"
             "layers:\n  - {name: l, " +
                 layer + "}\n",
             "n.yaml", {.type = type})
      .graph;
}

const GraphTensor& output_of(const Graph& graph) {
  return graph.tensor(graph.outputs.front());
}

std::string error_of(const std::string& layer, DataType type = DataType::Int8) {
  return message_of([&] { (void)graph_of(layer, type); });
}

TEST(Composed, WhatIsSaidOfTheOutputIsSaidOfTheLayerOfTheName) {
  const Graph graph = graph_of("op: group_norm, groups: 3, output: {scale: 0.25, zero_point: 5}");
  EXPECT_EQ(output_of(graph).name, "l");
  EXPECT_EQ(output_of(graph).quantization, (Quantization{.scale = 0.25, .zero_point = 5}));
  EXPECT_EQ(output_of(graph).type.extents, (Extents{1, 3, 4, 6}));
}

TEST(Composed, ATransposedConvolutionHasTheMacsOfItsConvolution) {
  const Graph graph = graph_of(
      "op: conv_transpose2d, channels: 5, kernel: 3, stride: 2, padding: 1, output_padding: 1");
  EXPECT_EQ(output_of(graph).type.extents, (Extents{1, 6, 8, 5}));
  std::int64_t macs = 0;
  std::int64_t parameters = 0;
  for (const Node& node : graph.nodes) {
    macs += macs_of(graph, node);
    parameters += parameters_of(graph, node);
  }
  EXPECT_EQ(macs, 6 * 8 * 9 * 6 * 5);  // zeros between pixels included
  EXPECT_EQ(parameters, 9 * 6 * 5 + 5);
  EXPECT_EQ(graph.nodes.back().name, "l");
}

TEST(Composed, ColumnsAreWholeNumbersOfInt8) {
  EXPECT_EQ(output_of(graph_of("op: arg_max")).quantization,
            (Quantization{.scale = 1, .zero_point = -128}));
  EXPECT_EQ(output_of(graph_of("op: arg_max")).type.extents, (Extents{1, 3, 4, 1}));
}

TEST(Composed, OperatorsSayWhatTheyCannotDo) {
  EXPECT_EQ(error_of("op: group_norm, groups: 4"),
            "n.yaml:5:39: l.groups: expected a divisor of the 6 channels, got 4");
  EXPECT_EQ(error_of("op: conv_transpose2d, channels: 5, kernel: 1, padding: 2"),
            "n.yaml:5:70: l.padding: expected an output of at least 1 x 1, got -1 x 0");
  EXPECT_EQ(error_of("op: conv_transpose2d, channels: 5, kernel: 2, padding: same"),
            "n.yaml:5:70: layers[0].padding: expected numbers for a transposed convolution, got "
            "same");
  EXPECT_EQ(error_of("op: conv1d, channels: 5, kernel: 2"),
            "n.yaml:5:5: l: expected an input of tokens and channels for conv1d, got 3 axes behind "
            "the batch");
  EXPECT_EQ(error_of("op: conv1d, channels: 5, kernel: 2, padding: 1, causal: true"),
            "n.yaml:5:60: layers[0].padding: expected either padding or causal, got both");
  EXPECT_EQ(error_of("op: clip, low: 2, high: 1"),
            "n.yaml:5:39: layers[0].high: expected at least low, 2, got 1");
  EXPECT_EQ(error_of("op: top_k, count: 7"),
            "n.yaml:5:33: l.count: expected at most the 6 numbers of a row, got 7");
  EXPECT_EQ(error_of("op: one_hot, depth: 7"),
            "n.yaml:5:5: l: expected an input of a single channel for one_hot, got 6");
  EXPECT_EQ(error_of("op: expand, rows: 7"),
            "n.yaml:5:33: l.rows: expected an axis of size 1 to repeat, got 3");
  EXPECT_EQ(error_of("op: add_shifted, by: 6"),
            "n.yaml:5:36: l.by: expected fewer than the 6 columns, got 6");
  EXPECT_EQ(error_of("op: pad, padding: same"),
            "n.yaml:5:33: l.padding: expected numbers for pad, got same");
  EXPECT_EQ(error_of("op: scatter, inputs: [x, x], rows: \"0,1,3\""),
            "n.yaml:5:50: l.rows: expected rows of 0..2, got 3");
  EXPECT_EQ(error_of("op: scatter, inputs: [x, x], rows: \"0,1\""),
            "n.yaml:5:50: l.rows: expected a list of 3 rows, one for each of the second input's, "
            "of 4 columns, got 2 of 4");
  EXPECT_EQ(error_of("op: permute, order: [1, 3]"),
            "n.yaml:5:35: l.order: expected the axes 1..3 of at most 3 in some order, got 1, 3");
  EXPECT_EQ(error_of("op: mask, alibi: true, causal: false, window: 3"),
            "n.yaml:5:61: l.window: expected a causal mask for a window, got none");
  EXPECT_EQ(error_of("op: softmax, window: 3"),
            "n.yaml:5:36: l.window: expected a causal softmax for a window, got none");
  EXPECT_EQ(error_of("op: formula, of: \"a + column\", columns: 3"),
            "n.yaml:5:55: l.columns: expected inputs of a single channel for columns, got 3 x 4 x "
            "6");
}

TEST(Experts, SayWhatIsWrongWithTheirRouting) {
  const auto error = [](const std::string& keys) {
    return message_of([&] {
      (void)parse_network(
          "network: n\ninputs:\n  - {name: x, extents: [4, 6]}\n  - {name: w, extents: [4, 3]}\n"
          "layers:\n  - {name: l, op: experts, inputs: [x, w], features: 5, " +
              keys + "}\n",
          "n.yaml");
    });
  };
  EXPECT_EQ(error("experts: 4"),
            "n.yaml:6:5: l: expected tokens and a number for each of them and of 4 experts, got 1 "
            "x 4 x 6 and 1 x 4 x 3");
  EXPECT_EQ(error("experts: 3, per_token: 4"),
            "n.yaml:6:80: l.per_token: expected at most the 3 experts, got 4");
  EXPECT_EQ(error("experts: 3, routing: \"0 1; 1 1\""),
            "n.yaml:6:78: l.routing: expected 2 different experts of 0..2 for each token, got 1 1");
  EXPECT_EQ(error("experts: 3, routing: \"0 3\""),
            "n.yaml:6:78: l.routing: expected 2 different experts of 0..2 for each token, got 0 3");
  EXPECT_EQ(error("experts: 3, routing: \"0 first\""),
            "n.yaml:6:78: l.routing: expected balanced, or numbers of experts, got 'first'");
}

TEST(Experts, OfTokensThatAreRoutedElsewhereAreNotThere) {
  const auto parameters = [](std::int64_t batch) {
    const Graph graph =
        parse_network(
            "network: n\ninputs:\n  - {name: x, extents: [1, 6]}\n  - {name: w, extents: [1, 8]}\n"
            "layers:\n  - {name: l, op: experts, inputs: [x, w], features: 5, experts: 8}\n",
            "n.yaml", {.batch = batch})
            .graph;
    std::int64_t sum = 0;
    for (const Node& node : graph.nodes) {
      sum += parameters_of(graph, node);
    }
    return sum;
  };
  EXPECT_EQ(parameters(1), 2 * 3 * 6 * 5);  // of two experts
  EXPECT_EQ(parameters(3), 6 * 3 * 6 * 5);
  EXPECT_EQ(parameters(8), 8 * 3 * 6 * 5);
}

}  // namespace
}  // namespace systole
