#include "study/weights_behind.h"

#include <string>

#include <gtest/gtest.h>

#include "compiler/frontend/read_network.h"
#include "study/lower_bounds.h"

namespace systole {
namespace {

/// 256 x 256 PEs; on the chip are four tiles of a FIFO and two of the array, 393,216 weights.
ChipSpec tpu() {
  return read_chip(std::string(SYSTOLE_SOURCE_DIR) + "/configs/chips/tpu_v1.yaml");
}

Graph network(const std::string& batch, const std::string& input, const std::string& layers) {
  return parse_network("network: n\nbatch: " + batch + "\ninputs: [" + input + "]\nlayers: [" +
                           layers + "]\n",
                       "n.yaml")
      .graph;
}

constexpr std::int64_t kOnChip = 6 * 65'536;

/// The last element of `a` is in the mean of its channel, so in 4,096 products of `d`, and all of
/// `e` waits for it: 256 steps of `a`, then 4,096 and 16 Mi weights but for those on the chip.
TEST(WeightsBehind, OfTheLastElementComeBehindTheArraysWork) {
  const Graph graph = network(
      "1", "{name: x, rows: 16, cols: 16, channels: 256}",
      "{name: a, op: conv2d, channels: 256, kernel: 1}, {name: p, op: average_pool, kernel: 16}, "
      "{name: f, op: flatten}, {name: d, op: dense, features: 4096}, "
      "{name: e, op: dense, features: 4096}");
  EXPECT_EQ(weights_behind_bound(tpu(), graph),
            CoreCycles(256) + dram_bound(tpu(), Bytes(16 * 1048576 + 4096 - kOnChip)));
}

/// With `known` at that nothing is left to say.
TEST(WeightsBehind, AreZeroBelowWhatIsKnown) {
  const Graph graph = network("1", "{name: x, features: 256}",
                              "{name: a, op: dense, features: 256}, "
                              "{name: b, op: dense, features: 4096}, "
                              "{name: c, op: dense, features: 4096}");
  const CoreCycles bound = weights_behind_bound(tpu(), graph);
  EXPECT_GT(bound, CoreCycles(0));
  EXPECT_EQ(weights_behind_bound(tpu(), graph, bound - CoreCycles(1)), bound);
  EXPECT_EQ(weights_behind_bound(tpu(), graph, bound), CoreCycles(0));
}

/// A kernel of 3 that moves by 2 over 14 places meets the least influential of them with one
/// element an axis, which reaches one output: of `b` a ninth of a channel's weights come behind, of
/// `c` a ninth of all; and from the output of `b`, whose element `c` meets with as few, no more.
TEST(WeightsBehind, OfAPlaceThatFewOutputsReadAreFew) {
  const Graph graph =
      network("1", "{name: x, rows: 56, cols: 56, channels: 256}",
              "{name: a, op: conv2d, channels: 256, kernel: 1}, "
              "{name: b, op: conv2d, channels: 512, kernel: 3, stride: 2, padding: 1}, "
              "{name: c, op: conv2d, channels: 2048, kernel: 3, stride: 2, padding: 1}");
  const std::int64_t weights = 512 + 512 * 2048;
  EXPECT_EQ(weights_behind_bound(tpu(), graph),
            CoreCycles(56 * 56) + dram_bound(tpu(), Bytes(weights - kOnChip)));
}

/// Any place of `b` (2 x 2) needs all of `a`, so when the last image has its first place, `a` is
/// through and a fourth of `b`; then come all weights of the dense layer. With 1,024 images `a`
/// and `b` take 9 * 4,096 steps each.
TEST(WeightsBehind, OfADenseLayerComeWithTheImage) {
  const Graph graph = network("1024", "{name: x, rows: 2, cols: 2, channels: 256}",
                              "{name: a, op: conv2d, channels: 256, kernel: 3, padding: 1}, "
                              "{name: b, op: conv2d, channels: 256, kernel: 3, padding: 1}, "
                              "{name: f, op: flatten}, {name: d, op: dense, features: 4096}");
  EXPECT_EQ(weights_behind_bound(tpu(), graph),
            CoreCycles(9 * 4096 + 9 * 1024) + dram_bound(tpu(), Bytes(4 * 1048576 - kOnChip)));
}

/// Tiles may come from a buffer that holds all weights: they need not come behind anything.
TEST(WeightsBehind, AreNoneWhereTheBufferMayHoldThem) {
  const Graph graph = network(
      "1", "{name: x, rows: 16, cols: 16, channels: 256}",
      "{name: a, op: conv2d, channels: 256, kernel: 1}, {name: p, op: average_pool, kernel: 16}, "
      "{name: f, op: flatten}, {name: d, op: dense, features: 4096}, "
      "{name: e, op: dense, features: 4096}");
  ChipSpec chip = tpu();
  chip.weight_fifo.from_buffer = true;
  EXPECT_EQ(weights_behind_bound(chip, graph), CoreCycles(0));
}

}  // namespace
}  // namespace systole
