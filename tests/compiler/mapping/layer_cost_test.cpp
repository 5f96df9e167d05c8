#include "compiler/mapping/layer_cost.h"

#include <gtest/gtest.h>

#include "tests/compiler/mapping/round_chip.h"

namespace systole {
namespace {

using testing::round_chip;

/// 16 inputs of 16 features, 12 outputs each.
Graph dense() {
  Graph graph;
  graph.tensors = {
      {.name = "in", .type = image_type(DataType::Int8, {.batch = 16, .channels = 16})},
      {.name = "out", .type = image_type(DataType::Int8, {.batch = 16, .channels = 12})}};
  graph.nodes = {{.name = "fc", .kind = "dense", .inputs = {0}, .outputs = {1}, .op = Dense{}}};
  return graph;
}

/// 10 x 4 x 8 under a 3 x 3 kernel with padding 1.
Graph convolution() {
  Graph graph;
  graph.tensors = {
      {.name = "in", .type = image_type(DataType::Int8, {.rows = 10, .cols = 4, .channels = 8})},
      {.name = "out", .type = image_type(DataType::Int8, {.rows = 10, .cols = 4, .channels = 4})}};
  const Kernel kernel{
      .rows = 3, .cols = 3, .pad_top = 1, .pad_bottom = 1, .pad_left = 1, .pad_right = 1};
  graph.nodes = {{.name = "conv",
                  .kind = "conv2d",
                  .inputs = {0},
                  .outputs = {1},
                  .op = Conv2d{.kernel = kernel}}};
  return graph;
}

/// 9 x 9 x 6 to 4 x 4 under a 3 x 3 kernel on 4 lanes: a row of 4 positions takes 4 x 2 x 9 slots,
/// or three for each 4 of 54 numbers and then 4 x 2 x 3.
TEST(LayerCost, OfAPoolingWhoseRowsComeFirst) {
  Graph graph;
  graph.tensors = {
      {.name = "in", .type = image_type(DataType::Int8, {.rows = 9, .cols = 9, .channels = 6})},
      {.name = "out", .type = image_type(DataType::Int8, {.rows = 4, .cols = 4, .channels = 6})}};
  const Kernel kernel{.rows = 3, .cols = 3, .stride_rows = 2, .stride_cols = 2};
  graph.nodes = {{.name = "pool",
                  .kind = "max_pool",
                  .inputs = {0},
                  .outputs = {1},
                  .op = PoolTensor{.kernel = kernel}}};
  ChipSpec chip = round_chip();
  chip.vector.lanes = 4;
  const CoreCycles pace = chip.vector.pace_of(VectorClass::Pooling);
  EXPECT_EQ(vector_cycles(chip, graph, graph.nodes[0]), pace * 72);
  EXPECT_EQ(vector_cycles(chip, graph, graph.nodes[0], true), pace * (3 * 14 + 24));
}

TEST(LayerCost, EveryBandMeetsAllWeights) {
  const Graph graph = dense();
  const OperandHomes stay{.inputs = {Home::None}};
  const auto memory = [&](std::int64_t images) {
    return layer_cost(round_chip(), graph, graph.node(0), {.images = images, .rows = 1}, stay)
        .memory;
  };
  EXPECT_EQ(memory(16), CoreCycles(16 * 12 / 8));
  EXPECT_EQ(memory(8), CoreCycles(2 * 16 * 12 / 8));
  EXPECT_EQ(memory(5), CoreCycles(4 * 16 * 12 / 8));  // 5, 5, 5, 1
}

TEST(LayerCost, StreamedOperandsTakeTheMemoryWhereTheyLive) {
  const Graph graph = dense();
  const auto cost = [&](Home in, Home out) {
    return layer_cost(round_chip(), graph, graph.node(0), {.images = 16, .rows = 1},
                      {.inputs = {in}, .output = out});
  };
  // 24 cycles of weights; 256 bytes in and 192 out at 8 a cycle; over the link at 2 a cycle.
  EXPECT_EQ(cost(Home::Dram, Home::Dram).memory, CoreCycles(24 + 32 + 24));
  EXPECT_EQ(cost(Home::Host, Home::Host).memory, CoreCycles(24));
  // 6 tiles meet 16 positions: 96 cycles in 3 slices of n, the first of them while the input comes.
  // So a band alone takes 128 + 64, and a third of the output still has to go: 96 more than its
  // longest part, 128.
  // Each transfer begins with a latency of 10, a third of which counts for the part of a slice.
  EXPECT_EQ(cost(Home::Host, Home::Host).cycles, CoreCycles(138 + 106 + 64 + 106 / 3));
  EXPECT_EQ(cost(Home::Passing, Home::Passing), cost(Home::Host, Home::Host));
}

TEST(LayerCost, WhatPassesAsAWholeWaitsForNoBand) {
  const Graph graph = dense();
  const auto cycles = [&](Home home) {
    return layer_cost(round_chip(), graph, graph.node(0), {.images = 8, .rows = 1},
                      {.inputs = {home}})
        .cycles;
  };
  // All of the input, 128 cycles, before the first of two bands.
  EXPECT_EQ(cycles(Home::Passing), cycles(Home::Host) + CoreCycles(128));
}

TEST(LayerCost, RowsUnderTwoBandsComeTwice) {
  const Graph graph = convolution();
  const auto memory = [&](std::int64_t rows, Home home) {
    return layer_cost(round_chip(), graph, graph.node(0), {.images = 1, .rows = rows},
                      {.inputs = {home}})
        .memory;
  };
  // A row is 32 bytes, 4 cycles. Bands of 4, 4 and 2 rows read 5, 6 and 3.
  EXPECT_EQ(memory(10, Home::Dram) - memory(10, Home::None), CoreCycles(10 * 4));
  EXPECT_EQ(memory(4, Home::Dram) - memory(4, Home::None), CoreCycles((5 + 6 + 3) * 4));
}

TEST(LayerCost, AnEighthOfTheMemorysTimeCountsEvenWhereItHides) {
  const LayerCost cost{.cycles = CoreCycles(100), .memory = CoreCycles(80)};
  EXPECT_EQ(cost.score(), 110);
}

}  // namespace
}  // namespace systole
