#include "tests/end_to_end/support/mapping_space.h"

#include <algorithm>
#include <random>
#include <utility>

#include <fmt/format.h>

#include "arch/dataflow.h"
#include "compiler/lowering/gemm_loops.h"
#include "compiler/mapping/group_packing.h"
#include "compiler/mapping/mapping_check.h"
#include "compiler/mapping/operand_homes.h"

namespace systole {

namespace {

/// Draws that are the same on every machine.
class Draw {
 public:
  explicit Draw(std::uint32_t seed) : random_(seed) {}

  std::int64_t from(const std::vector<std::int64_t>& values) {
    return values[random_() % values.size()];
  }

 private:
  std::mt19937 random_;
};

/// What stays, of the tensors of a network of one layer.
std::vector<std::vector<GraphTensorId>> residencies(const ChipSpec& chip, const Graph& graph) {
  const TensorLives lives = tensor_lives(graph);
  const std::vector<bool> kept = kept_in_dram(chip, graph, lives);
  std::vector<std::vector<GraphTensorId>> all{{}};
  for (std::size_t tensor = 0; tensor < graph.tensors.size(); ++tensor) {
    const auto id = static_cast<GraphTensorId>(tensor);
    if (graph.is_parameter(id) || lives.root(id) != id || lives.of(id).first < 0 || kept[tensor]) {
      continue;
    }
    const std::size_t before = all.size();
    for (std::size_t index = 0; index < before; ++index) {
      all.push_back(all[index]);
      all.back().push_back(id);
    }
  }
  return all;
}

class Space {
 public:
  Space(const ChipSpec& chip, const Graph& graph) : chip_(chip), graph_(graph) {}

  std::vector<Mapping> all() {
    const Node& node = graph_.node(0);
    for (const auto& resident : residencies(chip_, graph_)) {
      for (const BandSize& band : band_sizes(graph_, node)) {
        for (const Packing& packing : packings()) {
          add(resident, band, packing);
        }
      }
    }
    return std::move(found_);
  }

 private:
  [[nodiscard]] std::vector<Packing> packings() const {
    const GemmShape gemm = *gemm_shape(graph_, graph_.node(0));
    std::vector<Packing> all;
    for (const std::int64_t pixels : pixel_choices(chip_, graph_, graph_.node(0))) {
      all.push_back({.pixels = pixels});
    }
    for (std::int64_t groups = 2; groups <= gemm.groups; ++groups) {
      if (gemm.groups % groups == 0 && may_pack(graph_, graph_.node(0))) {
        all.push_back({.groups = groups});
      }
    }
    return all;
  }

  void add(const std::vector<GraphTensorId>& resident, const BandSize& band,
           const Packing& packing) {
    LayerMapping layer{
        .band = band, .side_by_side = packing.groups, .pixels = packing.pixels, .plans = {}};
    layer.plans = band_plans(chip_, graph_, graph_.node(0), layer, TileSource::Dram);
    const std::int64_t side = std::max(chip_.matrix.rows, chip_.matrix.cols);
    for (std::int64_t share = 1; share <= 8; share *= 2) {
      const std::int64_t chunk = std::max<std::int64_t>(chip_.accumulators.entries / share, 1);
      for (const std::int64_t handover :
           {side / 2, side, 2 * side, 4 * side, chip_.accumulators.entries}) {
        for (const bool stay : {false, true}) {
          for (std::int64_t parts = 1; parts <= chip_.matrix.count; ++parts) {
            add(resident,
                with_loops(layer,
                           {.chunk = chunk, .handover = stay ? chunk : handover, .sums_stay = stay},
                           parts));
          }
        }
      }
    }
  }

  [[nodiscard]] LayerMapping with_loops(LayerMapping layer, const LoopLimits& limits,
                                        std::int64_t parts) const {
    for (BandPlan& plan : layer.plans) {
      plan.plan.rest.parts = std::min(parts, plan.products.positions);
      for (UnitShare* const share : {&plan.plan.whole, &plan.plan.rest}) {
        if (share->slices == 0) {
          *share = {};
        } else {
          share->loops =
              loops_within(chip_, ceil_div(plan.products.positions, share->parts), limits);
        }
      }
    }
    return layer;
  }

