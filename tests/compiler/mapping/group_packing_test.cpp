#include "compiler/mapping/group_packing.h"

#include <optional>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "compiler/compile.h"
#include "compiler/frontend/read_network.h"
#include "compiler/frontend/stored_weights.h"

namespace systole {
namespace {

ChipSpec shipped(const std::string& name) {
  return read_chip(std::string(SYSTOLE_SOURCE_DIR) + "/configs/chips/" + name + ".yaml");
}

Graph depthwise(std::int64_t channels, std::int64_t groups, DataType type = DataType::Int8,
                std::int64_t size = 28) {
  return parse_network(
             fmt::format(
                 "network: n\nbatch: 1\ninputs: [{{name: x, rows: {}, cols: {}, channels: {}}}]\n"
                 "layers: [{{name: a, op: conv2d, channels: {}, kernel: 3, padding: 1, "
                 "groups: {}}}]\n",
                 size, size, channels, channels, groups),
             "n.yaml", {.type = type})
      .graph;
}

/// Of 784 positions: a group a fold takes 64 * 784 steps. 32 side by side have 9 * 32 rows in nine
/// tiles of 32: 2 * 9 * 784.
TEST(GroupsSideBySide, OfADepthwiseLayerFillTheColumns) {
  const ChipSpec chip = shipped("edge");
  const Graph graph = depthwise(64, 64);
  EXPECT_EQ(groups_side_by_side(chip, graph, graph.nodes[0]), 32);
  const GemmShape gemm = *mapped_gemm(chip, graph, graph.nodes[0]);
  EXPECT_EQ(gemm.groups, 2);
  EXPECT_EQ(gemm.k, 9 * 32);
  EXPECT_EQ(gemm.n, 32);
}

TEST(GroupsSideBySide, DivideTheGroups) {
  const Graph graph = depthwise(48, 48);
  const std::int64_t packed = groups_side_by_side(shipped("edge"), graph, graph.nodes[0]);
  EXPECT_GT(packed, 8);
  EXPECT_EQ(48 % packed, 0);
}

/// Of whole tiles of 256 x 256 padding costs as much as weights: 192 side by side are 5 x 7 tiles
/// (1728 rows), 24 are 40 tiles of one (216 rows), and all other divisors of 960 are more than 35.
/// Packed tiles cost what is in them: 192 times the weights, so fewer share a tile.
TEST(GroupsSideBySide, OfWholeTilesAreThoseOfFewestTiles) {
  ChipSpec chip = shipped("tpu_v1");
  ASSERT_TRUE(chip.weight_fifo.whole_tiles);
  const Graph graph = depthwise(960, 960, DataType::Int8, 7);
  EXPECT_EQ(groups_side_by_side(chip, graph, graph.nodes[0]), 192);
  chip.weight_fifo.whole_tiles = false;
  EXPECT_LT(groups_side_by_side(chip, graph, graph.nodes[0]), 64);
}

/// 32 channels a group fill the columns of 32: together they are only more zeros.
TEST(GroupsSideBySide, OfWideGroupsAreOne) {
  const Graph graph = depthwise(64, 2);
  EXPECT_EQ(groups_side_by_side(shipped("edge"), graph, graph.nodes[0]), 1);
}

/// The rule leaves them alone, mappings may have several.
TEST(GroupsSideBySide, OfFloatingTypesAreOne) {
  const Graph graph = depthwise(64, 64, DataType::Bf16);
  EXPECT_EQ(groups_side_by_side(shipped("tpu_v3"), graph, graph.nodes[0]), 1);
  EXPECT_EQ(group_choices(shipped("tpu_v3"), graph, graph.nodes[0]),
            (std::vector<std::int64_t>{1, 2, 4, 8, 16, 32, 64}));
}

/// Divisors of the groups whose channels the array has columns for.
TEST(GroupChoices, DivideTheGroupsAndFitTheColumns) {
  const Graph graph = depthwise(96, 12);
  EXPECT_EQ(group_choices(shipped("edge"), graph, graph.nodes[0]),
            (std::vector<std::int64_t>{1, 2, 3, 4}));
  const Graph one = depthwise(64, 1);
  EXPECT_EQ(group_choices(shipped("edge"), one, one.nodes[0]), std::vector<std::int64_t>{1});
}

/// Weights in fewer bits than they are multiplied in have no zeros to put between others.
TEST(GroupChoices, OfStoredWeightsAreOne) {
  Network network{.graph = depthwise(64, 64, DataType::Bf16), .data = nullptr};
  network = with_stored_weights(std::move(network), [](const Node&) {
    return std::optional(WeightStorage{.type = StorageType::Int8, .group = 0});
  });
  const Graph& graph = network.graph;
  EXPECT_EQ(group_choices(shipped("tpu_v3"), graph, graph.nodes[0]), std::vector<std::int64_t>{1});
}

/// Each of the nine tiles of 32 x 32 is a kernel position: its diagonal is products.
TEST(GroupsSideBySide, ZerosAreNoProducts) {
  const Program program = compile(shipped("edge"), depthwise(32, 32));
  ASSERT_EQ(program.tiles.size(), 9);
  for (const WeightTile& tile : program.tiles) {
    EXPECT_EQ(tile.zeros, 32 * 32 - 32);
    EXPECT_EQ(tile.products(), 32);
  }
}

Graph convolution(std::int64_t channels, const std::string& more, DataType type = DataType::Int8) {
  return parse_network(
             fmt::format(
                 "network: n\nbatch: 1\ninputs: [{{name: x, rows: 28, cols: 28, channels: 64}}]\n"
                 "layers: [{{name: a, op: conv2d, channels: {}, {}}}]\n",
                 channels, more),
             "n.yaml", {.type = type})
      .graph;
}

/// Divisors of a row's 28 positions whose channels the array has columns for.
TEST(PixelChoices, DivideTheRowAndFitTheColumns) {
  const auto choices = [](const std::string& chip, const Graph& graph) {
    return pixel_choices(shipped(chip), graph, graph.nodes[0]);
  };
  using Numbers = std::vector<std::int64_t>;
  EXPECT_EQ(choices("tpu_v1", convolution(64, "kernel: 3, padding: 1")), (Numbers{1, 2, 4}));
  EXPECT_EQ(choices("tpu_v1", convolution(32, "kernel: 1")), (Numbers{1, 2, 4, 7}));
  EXPECT_EQ(choices("edge", convolution(64, "kernel: 1")), Numbers{1});
  EXPECT_EQ(choices("tpu_v1", convolution(64, "kernel: 1, groups: 2")), Numbers{1});
  EXPECT_EQ(choices("tpu_v3", convolution(64, "kernel: 1", DataType::Bf16)), (Numbers{1, 2}));
  // 14 positions a row.
  EXPECT_EQ(choices("tpu_v1", convolution(64, "kernel: 1, stride: 2")), (Numbers{1, 2}));
}

TEST(PixelChoices, WidenTheKernel) {
  const Kernel stem{.rows = 7, .cols = 7, .stride_rows = 2, .stride_cols = 2};
  EXPECT_EQ(widened(stem, 1).cols, 7);
  EXPECT_EQ(widened(stem, 2).cols, 9);
  EXPECT_EQ(widened(stem, 2).stride_cols, 4);
  EXPECT_EQ(widened(stem, 2).dilation_cols, 1);
  EXPECT_EQ(widened(stem, 2).positions(), 7 * 9);
  const Kernel point{.stride_rows = 2, .stride_cols = 2};
  EXPECT_EQ(widened(point, 4).cols, 4);
  EXPECT_EQ(widened(point, 4).stride_cols, 8);
  EXPECT_EQ(widened(point, 4).dilation_cols, 2);
  EXPECT_EQ(widened(point, 4).stride_rows, 2);
}

/// 3 x 3 x 64 products of 784 positions: of four as one 3 x 6 x 64 of 196, four times the outputs.
TEST(PixelChoices, MakeFewerPositionsOfMoreProducts) {
  const Graph graph = convolution(64, "kernel: 3, padding: 1");
  const GemmShape gemm = *mapped_gemm(graph, graph.nodes[0], {.pixels = 4});
  EXPECT_EQ(gemm.groups, 1);
  EXPECT_EQ(gemm.m, 196);
  EXPECT_EQ(gemm.k, 3 * 6 * 64);
  EXPECT_EQ(gemm.n, 256);
}

TEST(PixelChoices, GiveEachPositionTheColumnsUnderItsWindow) {
  const Kernel three{.rows = 3, .cols = 3};
  EXPECT_EQ(column_under(three, 4, 3, 0), std::nullopt);
  EXPECT_EQ(column_under(three, 4, 3, 1), 2);
  EXPECT_EQ(column_under(three, 4, 3, 3), 0);
  const Kernel point{.stride_cols = 2};
  EXPECT_EQ(column_under(point, 4, 2, 2), 0);
  EXPECT_EQ(column_under(point, 4, 2, 1), std::nullopt);
}

}  // namespace
}  // namespace systole
