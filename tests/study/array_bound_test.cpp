#include "study/array_bound.h"

#include <string>

#include <gtest/gtest.h>

#include "compiler/frontend/read_network.h"
#include "study/limits.h"

namespace systole {
namespace {

ChipSpec shipped(const std::string& name) {
  return read_chip(std::string(SYSTOLE_SOURCE_DIR) + "/configs/chips/" + name + ".yaml");
}

Graph convolution(const std::string& inputs, const std::string& layer) {
  return parse_network("network: n\nbatch: 2\ninputs: [" + inputs + "]\nlayers: [" + layer + "]\n",
                       "n.yaml")
      .graph;
}

/// 32 x 32 PEs. 128 positions, k 16, n 8: 8 columns of the 32 are sums, so four positions side by
/// side: 128 * 1 * 8 / 32. By rows: 128 * 16 * 1 / 32 = 64, the larger.
TEST(ArrayBound, PacksNarrowLayersByRowsAndColumns) {
  const Graph graph = convolution("{name: x, rows: 8, cols: 8, channels: 16}",
                                  "{name: a, op: conv2d, channels: 8, kernel: 1}");
  EXPECT_EQ(array_bound(shipped("edge"), graph, graph.nodes[0]), CoreCycles(64));
  EXPECT_EQ(fold_bound(shipped("edge"), graph, graph.nodes[0]), CoreCycles(128));
}

/// Windows overlap: an element serves nine positions, so rows bound nothing. One position of k =
/// 144 takes 5 steps of 32 rows for 8 sums, four neighbouring ones read 3 * 6 * 16 = 288 elements
/// in 9 steps for 32 sums, which is best: 128 * 8 * 9 / 32.
TEST(ArrayBound, OfOverlappingWindowsPacksNeighbours) {
  const Graph graph = convolution("{name: x, rows: 8, cols: 8, channels: 16}",
                                  "{name: a, op: conv2d, channels: 8, kernel: 3, padding: 1}");
  EXPECT_EQ(array_bound(shipped("edge"), graph, graph.nodes[0]), CoreCycles(288));
}

/// 32 groups of 9 x 1: neighbours are of different groups, 32 sums read 288 elements in 9 steps, so
/// 128 * 32 * 9 / 32, where a fold a group takes 128 * 32.
TEST(ArrayBound, PacksGroups) {
  const Graph graph =
      convolution("{name: x, rows: 8, cols: 8, channels: 32}",
                  "{name: a, op: conv2d, channels: 32, kernel: 3, padding: 1, groups: 32}");
  EXPECT_EQ(array_bound(shipped("edge"), graph, graph.nodes[0]), CoreCycles(1152));
  EXPECT_EQ(fold_bound(shipped("edge"), graph, graph.nodes[0]), CoreCycles(4096));
}

/// Two channels of 9 x 1 in an image of 16 columns, 8 columns of PEs: neighbours are four positions
/// of both. Two of one channel read 3 * 4 elements, three 15, four 18, which is 4.5 each, the
/// fewest. Eight sums read 36 at least, in 5 steps of 8 rows, seven 31.5 in 4, which is best.
TEST(ArrayBound, OfAFewGroupsPacksPositionsOfEach) {
  ChipSpec chip = shipped("edge");
  chip.matrix.rows = 8;
  chip.matrix.cols = 8;
  const Graph graph =
      convolution("{name: x, rows: 4, cols: 16, channels: 2}",
                  "{name: a, op: conv2d, channels: 2, kernel: 3, padding: 1, groups: 2}");
  EXPECT_EQ(array_bound(chip, graph, graph.nodes[0]), CoreCycles(2 * 64 * 2 * 4 / 7 + 1));
}

/// In an image of one column neighbours lie above each other, of which the bound knows no more than
/// that one of them reads its window.
TEST(ArrayBound, OfANarrowImageCountsOneWindowARow) {
  ChipSpec chip = shipped("edge");
  chip.matrix.rows = 8;
  chip.matrix.cols = 8;
  const Graph graph = convolution("{name: x, rows: 64, cols: 1, channels: 4}",
                                  "{name: a, op: conv2d, channels: 1, kernel: 3, padding: 1}");
  // 3 * 3 * 4 = 36 elements are 5 steps, for 8 positions of one channel.
  EXPECT_EQ(array_bound(chip, graph, graph.nodes[0]), CoreCycles(128 * 5 / 8));
}

/// Positions along the columns: nothing is known of what may lie side by side.
TEST(ArrayBound, OfOtherDataflowsIsByColumnsAndProducts) {
  const Graph graph =
      convolution("{name: x, rows: 8, cols: 8, channels: 32}",
                  "{name: a, op: conv2d, channels: 32, kernel: 3, padding: 1, groups: 32}");
  EXPECT_EQ(array_bound(shipped("edge_is"), graph, graph.nodes[0]), CoreCycles(128));
}

}  // namespace
}  // namespace systole