  void add(const std::vector<GraphTensorId>& resident, LayerMapping layer) {
    Mapping mapping{.shares = {{.images = graph_.batch,
                                .segments = {},
                                .resident = resident,
                                .layers = {std::move(layer)}}}};
    const bool known = std::find(found_.begin(), found_.end(), mapping) != found_.end();
    if (!known && !check_mapping(chip_, graph_, mapping)) {
      found_.push_back(std::move(mapping));
    }
  }

  const ChipSpec& chip_;
  const Graph& graph_;
  std::vector<Mapping> found_;
};

}  // namespace

SmallLayerCase small_layer_case(std::uint32_t seed) {
  Draw draw(seed);
  SmallLayerCase result{
      .chip = read_chip(SYSTOLE_SOURCE_DIR "/configs/chips/edge.yaml"), .network = {}, .text = {}};
  ChipSpec& chip = result.chip;
  chip.matrix.dataflow = static_cast<Dataflow>(draw.from({0, 0, 1, 2}));
  chip.matrix.overlap = static_cast<Overlap>(draw.from({0, 0, 0, 1}));
  chip.matrix.count = draw.from({1, 1, 2});
  chip.matrix.rows = draw.from({8, 16, 32});
  chip.matrix.cols = draw.from({8, 16, 32});
  chip.accumulators.entries = draw.from({64, 128, 256, 512});
  chip.weight_fifo.tiles = draw.from({1, 2, 4, 8});
  chip.weight_fifo.whole_tiles = draw.from({0, 0, 1}) == 1;
  chip.buffer.capacity = Bytes(1024 * draw.from({8, 16, 64, 1024}));
  chip.buffer.ports = draw.from({2, 4});
  chip.dram.channels = draw.from({1, 2, 4});
  chip.dram.capacity = Bytes(std::int64_t{256} << 20);
  chip.vector.lanes = draw.from({8, 16, 32});
  chip.io = static_cast<IoMemory>(draw.from({0, 1}));
  const std::int64_t kind = draw.from({0, 0, 1, 2});
  if (kind == 1) {
    result.network = fmt::format(
        "network: n\nbatch: {}\ninputs: [{{name: x, features: {}}}]\n"
        "layers: [{{name: a, op: dense, features: {}}}]\n",
        draw.from({1, 8, 40}), draw.from({20, 64, 100}), draw.from({10, 64, 90}));
  } else {
    const std::int64_t size = draw.from({5, 7, 10, 14});
    const std::int64_t groups = kind == 2 ? draw.from({4, 8}) : 1;
    const std::int64_t channels = draw.from({8, 16, 40});
    result.network = fmt::format(
        "network: n\nbatch: {}\ninputs: [{{name: x, rows: {}, cols: {}, channels: {}}}]\n"
        "layers: [{{name: a, op: conv2d, kernel: {}, padding: same, channels: {}, groups: {}}}]\n",
        draw.from({1, 1, 2}), size, size, channels, draw.from({1, 3}), draw.from({8, 16, 48}),
        groups);
  }
  result.text = fmt::format(
      "{} units of {} x {}, {}, overlap {}, {} accumulators, {} tiles{}, {} KiB, {} ports, {} "
      "channels, {} lanes, io {}\n{}",
      chip.matrix.count, chip.matrix.rows, chip.matrix.cols, name_of(chip.matrix.dataflow),
      name_of(chip.matrix.overlap), chip.accumulators.entries, chip.weight_fifo.tiles,
      chip.weight_fifo.whole_tiles ? " (whole)" : "", chip.buffer.capacity.count() / 1024,
      chip.buffer.ports, chip.dram.channels, chip.vector.lanes, name_of(chip.io), result.network);
  return result;
}

std::vector<Mapping> all_mappings(const ChipSpec& chip, const Graph& graph) {
  return Space(chip, graph).all();
}

}  // namespace systole
