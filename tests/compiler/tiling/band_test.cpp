#include "compiler/tiling/band.h"

#include <cstdint>
#include <string>

#include <gtest/gtest.h>

#include "compiler/frontend/read_network.h"

namespace systole {
namespace {

Graph one_convolution(const Shape& in, const Shape& out, const Kernel& kernel) {
  Graph graph;
  graph.tensors = {{.name = "in", .type = image_type(DataType::Int8, in)},
                   {.name = "out", .type = image_type(DataType::Int8, out)}};
  graph.nodes = {{.name = "conv",
                  .kind = "conv2d",
                  .inputs = {0},
                  .outputs = {1},
                  .op = Conv2d{.kernel = kernel}}};
  return graph;
}

TEST(Bands, CoverEveryRowOnceWhateverTheSize) {
  const Shape shape{.batch = 5, .rows = 7, .cols = 3, .channels = 2};
  for (const BandSize& size : band_sizes(shape)) {
    std::int64_t next = 0;
    for (const Band& band : cut(shape, size.images, size.rows)) {
      EXPECT_EQ(band_offset(shape, band), next);
      EXPECT_TRUE(band.images == 1 || band.rows == shape.rows);
      next += band_elements(shape, band);
    }
    EXPECT_EQ(next, shape.elements());
  }
}

TEST(Bands, GoFromTheWholeTensorToOneRowWithEverMoreBands) {
  const Shape shape{.batch = 4, .rows = 10, .cols = 1, .channels = 1};
  const auto sizes = band_sizes(shape);
  EXPECT_EQ(sizes.front().images, 4);
  EXPECT_EQ(sizes.front().rows, 10);
  EXPECT_EQ(sizes.back().images, 1);
  EXPECT_EQ(sizes.back().rows, 1);
  std::size_t bands = 0;
  for (const BandSize& size : sizes) {
    const std::size_t count = cut(shape, size.images, size.rows).size();
    EXPECT_GT(count, bands);
    bands = count;
  }
}

/// 5 tokens from 2 on of each of 3 heads: bands are some of the tokens, of all heads.
TEST(Bands, OfWhatIsWrittenByHeadAreTokens) {
  const Graph graph = parse_network(
                          "network: n\ninputs: [{name: x, extents: [5, 12]}]\n"
                          "states: [{name: cache, extents: [3, 8, 4]}]\n"
                          "layers: [{name: a, op: append, inputs: [x, cache], at: 2}]\n",
                          "n.yaml")
                          .graph;
  const Node& node = graph.nodes[0];
  EXPECT_EQ(band_sizes(graph, node).back().rows, 1);
  const std::vector<Band> bands = cut(graph, node, {.images = 1, .rows = 2});
  ASSERT_EQ(bands.size(), 3U);
  EXPECT_EQ(bands[1], (Band{.row = 0, .rows = 3, .col = 4, .cols = 2}));
  EXPECT_EQ(bands[2], (Band{.row = 0, .rows = 3, .col = 6, .cols = 1}));
  const Shape shape = graph.tensor(node.output()).shape();
  EXPECT_EQ(band_elements(shape, bands[1]), 3 * 2 * 4);
  EXPECT_EQ(band_offset(shape, bands[1]), 4 * 4);
  EXPECT_EQ(input_band(graph, node, 0, bands[1]), (Band{.row = 2, .rows = 2}));
}

TEST(InputBand, IsTheRowsUnderTheKernelWithoutThePadding) {
  // 3x3, stride 2, padding 1 over 8 rows: output row r needs input rows 2r-1 .. 2r+1.
  const Kernel kernel{.rows = 3,
                      .cols = 3,
                      .stride_rows = 2,
                      .stride_cols = 2,
                      .pad_top = 1,
                      .pad_bottom = 1,
                      .pad_left = 1,
                      .pad_right = 1};
  const Graph graph = one_convolution({.rows = 8, .cols = 8}, {.rows = 4, .cols = 4}, kernel);
  const auto needed = [&](std::int64_t row, std::int64_t rows) {
    return input_band(graph, graph.nodes[0], 0, {.row = row, .rows = rows});
  };
  EXPECT_EQ(needed(0, 1), (Band{.row = 0, .rows = 2}));
  EXPECT_EQ(needed(1, 1), (Band{.row = 1, .rows = 3}));
  EXPECT_EQ(needed(1, 3), (Band{.row = 1, .rows = 7}));
  EXPECT_EQ(needed(0, 4), (Band{.row = 0, .rows = 8}));
}

TEST(InputBand, KeepsOneRowWhenTheKernelLiesInThePadding) {
  const Kernel kernel{.rows = 1, .cols = 1, .pad_top = 2, .pad_bottom = 2};
  const Graph graph = one_convolution({.rows = 3}, {.rows = 7}, kernel);
  EXPECT_EQ(input_band(graph, graph.nodes[0], 0, {.row = 0, .rows = 1}), (Band{.row = 0}));
  EXPECT_EQ(input_band(graph, graph.nodes[0], 0, {.row = 6, .rows = 1}), (Band{.row = 2}));
}

TEST(InputBand, WholeOutputImagesNeedWholeInputImages) {
  // Stride 3 never touches the last input row, but images stay whole and so contiguous.
  const Kernel kernel{.rows = 1, .cols = 1, .stride_rows = 3, .stride_cols = 1};
  const Graph graph = one_convolution({.batch = 4, .rows = 6}, {.batch = 4, .rows = 2}, kernel);
  EXPECT_EQ(input_band(graph, graph.nodes[0], 0, {.image = 1, .images = 2, .row = 0, .rows = 2}),
            (Band{.image = 1, .images = 2, .row = 0, .rows = 6}));
}

/// [3, a] x [3, b], 3 images of what `extents` say, products with these keys.
Graph one_product(const std::string& a, const std::string& b, const std::string& keys) {
  return parse_network("network: n\nbatch: 3\ninputs:\n- {name: a, extents: " + a +
                           "}\n- {name: b, extents: " + b +
                           "}\nlayers:\n- {name: c, op: matmul, inputs: [a, b]" + keys + "}\n",
                       "n.yaml")
      .graph;
}

TEST(InputBand, OfProductsAreTheAxesThatBandAndOperandHave) {
  // 4 heads of 5 x 6 times 2 heads of 6 x 7
  const Graph graph = one_product("[4, 5, 6]", "[2, 6, 7]", ", heads: 4, kv_heads: 2");
  const auto needed = [&](std::size_t input, const Band& output) {
    return input_band(graph, graph.nodes[0], input, output);
  };
  const Band images{.image = 1, .images = 2, .row = 0, .rows = 4};
  EXPECT_EQ(needed(0, images), images);
  EXPECT_EQ(needed(1, images), (Band{.image = 1, .images = 2, .row = 0, .rows = 2}));
  // Heads 1 and 2 of one image need both heads of B, head 3 its second.
  EXPECT_EQ(needed(0, {.image = 2, .row = 1, .rows = 2}), (Band{.image = 2, .row = 1, .rows = 2}));
  EXPECT_EQ(needed(1, {.image = 2, .row = 1, .rows = 2}), (Band{.image = 2, .row = 0, .rows = 2}));
  EXPECT_EQ(needed(1, {.image = 2, .row = 3, .rows = 1}), (Band{.image = 2, .row = 1, .rows = 1}));
}

TEST(InputBand, OfRowsOfAProductAreTheRowsOfTheLeftOperand) {
  const Graph plain = one_product("[5, 6]", "[6, 7]", "");
  EXPECT_EQ(input_band(plain, plain.nodes[0], 0, {.image = 1, .row = 2, .rows = 2}),
            (Band{.image = 1, .row = 2, .rows = 2}));
  EXPECT_EQ(input_band(plain, plain.nodes[0], 1, {.image = 1, .row = 2, .rows = 2}),
            (Band{.image = 1, .row = 0, .rows = 6}));
  // One matrix: the rows are the images of the tensors.
  const Graph matrix = one_product("[6]", "[6]", ", transpose_b: true");
  EXPECT_EQ(input_band(matrix, matrix.nodes[0], 0, {.image = 1, .images = 2, .rows = 1}),
            (Band{.image = 1, .images = 2, .rows = 1}));
  EXPECT_EQ(input_band(matrix, matrix.nodes[0], 1, {.image = 1, .images = 1, .rows = 1}),
            (Band{.image = 0, .images = 3, .rows = 1}));
}

TEST(InputBand, OfHeadsThatMergeAreTheRowsOfEachHead) {
  // Rows 2 and 3 of [3, 5, 8] come from rows 2 and 3 of each of the 4 heads of [3, 4, 5, 6].
  const Graph graph = one_product("[4, 5, 6]", "[6, 8]", ", heads: 4");
  const Band needed = input_band(graph, graph.nodes[0], 0, {.image = 1, .row = 2, .rows = 2});
  EXPECT_EQ(needed, (Band{.image = 1, .row = 0, .rows = 4, .col = 2, .cols = 2}));
  const Shape shape = graph.tensor(graph.nodes[0].inputs[0]).shape();
  EXPECT_EQ(band_elements(shape, needed), 4 * 2 * 6);
  EXPECT_EQ(band_offset(shape, needed), (4 * 5 + 2) * 6);
}

TEST(InputBand, OfASliceOfOneImageIsItsRows) {
  const auto slice = [](std::int64_t batch) {
    return parse_network(
               "network: n\ninputs: [{name: x, extents: [9, 4]}]\n"
               "layers: [{name: s, op: slice, axis: 1, first: 5, size: 2}]\n",
               "n.yaml", {.batch = batch})
        .graph;
  };
  const Graph one = slice(1);
  EXPECT_EQ(input_band(one, one.nodes[0], 0, {.image = 0, .row = 0, .rows = 2}),
            (Band{.image = 0, .row = 5, .rows = 2}));
  // Images lie one behind the other, with all their rows.
  const Graph two = slice(2);
  EXPECT_EQ(input_band(two, two.nodes[0], 0, {.image = 0, .images = 2, .row = 0, .rows = 2}),
            (Band{.image = 0, .images = 2, .row = 0, .rows = 9}));
}

TEST(InputBand, OfGatheredRowsIsOneForEach) {
  const Graph graph =
      parse_network(
          "network: n\nbatch: 3\ninputs: [{name: x, extents: [2, 4]}]\n"
          "states: [{name: t, extents: [100, 4], shared: true}]\n"
          "layers: [{name: g, op: gather, input: t, count: 5}, {name: r, op: relu, input: x}]\n",
          "n.yaml")
          .graph;
  EXPECT_EQ(input_band(graph, graph.nodes[0], 0, {.image = 1, .images = 2, .row = 0, .rows = 5}),
            (Band{.image = 0, .images = 1, .row = 0, .rows = 10}));
}

}  // namespace
}  // namespace systole
