#include "tests/end_to_end/support/random_layer.h"

#include <random>
#include <vector>

#include <fmt/format.h>

namespace systole {

namespace {

/// Draws that are the same on every machine, unlike those of <random>'s distributions.
class Draw {
 public:
  explicit Draw(std::uint32_t seed) : random_(seed) {}

  std::int64_t from(const std::vector<std::int64_t>& values) {
    return values[random_() % values.size()];
  }

 private:
  std::mt19937 random_;
};

ChipSpec draw_chip(Draw& draw) {
  ChipSpec chip = read_chip(SYSTOLE_SOURCE_DIR "/configs/chips/edge.yaml");
  chip.matrix.dataflow = static_cast<Dataflow>(draw.from({0, 1, 2}));
  chip.matrix.overlap = static_cast<Overlap>(draw.from({0, 0, 0, 1}));
  chip.matrix.rows = draw.from({8, 16, 32, 64});
  chip.matrix.cols = draw.from({8, 16, 32, 64});
  chip.accumulators.entries = draw.from({64, 128, 256, 512, 1024});
  chip.weight_fifo.tiles = draw.from({1, 2, 4, 8});
  chip.buffer.capacity = Bytes(1024 * draw.from({32, 64, 128, 256, 512, 1024}));
  chip.buffer.ports = draw.from({2, 4});
  chip.dram.channels = draw.from({1, 2, 4});
  chip.dram.capacity = Bytes(std::int64_t{256} << 20);
  chip.vector.lanes = draw.from({16, 32, 64});
  chip.frequency = Hertz(1'000'000 * draw.from({200, 500, 1000}));
  return chip;
}

std::string draw_network(Draw& draw) {
  if (draw.from({0, 0, 1}) == 1) {
    return fmt::format(
        "network: n\nbatch: {}\ninputs: [{{name: x, features: {}}}]\n"
        "layers: [{{name: a, op: dense, features: {}}}]\n",
        draw.from({1, 8, 60, 200}), draw.from({64, 300, 512, 1024}), draw.from({64, 300, 1000}));
  }
  const std::int64_t size = draw.from({7, 14, 28, 56});
  return fmt::format(
      "network: n\nbatch: {}\ninputs: [{{name: x, rows: {}, cols: {}, channels: {}}}]\n"
      "layers:\n- {{name: a, op: conv2d, kernel: {}, padding: same, channels: {}}}\n"
      "- {{name: b, op: conv2d, kernel: {}, padding: same, channels: {}}}\n",
      draw.from({1, 1, 2, 4}), size, size, draw.from({3, 16, 64, 128}), draw.from({1, 3, 5}),
      draw.from({16, 64, 128}), draw.from({1, 3}), draw.from({16, 64, 100}));
}

}  // namespace

RandomLayerCase random_layer_case(std::uint32_t seed) {
  Draw draw(seed);
  RandomLayerCase result{.chip = draw_chip(draw), .network = draw_network(draw), .text = {}};
  const ChipSpec& chip = result.chip;
  result.text = fmt::format(
      "{} x {} PEs, {}, overlap {}, {} accumulators, {} tiles, {} KiB, {} ports, {} channels, {} "
      "lanes, {} MHz\n",
      chip.matrix.rows, chip.matrix.cols, name_of(chip.matrix.dataflow),
      name_of(chip.matrix.overlap), chip.accumulators.entries, chip.weight_fifo.tiles,
      chip.buffer.capacity.count() / 1024, chip.buffer.ports, chip.dram.channels, chip.vector.lanes,
      chip.frequency.count() / 1'000'000);
  return result;
}

}  // namespace systole
