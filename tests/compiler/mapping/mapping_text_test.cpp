#include "compiler/mapping/mapping_text.h"

#include <string>

#include <gmock/gmock.h>

#include "arch/isa/program_text.h"
#include "compiler/compilation.h"
#include "compiler/frontend/read_network.h"
#include "compiler/network_type.h"
#include "tests/arch/message_of.h"

namespace systole {
namespace {

using ::testing::HasSubstr;

const std::string kRoot = SYSTOLE_SOURCE_DIR;

ChipSpec shipped_chip(const std::string& name) {
  return read_chip(kRoot + "/configs/chips/" + name + ".yaml");
}

Graph small() {
  return parse_network(
             "network: small\nbatch: 2\ninputs: [{name: x, rows: 4, cols: 4, channels: 8}]\n"
             "layers: [{name: dw, op: conv2d, channels: 8, kernel: 3, padding: 1, groups: 8},\n"
             "{name: flat, op: flatten}, {name: fc, op: dense, features: 10}]\n",
             "n.yaml")
      .graph;
}

/// What the compiler chooses for `small` on `edge`: 8 groups of 9 products in tiles of 72; a band
/// of 32 positions.
const char* const kText = R"(mapping: systole.mapping/1
network: small
chip: edge
batch: 2
shares:
  - images: 2
    resident: [x, dw, fc]
    layers:
      - layer: dw
        band: {images: 2, rows: 4}
        side_by_side: 8
        plans:
          - groups: 1
            positions: 32
            whole: {slices: 1, parts: 1, chunk: 32, fold: 32, handover: 32, sums: leave}
      - layer: fc
        band: {images: 2, rows: 1}
        plans:
          - groups: 1
            positions: 2
            whole: {slices: 1, parts: 1, chunk: 2, fold: 2, handover: 2, sums: leave}
)";

TEST(MappingText, IsWhatTheCompilerChose) {
  const ChipSpec chip = shipped_chip("edge");
  const Graph graph = small();
  EXPECT_EQ(print_mapping(chip, graph, compile_mapped(chip, graph).mapping), kText);
}

TEST(MappingText, ReadsBackToTheSameProgram) {
  for (const auto& [chip_name, network, batch] : {std::tuple{"edge", "mobilenet_v2", 1},
                                                  {"edge", "resnet50", 4},
                                                  {"tpu_v1", "vgg16", 2},
                                                  {"tpu_v3", "bert_base", 2},
                                                  {"edge_os", "alexnet", 1}}) {
    const ChipSpec chip = shipped_chip(chip_name);
    const Graph graph = read_network(kRoot + "/workloads/" + network + ".yaml",
                                     {.batch = batch, .type = default_network_type(chip)})
                            .graph;
    const Compilation compiled = compile_mapped(chip, graph);
    const std::string text = print_mapping(chip, graph, compiled.mapping);
    const Mapping read = parse_mapping(chip, graph, text, "m.yaml");
    EXPECT_EQ(read, compiled.mapping) << network;
    EXPECT_TRUE(compile_mapped(chip, graph, {.mapping = &read}).program == compiled.program)
        << network;
  }
}

/// Names that YAML would take for something else, and names that two tensors have.
TEST(MappingText, QuotesNames) {
  const ChipSpec chip = shipped_chip("edge");
  Graph graph = small();
  graph.name = "a: \"b\"";
  graph.nodes[0].name = "0x1\n";
  graph.tensor(graph.nodes[0].output()).name = "x";
  const Mapping mapping = compile_mapped(chip, graph).mapping;
  const std::string text = print_mapping(chip, graph, mapping);
  EXPECT_THAT(text, HasSubstr("network: \"a: \\\"b\\\"\"\n"));
  EXPECT_THAT(text, HasSubstr("- layer: \"0x1\\x0a\"\n"));
  EXPECT_THAT(text, HasSubstr("resident: [\"x#0\", "));
  EXPECT_EQ(parse_mapping(chip, graph, text, "m.yaml"), mapping);
}

std::string error_of(std::string text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  text.replace(at, from.size(), to);
  return message_of(
      [&] { static_cast<void>(parse_mapping(shipped_chip("edge"), small(), text, "m.yaml")); });
}

std::string error_of(const std::string& from, const std::string& to) {
  return error_of(kText, from, to);
}

TEST(MappingText, SaysWhatIsWrongAndWhere) {
  EXPECT_EQ(error_of("systole.mapping/1", "systole.mapping/2"),
            "m.yaml:1:10: mapping: expected systole.mapping/1, got 'systole.mapping/2'");
  EXPECT_EQ(error_of("network: small", "network: large"),
            "m.yaml:2:10: network: expected a mapping of 'small', got one of 'large'");
  EXPECT_EQ(error_of("batch: 2", "batch: 3"),
            "m.yaml:4:8: batch: expected 2, the batch of the run, got 3");
  EXPECT_EQ(error_of("[x, dw, fc]", "[x, dv]"),
            "m.yaml:7:19: shares[0].resident[1]: expected a tensor of the network, got 'dv' (did "
            "you mean 'dw'?)");
  EXPECT_EQ(error_of("layer: dw", "layer: fc"),
            "m.yaml:9:16: shares[0].layers[0].layer: expected 'dw', the network's layers in their "
            "order, got 'fc'");
  EXPECT_EQ(error_of("sums: leave", "sums: go"),
            "m.yaml:15:83: shares[0].layers[0].plans[0].whole.sums: expected one of leave, stay, "
            "got 'go'");
  EXPECT_EQ(error_of("side_by_side", "side_by_sides"),
            "m.yaml:11:9: shares[0].layers[0].side_by_sides: expected one of layer, band, "
            "side_by_side, pixels, rows_first, plans, got 'side_by_sides' (did you mean "
            "'side_by_side'?)");
}

/// What check_mapping finds is told at its place.
TEST(MappingText, RefusesWhatIsIllegal) {
  EXPECT_EQ(error_of("images: 2\n", "images: 1\n"),
            "m.yaml:6:13: shares[0].images: expected 2, got 1");
  EXPECT_EQ(error_of("rows: 4", "rows: 5"),
            "m.yaml:10:33: shares[0].layers[0].band.rows: expected an integer in 1..4, got 5");
  EXPECT_EQ(error_of("side_by_side: 8", "side_by_side: 3"),
            "m.yaml:11:23: shares[0].layers[0].side_by_side: expected a divisor of 8 groups, got "
            "3");
  EXPECT_EQ(error_of("chunk: 32", "chunk: 1025"),
            "m.yaml:15:49: shares[0].layers[0].plans[0].whole.chunk: expected an integer in "
            "1..1024, got 1025");
  EXPECT_EQ(error_of("positions: 32", "positions: 16"),
            "m.yaml:13:13: shares[0].layers[0].plans[0]: expected a plan for 1 group of 32 "
            "positions, got one for 1 group of 16 positions");
  EXPECT_EQ(error_of("resident: [x, dw, fc]\n",
                     "resident: [x, dw, fc]\n    segments: [{first: dw, last: dw, parts: 3}]\n"),
            "m.yaml:8:45: shares[0].segments[0].parts: expected one of 2, got 3");
  EXPECT_EQ(error_of("resident: [x, dw, fc]\n",
                     "resident: [x, dw, fc]\n    segments: [{first: dw, last: dw, parts: 2, "
                     "in_flight: 3}]\n"),
            "m.yaml:8:59: shares[0].segments[0].in_flight: expected an integer in 1..2, got 3");
}

/// Too small is told with the limit of this chip and network, as too large is.
TEST(MappingText, NumbersThatAreTooSmallAreToldTheirLimits) {
  EXPECT_EQ(error_of("batch: 2", "batch: 0"),
            "m.yaml:4:8: batch: expected 2, the batch of the run, got 0");
  EXPECT_EQ(error_of("images: 2\n", "images: 0\n"),
            "m.yaml:6:13: shares[0].images: expected 2, got 0");
  EXPECT_EQ(error_of("rows: 4", "rows: 0"),
            "m.yaml:10:33: shares[0].layers[0].band.rows: expected an integer in 1..4, got 0");
  EXPECT_EQ(error_of("{images: 2", "{images: -1"),
            "m.yaml:10:24: shares[0].layers[0].band.images: expected an integer in 1..2, got -1");
  EXPECT_EQ(error_of("side_by_side: 8", "side_by_side: 0"),
            "m.yaml:11:23: shares[0].layers[0].side_by_side: expected an integer in 1..8, got 0");
  EXPECT_EQ(error_of("side_by_side: 8", "pixels: 0"),
            "m.yaml:11:17: shares[0].layers[0].pixels: expected one of 1, got 0");
  EXPECT_EQ(error_of("positions: 32", "positions: 0"),
            "m.yaml:13:13: shares[0].layers[0].plans[0]: expected a plan for 1 group of 32 "
            "positions, got one for 1 group of 0 positions");
  const auto in_plan = [](const char* from, const char* to, int column, const char* rest) {
    EXPECT_EQ(error_of(from, to), "m.yaml:15:" + std::to_string(column) +
                                      ": shares[0].layers[0].plans[0].whole." + rest);
  };
  in_plan("parts: 1, chunk: 32", "parts: 0, chunk: 32", 39,
          "parts: expected an integer in 1..1, got 0");
  in_plan("chunk: 32", "chunk: 0", 49, "chunk: expected an integer in 1..1024, got 0");
  in_plan("fold: 32", "fold: 0", 59, "fold: expected an integer in 1..32, got 0");
  in_plan("handover: 32", "handover: 0", 73, "handover: expected an integer in 1..32, got 0");
  in_plan("slices: 1", "slices: -1", 29, "slices: expected an integer in 0..1, got -1");
  in_plan("slices: 1", "slices: 9223372036854775807", 29,
          "slices: expected an integer in 0..1, got 9223372036854775807");
  EXPECT_EQ(error_of("sums: leave}\n",
                     "sums: leave}\n            rest: {slices: 0, parts: 1, chunk: 1, fold: 1, "
                     "handover: 1, sums: leave}\n"),
            "m.yaml:16:28: shares[0].layers[0].plans[0].rest.slices: expected an integer in 1..1, "
            "got 0");
  EXPECT_EQ(error_of("resident: [x, dw, fc]\n",
                     "resident: [x, dw, fc]\n    segments: [{first: dw, last: dw, parts: 0}]\n"),
            "m.yaml:8:45: shares[0].segments[0].parts: expected one of 2, got 0");
  EXPECT_EQ(error_of("resident: [x, dw, fc]\n",
                     "resident: [x, dw, fc]\n    segments: [{first: dw, last: dw, parts: 2, "
                     "in_flight: 0}]\n"),
            "m.yaml:8:59: shares[0].segments[0].in_flight: expected an integer in 1..2, got 0");
}

}  // namespace
}  // namespace systole
