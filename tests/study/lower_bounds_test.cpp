#include "study/lower_bounds.h"

#include <cmath>
#include <string>

#include <gmock/gmock.h>

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

/// DDR3-2133: 8 + 14 + 278 + 14 - 4 = 310 of 8,320 cycles, and eight refreshes that may be missing:
/// four owed, one forced, and one interval each before, behind and unfinished. 700 MHz.
TEST(DramBound, LeavesOutWhatRefreshesTake) {
  const ChipSpec chip = shipped("tpu_v1");
  const Bytes bytes(1'000'000'000);
  const auto peak = static_cast<double>(memory_bound(chip, bytes).count());
  const double cycle = static_cast<double>(chip.dram.standard.timing.tCK.count()) * 700e6 / 1e15;
  const double least = (peak - 8 * 310 * cycle) * 8320 / 8010;
  EXPECT_NEAR(static_cast<double>(dram_bound(chip, bytes).count()), least, 2);
  EXPECT_GT(least, 1.038 * peak);
}

/// Too few bytes to meet a refresh.
TEST(DramBound, OfAFewBytesIsThePeak) {
  const ChipSpec chip = shipped("tpu_v1");
  EXPECT_EQ(dram_bound(chip, Bytes(65'536)), memory_bound(chip, Bytes(65'536)));
}

/// Bank by bank (LPDDR4), or with another rank, the bus need not wait.
TEST(DramBound, IsThePeakWhereOthersGoOn) {
  const Bytes bytes(1'000'000'000);
  EXPECT_EQ(dram_bound(shipped("edge"), bytes), memory_bound(shipped("edge"), bytes));
  ChipSpec chip = shipped("tpu_v1");
  chip.dram.standard.organization.ranks = 2;
  EXPECT_EQ(dram_bound(chip, bytes), memory_bound(chip, bytes));
  chip.dram.standard.organization.ranks = 1;
  chip.dram.controller.refresh = RefreshKind::Off;
  EXPECT_EQ(dram_bound(chip, bytes), memory_bound(chip, bytes));
}

/// Fill: the link's latency, 5 us at 500 MHz, hides the first shift. Behind: 62 cycles of the
/// array, 8 of the vector unit, and the link's latency. Steps of 1,024 x 1,024: 2 * 32 * 32; shifts
/// 32 * 32 * 32.
TEST(NetworkTimeBound, HasFillShiftsAndDrain) {
  const Graph graph =
      convolution("{name: x, features: 1024}", "{name: a, op: dense, features: 1024}");
  const TimeBound bound = network_time_bound(shipped("edge"), graph);
  EXPECT_EQ(bound.array, CoreCycles(32 * 32 * 32 + 2500 + 62 + 8 + 2500));
  EXPECT_EQ(bound.chain, CoreCycles(2500 + 62 + 8 + 1 + 2500));
  EXPECT_EQ(bound.vector, CoreCycles(2 * 1024 / 32 + 2500 + 62 + 8 + 2500));
  // 4 KiB over 1 GB/s at 500 MHz.
  EXPECT_EQ(bound.host, CoreCycles(2500 + 2048));
  // 1 MiB and 4 KiB at 12.8 GB/s: 25.6 bytes a cycle; the last bias meets its sums in 8 cycles.
  EXPECT_EQ(bound.dram, CoreCycles((1024 * 1024 + 4096) * 10 / 256 + 8 + 2500));
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
