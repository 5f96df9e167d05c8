#include "study/lower_bounds.h"

#include <cmath>
#include <string>

#include <gmock/gmock.h>

#include "compiler/frontend/read_network.h"

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

/// Windows overlap: an element serves nine positions, so rows bound nothing. k = 144 of 32 rows is
/// five, not four and a half: 5 * 128 * 8 / 32.
TEST(ArrayBound, OfOverlappingWindowsCountsColumnsAlone) {
  const Graph graph = convolution("{name: x, rows: 8, cols: 8, channels: 16}",
                                  "{name: a, op: conv2d, channels: 8, kernel: 3, padding: 1}");
  EXPECT_EQ(array_bound(shipped("edge"), graph, graph.nodes[0]), CoreCycles(160));
}

/// 32 groups of 9 x 1: 32 columns at once, 128 * 32 / 32, where a fold a group takes 128 * 32.
TEST(ArrayBound, PacksGroups) {
  const Graph graph =
      convolution("{name: x, rows: 8, cols: 8, channels: 32}",
                  "{name: a, op: conv2d, channels: 32, kernel: 3, padding: 1, groups: 32}");
  EXPECT_EQ(array_bound(shipped("edge"), graph, graph.nodes[0]), CoreCycles(128));
  EXPECT_EQ(fold_bound(shipped("edge"), graph, graph.nodes[0]), CoreCycles(4096));
}

/// Fill: the link's latency, 5 us at 500 MHz, hides the first shift. Behind: 62 cycles of the
/// array, 8 of the vector unit. Steps of 1,024 x 1,024: 2 * 32 * 32; shifts 32 * 32 * 32.
TEST(NetworkTimeBound, HasFillShiftsAndDrain) {
  const Graph graph =
      convolution("{name: x, features: 1024}", "{name: a, op: dense, features: 1024}");
  const TimeBound bound = network_time_bound(shipped("edge"), graph);
  EXPECT_EQ(bound.array, CoreCycles(32 * 32 * 32 + 2500 + 62 + 8));
  EXPECT_EQ(bound.chain, CoreCycles(2500 + 62 + 8 + 1));
  EXPECT_EQ(bound.vector, CoreCycles(2 * 1024 / 32 + 2500 + 62 + 8));
  // 4 KiB over 1 GB/s at 500 MHz.
  EXPECT_EQ(bound.host, CoreCycles(2500 + 2048));
  // 1 MiB and 4 KiB at 12.8 GB/s: 25.6 bytes a cycle.
  EXPECT_EQ(bound.dram, CoreCycles((1024 * 1024 + 4096) * 10 / 256));
  EXPECT_EQ(bound.by(), Bound::Dram);
}

/// Both operands in DRAM, 8,192^3 products of bytes: 2 * 2^39 / sqrt(S) - 2 S, with S the buffer's
/// 2^20, accumulators' 1,024 * 32 and ten tiles of 1,024.
TEST(LeastDramBytes, OfALargeProductAreMoreThanItsOperands) {
  ChipSpec chip = shipped("edge");
  const Graph graph = parse_network(
                          "network: n\nbatch: 8192\ninputs: [{name: x, features: 8192}]\n"
                          "layers: [{name: a, op: dense, features: 8192, bias: false}]\n",
                          "n.yaml")
                          .graph;
  EXPECT_EQ(least_dram_bytes(chip, graph), Bytes(8192 * 8192));
  chip.io = IoMemory::Device;
  const double held = 1048576 + 1024 * 32 + 10 * 1024;
  const double elements = 2.0 * 549755813888.0 / std::sqrt(held) - 2.0 * held;
  EXPECT_EQ(least_dram_bytes(chip, graph), Bytes(static_cast<std::int64_t>(elements)));
  EXPECT_GT(elements, 3.0 * 8192 * 8192);
}

TEST(LayerTimeBound, OfALayerWithoutProductsIsZero) {
  const Graph graph = convolution("{name: x, rows: 8, cols: 8, channels: 16}",
                                  "{name: p, op: max_pool, kernel: 2, stride: 2}");
  EXPECT_EQ(layer_time_bound(shipped("edge"), graph, graph.nodes[0]), TimeBound{});
}

}  // namespace
}  // namespace systole
