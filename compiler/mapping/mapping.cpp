#include "compiler/mapping/mapping.h"

#include <algorithm>

#include "arch/diag/check.h"
#include "compiler/mapping/fusion.h"
#include "compiler/mapping/group_packing.h"
#include "compiler/mapping/tile_source.h"

namespace systole {

Graph mapped_graph(const Graph& network, const Mapping& mapping) {
  Graph graph = with_fusions(network, {});
  for (const std::int32_t layer : fused_layers(graph)) {
    if (!std::binary_search(mapping.fused.begin(), mapping.fused.end(), layer)) {
      take_apart(graph, layer - 1);
    }
  }
  return graph;
}

std::vector<std::int32_t> fused_layers(const Graph& graph) {
  std::vector<std::int32_t> layers;
  for (std::size_t layer = 0; layer < graph.nodes.size(); ++layer) {
    if (graph.nodes[layer].fused) {
      layers.push_back(static_cast<std::int32_t>(layer));
    }
  }
  return layers;
}

std::vector<BandPlan> band_plans(const ChipSpec& chip, const Graph& graph, const Node& node,
                                 const LayerMapping& mapping, TileSource source,
                                 const Weights& weights) {
  const std::optional<GemmShape> gemm = mapped_gemm(graph, node, mapping.packing());
  std::vector<BandPlan> plans;
  if (!gemm) {
    return plans;
  }
  TileGrid grid = mapped_grid(chip, graph, node, *gemm, source);
  for (const BandRun& run : band_runs(graph, node, mapping.band)) {
    const BandGemm products =
        band_gemm(graph, node, gemm->groups, run.band, mapping.packing().pixels);
    const bool known = std::any_of(plans.begin(), plans.end(),
                                   [&](const BandPlan& plan) { return plan.products == products; });
    if (!known) {
      grid.groups = products.groups;
      GemmPlan plan = gemm_plan(chip, grid, graph.operand_type(node), products.positions, weights);
      if (plan.whole.slices == 0) {
        plan.whole = {};
      }
      plans.push_back({products, plan});
    }
  }
  return plans;
}

const GemmPlan* LayerMapping::plan_of(const BandGemm& products) const {
  const auto found = std::find_if(plans.begin(), plans.end(),
                                  [&](const BandPlan& plan) { return plan.products == products; });
  return found == plans.end() ? nullptr : &found->plan;
}

Residency ShareMapping::residency(const Graph& graph) const {
  Residency residency{.resident = std::vector<bool>(graph.tensors.size(), false),
                      .bands = {},
                      .pixels = {},
                      .rows_first = {},
                      .segments = segments};
  for (const GraphTensorId tensor : resident) {
    residency.resident[static_cast<std::size_t>(tensor)] = true;
  }
  for (const LayerMapping& layer : layers) {
    residency.bands.push_back(layer.band);
    residency.pixels.push_back(layer.pixels);
    residency.rows_first.push_back(layer.rows_first);
  }
  return residency;
}

const ShareMapping& Mapping::share(std::int64_t images) const {
  const auto found = std::find_if(shares.begin(), shares.end(), [&](const ShareMapping& share) {
    return share.images == images;
  });
  SYSTOLE_CHECK(found != shares.end(), "no share of {} images", images);
  return *found;
}

ShareMapping share_mapping(const ChipSpec& chip, const Graph& graph, const MemoryPlan& plan,
                           const Weights& weights) {
  ShareMapping share{
      .images = graph.batch, .segments = plan.segments, .resident = {}, .layers = {}};
  for (std::size_t tensor = 0; tensor < plan.resident.size(); ++tensor) {
    if (plan.resident[tensor]) {
      share.resident.push_back(static_cast<GraphTensorId>(tensor));
    }
  }
  PartGraphs graphs(graph);
  for (std::int32_t layer = 0; layer < static_cast<std::int32_t>(graph.nodes.size()); ++layer) {
    const Graph& part = graphs.of(segment_of(plan.segments, layer).parts);
    const Node& node = part.node(layer);
    const LayerPlan& planned = plan.layers[static_cast<std::size_t>(layer)];
    LayerMapping mapping{.band = plan.bands[static_cast<std::size_t>(layer)],
                         .side_by_side = groups_side_by_side(chip, part, node, weights),
                         .plans = {}};
    if (!node.is_view()) {
      const bool in_buffer =
          takes_tiles(node, kRightInput) && !planned.inputs[kRightInput].as_tiles;
      mapping.plans = band_plans(chip, part, node, mapping,
                                 in_buffer ? TileSource::Buffer : TileSource::Dram, weights);
    }
    share.layers.push_back(std::move(mapping));
  }
  return share;
}

}  // namespace systole
