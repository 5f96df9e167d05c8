#include "tests/end_to_end/support/random_mapping.h"

#include <algorithm>
#include <random>
#include <vector>

#include "arch/dataflow.h"
#include "compiler/lowering/gemm_loops.h"
#include "compiler/mapping/core_split.h"
#include "compiler/mapping/group_packing.h"
#include "compiler/mapping/mapping_check.h"
#include "compiler/mapping/operand_homes.h"
#include "compiler/tiling/rows_first.h"

namespace systole {

namespace {

class RandomMapping {
 public:
  RandomMapping(const ChipSpec& chip, const Graph& network, const Mapping& base, std::uint64_t seed)
      : chip_(chip), network_(network), graph_(mapped_graph(network, base)), random_(seed) {}

  Mapping of(Mapping mapping) {
    const std::vector<Packing> packing = packings(mapping);
    const std::vector<bool> rows_first = poolings();
    if (mapping.shares.size() == 1) {
      Mapping changed = mapping;
      cut_batch(with_batch(graph_, mapping.shares.front().images), changed.shares.front());
      keep(mapping, changed);
    }
    for (std::size_t share = 0; share < mapping.shares.size(); ++share) {
      Mapping changed = mapping;
      move_tensors(with_batch(graph_, mapping.shares[share].images), changed.shares[share]);
      keep(mapping, changed);
    }
    for (std::size_t layer = 0; layer < graph_.nodes.size(); ++layer) {
      Mapping changed = mapping;
      for (ShareMapping& share : changed.shares) {
        const Graph images = with_batch(graph_, share.images);
        PartGraphs graphs(images);
        share.layers[layer].rows_first = rows_first[layer];
        change_layer(graphs, share, layer, packing[layer]);
      }
      keep(mapping, changed);
    }
    return mapping;
  }

 private:
  [[nodiscard]] std::int64_t below(std::int64_t count) {
    return static_cast<std::int64_t>(random_() % static_cast<std::uint64_t>(count));
  }

  void keep(Mapping& mapping, const Mapping& changed) const {
    if (!check_mapping(chip_, network_, changed)) {
      mapping = changed;
    }
  }

  /// Tiles are the same for all shares.
  std::vector<Packing> packings(const Mapping& mapping) {
    std::vector<Packing> chosen;
    for (std::size_t layer = 0; layer < graph_.nodes.size(); ++layer) {
      const Node& node = graph_.nodes[layer];
      const auto gemm = gemm_shape(graph_, node);
      std::int64_t groups = mapping.shares.front().layers[layer].side_by_side;
      if (gemm && may_pack(graph_, node)) {
        do {
          groups = 1 + below(gemm->groups);
        } while (gemm->groups % groups != 0);
      }
      const std::vector<std::int64_t> pixels = pixel_choices(chip_, graph_, node);
      chosen.push_back(
          {.groups = groups,
           .pixels =
               pixels[static_cast<std::size_t>(below(static_cast<std::int64_t>(pixels.size())))]});
    }
    return chosen;
  }

  /// Nor do shares pool differently.
  std::vector<bool> poolings() {
    std::vector<bool> chosen;
    for (const Node& node : graph_.nodes) {
      chosen.push_back(may_pool_rows_first(graph_, node) && below(4) > 0);
    }
    return chosen;
  }

  void move_tensors(const Graph& graph, ShareMapping& share) {
    const TensorLives lives = tensor_lives(graph);
    const std::vector<bool> kept = kept_in_dram(chip_, graph, lives);
    share.resident.clear();
    for (std::size_t tensor = 0; tensor < graph.tensors.size(); ++tensor) {
      const auto id = static_cast<GraphTensorId>(tensor);
      if (!graph.is_parameter(id) && lives.root(id) == id && lives.of(id).first >= 0 &&
          !kept[tensor] && below(2) == 0) {
        share.resident.push_back(id);
      }
    }
  }

