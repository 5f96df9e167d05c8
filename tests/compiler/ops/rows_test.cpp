#include <gtest/gtest.h>

#include "arch/isa/program_fields.h"
#include "compiler/frontend/read_network.h"
#include "tests/arch/message_of.h"

namespace systole {
namespace {

/// Of a network with an image of 3 rows, 4 columns and 6 channels, x, and layers `text`.
Graph graph_of(const std::string& text) {
  return parse_network(
             "network: n\ninputs: [{name: x, rows: 3, cols: 4, channels: 6}]\nlayers:\n" + text,
             "n.yaml")
      .graph;
}

Extents extents_of(const std::string& layer) {
  const Graph graph = graph_of("  - {name: l, " + layer + "}\n");
  return graph.tensor(graph.nodes.back().output()).type.extents;
}

std::string error_of(const std::string& layer) {
  return message_of([&] { (void)extents_of(layer); });
}

TEST(RowOperators, KnowTheirOutputs) {
  EXPECT_EQ(extents_of("op: reduce_mean"), (Extents{1, 3, 4, 1}));
  EXPECT_EQ(extents_of("op: slice, axis: 1, first: 0, size: 2, step: 2"), (Extents{1, 2, 4, 6}));
  EXPECT_EQ(extents_of("op: slice, axis: 3, first: 2, size: 4"), (Extents{1, 3, 4, 4}));
  EXPECT_EQ(extents_of("op: resize, factor: 3"), (Extents{1, 9, 12, 6}));
  EXPECT_EQ(extents_of("op: rotary, heads: 3"), (Extents{1, 3, 4, 6}));
  EXPECT_EQ(extents_of("op: concat, inputs: [x, x], axis: 2"), (Extents{1, 3, 8, 6}));
  EXPECT_EQ(extents_of("op: mul, inputs: [x, x]"), (Extents{1, 3, 4, 6}));
  EXPECT_EQ(extents_of("op: transpose"), (Extents{1, 4, 3, 6}));
  EXPECT_EQ(extents_of("op: depth_to_space, factor: 1"), (Extents{1, 3, 4, 6}));
}

TEST(RowOperators, SayWhatTheyCannotDo) {
  EXPECT_EQ(error_of("op: slice, axis: 2, first: 3, size: 2"),
            "n.yaml:4:51: l.size: expected a part within the 4 of axis 2, got 3..4");
  EXPECT_EQ(error_of("op: slice, axis: 4, size: 1"),
            "n.yaml:4:32: l.axis: expected an axis of 1..3, got 4");
  EXPECT_EQ(error_of("op: slice, axis: 3, size: 2, step: 2"),
            "n.yaml:4:50: l.step: expected 1 along the last axis, got 2");
  EXPECT_EQ(
      error_of("op: rotary, heads: 2"),
      "n.yaml:4:34: l.heads: expected heads of an even number of features each, got 6 features "
      "and 2 heads");
  EXPECT_EQ(error_of("op: rotary, heads: 3, rotated: 1"),
            "n.yaml:4:46: l.rotated: expected an even number of a head's 2 features, got 1");
  EXPECT_EQ(error_of("op: depth_to_space, factor: 2"),
            "n.yaml:4:43: l.factor: expected an image with a multiple of 4 channels, got 3 x 4 x "
            "6");
}

TEST(RowOperators, GatesHaveAPixelForEachImageOrAChannelForEachPixel) {
  EXPECT_EQ(graph_of("  - {name: g, op: global_average_pool}\n"
                     "  - {name: l, op: mul, inputs: [x, g]}\n")
                .tensors.back()
                .type.extents,
            (Extents{1, 3, 4, 6}));
  EXPECT_EQ(message_of([] {
              (void)graph_of(
                  "  - {name: s, op: slice, axis: 3, size: 2}\n"
                  "  - {name: l, op: mul, inputs: [x, s]}\n");
            }),
            "n.yaml:5:5: l: expected inputs of one shape, or one with a single pixel or a single "
            "channel, got 3 x 4 x 6 and 3 x 4 x 2");
}

TEST(RowOperators, ConstantsAreNumbersOrParametersOfTheLastAxes) {
  const auto parameter = [](const std::string& layer) {
    const Graph graph = graph_of("  - {name: l, " + layer + "}\n");
    const GraphTensor& tensor = graph.tensor(graph.nodes.back().inputs.at(1));
    EXPECT_EQ(tensor.name, "l.weight");
    EXPECT_EQ(tensor.type.element, DataType::Fp32);
    return tensor.type.extents;
  };
  EXPECT_EQ(parameter("op: mul_constant"), (Extents{6}));  // a number for each feature
  EXPECT_EQ(parameter("op: add_constant, extents: [1]"), (Extents{1}));
  EXPECT_EQ(parameter("op: sub_constant, extents: [4, 1]"), (Extents{4, 1}));
  EXPECT_EQ(parameter("op: div_constant, extents: [3, 4, 6], reversed: true"), (Extents{12, 6}));
  const Graph graph = graph_of("  - {name: l, op: maximum_constant, number: 0}\n");
  EXPECT_EQ(graph.nodes.back().inputs.size(), 1U);
  EXPECT_EQ(text_of(*find_entry("maximum_constant"), graph.nodes.back().op),
            "op: maximum_constant, number: 0, extents: [1]");
}

TEST(RowOperators, ConstantsOfOtherShapesAreErrors) {
  EXPECT_EQ(error_of("op: mul_constant, extents: [3, 6]"),
            "n.yaml:4:42: l.extents: expected the last axes of 3 x 4 x 6 behind the batch, or 1 in "
            "place of the last, got 3 x 6");
  EXPECT_EQ(error_of("op: mul_constant, extents: [5]"),
            "n.yaml:4:42: l.extents: expected the last axes of 3 x 4 x 6 behind the batch, or 1 in "
            "place of the last, got 5");
  EXPECT_EQ(error_of("op: mul_constant, extents: [6], number: 2"),
            "n.yaml:4:42: layers[0].extents: expected either number or extents, got both");
}

}  // namespace
}  // namespace systole
