#include "compiler/mapping/band_gemm.h"

#include <gtest/gtest.h>

#include "compiler/frontend/read_network.h"
#include "tests/compiler/mapping/round_chip.h"

namespace systole {
namespace {

using testing::round_chip;

TEST(BandGemm, OfAConvolutionHasAPositionForEachPixelOfTheBand) {
  const Graph graph =
      parse_network(
          "network: n\nbatch: 3\ninputs: [{name: x, rows: 10, cols: 6, channels: 4}]\n"
          "layers: [{name: a, op: conv2d, channels: 8, kernel: 3, padding: 1}]\n",
          "n.yaml")
          .graph;
  const Node& node = graph.nodes[0];
  EXPECT_EQ(band_gemm(graph, node, 2, whole({.batch = 3, .rows = 10, .cols = 6, .channels = 8})),
            (BandGemm{.groups = 2, .positions = 3 * 10 * 6}));
  EXPECT_EQ(band_gemm(graph, node, 1, {.image = 1, .images = 1, .row = 4, .rows = 4}),
            (BandGemm{.groups = 1, .positions = 4 * 6}));
}

/// Whole tiles are of weights alone.
TEST(MappedGrid, IsOfWholeTilesWhereTheChipHasThem) {
  const Graph graph = parse_network(
                          "network: n\nbatch: 1\ninputs: [{name: x, features: 20}]\n"
                          "layers: [{name: a, op: dense, features: 9}]\n",
                          "n.yaml")
                          .graph;
  ChipSpec chip = round_chip();
  const GemmShape gemm = *gemm_shape(graph, graph.nodes[0]);
  EXPECT_FALSE(mapped_grid(chip, graph, graph.nodes[0], gemm, TileSource::Dram).whole);
  chip.weight_fifo.whole_tiles = true;
  const TileGrid grid = mapped_grid(chip, graph, graph.nodes[0], gemm, TileSource::Dram);
  EXPECT_TRUE(grid.whole);
  EXPECT_EQ(grid.k.size(), 3);  // 20 over 8 rows
  EXPECT_EQ(grid.n.size(), 3);  // 9 over 4 columns
}

}  // namespace
}  // namespace systole