  /// Some layers run in parts, some of them in flight.
  void cut_batch(const Graph& graph, ShareMapping& share) {
    const std::vector<std::int64_t> parts = parts_of_batch(graph);
    const auto layers = static_cast<std::int64_t>(graph.nodes.size());
    if (parts.empty() || below(3) == 0) {
      return;
    }
    Segment segment{.first = static_cast<std::int32_t>(below(layers)),
                    .parts = parts[static_cast<std::size_t>(below(std::ssize(parts)))]};
    segment.end = segment.first + 1 + static_cast<std::int32_t>(below(layers - segment.first));
    segment.in_flight = 1 + below(segment.parts);
    share.segments = {segment};
    PartGraphs graphs(graph);
    for (std::size_t layer = 0; layer < graph.nodes.size(); ++layer) {
      const Graph& part =
          graphs.of(segment_of(share.segments, static_cast<std::int32_t>(layer)).parts);
      const Node& node = part.nodes[layer];
      if (!node.is_view()) {
        LayerMapping& mapping = share.layers[layer];
        mapping.band = band_sizes(part, node).front();
        mapping.plans = band_plans(chip_, part, node, mapping, TileSource::Dram);
        for (BandPlan& plan : mapping.plans) {
          change_plan(plan, segment_of(share.segments, static_cast<std::int32_t>(layer)).in_flight);
        }
      }
    }
  }

  void change_layer(PartGraphs& graphs, ShareMapping& share, std::size_t layer,
                    const Packing& packing) {
    const auto id = static_cast<std::int32_t>(layer);
    const Graph& graph = graphs.of(segment_of(share.segments, id).parts);
    const Node& node = graph.node(id);
    if (node.is_view()) {
      return;
    }
    LayerMapping& mapping = share.layers[layer];
    const std::vector<BandSize> sizes = band_sizes(graph, node);
    mapping.band = sizes[static_cast<std::size_t>(below(static_cast<std::int64_t>(sizes.size())))];
    mapping.side_by_side = packing.groups;
    mapping.pixels = packing.pixels;
    mapping.plans = band_plans(chip_, graph, node, mapping, TileSource::Dram);
    for (BandPlan& plan : mapping.plans) {
      change_plan(plan, segment_of(share.segments, id).in_flight);
    }
  }

  void change_plan(BandPlan& plan, std::int64_t in_flight) {
    const std::int64_t slices = plan.plan.whole.slices + plan.plan.rest.slices;
    plan.plan.whole = random_share(below(slices + 1), plan.products.positions, in_flight);
    plan.plan.rest =
        random_share(slices - plan.plan.whole.slices, plan.products.positions, in_flight);
  }

  UnitShare random_share(std::int64_t slices, std::int64_t positions, std::int64_t in_flight) {
    if (slices == 0) {
      return {};
    }
    UnitShare share{
        .slices = slices, .parts = 1 + below(std::min(chip_.matrix.count, positions)), .loops = {}};
    const std::int64_t chunk =
        1 + below(std::max<std::int64_t>(chip_.accumulators.entries / in_flight, 1));
    share.loops = loops_within(
        chip_, ceil_div(positions, share.parts),
        {.chunk = chunk,
         .handover = 1 + below(chunk),
         .sums_stay = rule_of(chip_.matrix.dataflow).unloads_outputs && below(2) == 0});
    if (share.loops.sums_stay) {
      share.loops.handover = share.loops.fold;
    }
    return share;
  }

  const ChipSpec& chip_;
  const Graph& network_;
  Graph graph_;  ///< with the layers fused that the base has fused
  std::mt19937_64 random_;
};

}  // namespace

Mapping random_mapping(const ChipSpec& chip, const Graph& graph, Mapping base, std::uint64_t seed) {
  RandomMapping random(chip, graph, base, seed);
  return random.of(std::move(base));
}

}  // namespace systole
