#include "compiler/mapping/mapping_check.h"

#include <functional>
#include <string>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "compiler/compilation.h"
#include "compiler/frontend/read_network.h"

namespace systole {
namespace {

ChipSpec shipped(const std::string& name) {
  return read_chip(std::string(SYSTOLE_SOURCE_DIR) + "/configs/chips/" + name + ".yaml");
}

Graph two_layers(std::int64_t batch) {
  return parse_network("network: n\nbatch: " + std::to_string(batch) +
                           "\ninputs: [{name: x, rows: 16, cols: 16, channels: 64}]\nlayers: [\n"
                           "{name: a, op: conv2d, channels: 64, kernel: 3, padding: 1},\n"
                           "{name: b, op: conv2d, channels: 64, kernel: 1}]\n",
                       "n.yaml")
      .graph;
}

/// The message, of the compiler's mapping with a change.
std::string fault_of(const ChipSpec& chip, const Graph& graph,
                     const std::function<void(ShareMapping&)>& change) {
  Mapping mapping = compile_mapped(chip, graph).mapping;
  EXPECT_FALSE(check_mapping(chip, graph, mapping));
  change(mapping.shares.front());
  const auto fault = check_mapping(chip, graph, mapping);
  return fault ? fault->key + ": " + fault->message : "none";
}

TEST(MappingCheck, FindsTensorsThatCannotStay) {
  const Graph graph = two_layers(2);
  EXPECT_EQ(fault_of(shipped("edge"), graph,
                     [&](ShareMapping& share) {
                       share.resident = {graph.nodes[0].inputs[kWeightsInput]};
                     }),
            "resident: expected tensors that layers compute from or make, got 'a.weight'");
  EXPECT_EQ(fault_of(shipped("edge"), graph,
                     [](ShareMapping& share) {
                       share.resident = {1, 0};
                     }),
            "resident: expected tensors in their order, each once");
}

TEST(MappingCheck, FindsSegmentsThatNoBatchHas) {
  const auto with = [](const Segment& segment) {
    return [segment](ShareMapping& share) { share.segments = {segment}; };
  };
  const ChipSpec edge = shipped("edge");
  EXPECT_EQ(fault_of(edge, two_layers(4), with({.first = 0, .end = 2, .parts = 3})),
            "parts: expected one of 2, 4, got 3");
  EXPECT_EQ(fault_of(edge, two_layers(1), with({.first = 0, .end = 2, .parts = 2})),
            "parts: expected no segment: this network runs as a whole, got 2");
  EXPECT_EQ(fault_of(edge, two_layers(4), with({.first = 1, .end = 1, .parts = 2})),
            ": expected layers behind those of the segment before, the first one first");
  EXPECT_EQ(fault_of(edge, two_layers(4), with({.first = 0, .end = 2, .parts = 2, .in_flight = 3})),
            "in_flight: expected an integer in 1..2, got 3");
}

TEST(MappingCheck, FindsPlansThatTheUnitsCannotFollow) {
  const ChipSpec edge = shipped("edge");
  const Graph graph = two_layers(1);
  const auto with = [&](const std::function<void(GemmPlan&)>& change) {
    return fault_of(edge, graph,
                    [&](ShareMapping& share) { change(share.layers[0].plans[0].plan); });
  };
  EXPECT_EQ(with([](GemmPlan& plan) { plan.whole.slices = 1; }),
            ": expected 2 output slices, got 1 and 0");
  EXPECT_EQ(with([](GemmPlan& plan) { plan.whole.parts = 2; }),
            "whole.parts: expected an integer in 1..1, got 2");
  EXPECT_EQ(with([](GemmPlan& plan) { plan.whole.loops.fold = 257; }),
            "whole.fold: expected an integer in 1..256, got 257");
  EXPECT_EQ(with([](GemmPlan& plan) { plan.whole.loops.handover = 0; }),
            "whole.handover: expected an integer in 1..256, got 0");
  EXPECT_EQ(with([](GemmPlan& plan) { plan.whole.loops.sums_stay = true; }),
            "whole.sums: expected sums that leave, as no array does but an output-stationary one, "
            "got stay");
  EXPECT_EQ(fault_of(edge, graph, [](ShareMapping& share) { share.layers[1].plans.clear(); }),
            "plans: expected a plan for 1 group of 128 positions, got none");
  EXPECT_EQ(fault_of(edge, graph,
                     [](ShareMapping& share) {
                       share.layers[1].plans.push_back(share.layers[1].plans[0]);
                     }),
            ": expected one plan for 1 group of 128 positions, got another");
  EXPECT_EQ(fault_of(shipped("edge_os"), graph,
                     [](ShareMapping& share) {
                       GemmLoops& loops = share.layers[0].plans[0].plan.whole.loops;
                       loops = {.chunk = 64, .fold = 32, .handover = 32, .sums_stay = true};
                     }),
            "whole.sums: expected chunk, fold and handover of one size where sums stay, got 64, 32 "
            "and 32");
}

/// Beyond the columns a tile might be of zeros alone.
TEST(MappingCheck, FindsGroupsThatHaveNoColumns) {
  const Graph graph =
      parse_network(
          "network: n\nbatch: 1\ninputs: [{name: x, rows: 8, cols: 8, channels: 40}]\n"
          "layers: [{name: a, op: conv2d, channels: 40, kernel: 3, groups: 4}]\n",
          "n.yaml")
          .graph;
  const auto with = [&](std::int64_t groups) {
    return fault_of(shipped("edge"), graph,
                    [&](ShareMapping& share) { share.layers[0].side_by_side = groups; });
  };
  EXPECT_EQ(with(3), "side_by_side: expected a divisor of 4 groups, got 3");
  EXPECT_EQ(with(4), "side_by_side: expected groups whose 10 channels each fit 32 columns, got 4");
}

/// 8 positions a row of 10 channels each: 3 of them have columns, 3 does not divide 8.
TEST(MappingCheck, FindsPositionsThatHaveNoColumns) {
  const Graph graph =
      parse_network(
          "network: n\nbatch: 1\ninputs: [{name: x, rows: 8, cols: 8, channels: 40}]\n"
          "layers: [{name: a, op: conv2d, channels: 10, kernel: 3, padding: 1}]\n",
          "n.yaml")
          .graph;
  const auto with = [&](std::int64_t pixels) {
    return fault_of(shipped("edge"), graph,
                    [&](ShareMapping& share) { share.layers[0].pixels = pixels; });
  };
  EXPECT_EQ(with(3), "pixels: expected one of 1, 2, got 3");
}

/// A mean has an order, and a window of one row has no others to come first.
TEST(MappingCheck, FindsPoolingsThatHaveNoRowsFirst) {
  const auto with = [](const std::string& pooling) {
    const Graph graph =
        parse_network(
            fmt::format(
                "network: n\nbatch: 1\ninputs: [{{name: x, rows: 8, cols: 8, channels: 40}}]\n"
                "layers: [{{name: a, {}}}]\n",
                pooling),
            "n.yaml")
            .graph;
    return fault_of(shipped("edge"), graph,
                    [](ShareMapping& share) { share.layers[0].rows_first = true; });
  };
  const std::string message =
      "rows_first: expected false of what is no max pooling over rows and columns, got true";
  EXPECT_EQ(with("op: average_pool, kernel: 2"), message);
  EXPECT_EQ(with("op: max_pool, kernel: [1, 2]"), message);
  EXPECT_EQ(with("op: max_pool, kernel: 2"), "none");
}

TEST(MappingCheck, FindsWhatDoesNotFit) {
  ChipSpec small = shipped("edge");
  small.buffer.capacity = Bytes(24 * 1024);
  const Graph graph = two_layers(1);
  EXPECT_EQ(fault_of(small, graph,
                     [&](ShareMapping& share) {
                       share.resident = {graph.inputs[0], graph.nodes[0].output()};
                       std::sort(share.resident.begin(), share.resident.end());
                     }),
            ": expected tensors and bands that fit the unified buffer of 24576 bytes, got more at "
            "a");
}

}  // namespace
}  // namespace systole
