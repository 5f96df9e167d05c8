#include "compiler/mapping/layer_candidates.h"

#include <algorithm>
#include <functional>
#include <utility>

#include <fmt/format.h>

#include "arch/dataflow.h"
#include "compiler/allocation/residency.h"
#include "compiler/lowering/gemm_loops.h"
#include "compiler/mapping/group_packing.h"
#include "compiler/mapping/tile_source.h"
#include "compiler/tiling/rows_first.h"

namespace systole {

namespace {

class Candidates {
 public:
  Candidates(const ChipSpec& chip, const MappedLayer& layer) : chip_(chip), layer_(layer) {}

  LayerCandidate make(std::string change, LayerMapping mapping, OperandHomes homes) const {
    const LayerCost cost = layer_cost(chip_, layer_.graph, layer_.node(), mapping, homes);
    const std::int64_t bytes =
        stream_bytes(chip_, layer_.graph, layer_.node(), mapping.band, homes);
    return {.change = std::move(change),
            .mapping = std::move(mapping),
            .homes = std::move(homes),
            .cost = cost,
            .stream_bytes = bytes};
  }

  std::vector<LayerCandidate> all() {
    add_bands();
    add_packings();
    add_rows_first();
    add_chunks();
    add_handovers();
    add_places_of_sums();
    add_parts();
    std::stable_sort(found_.begin(), found_.end(),
                     [](const LayerCandidate& a, const LayerCandidate& b) {
                       return a.cost.score() < b.cost.score();
                     });
    return std::move(found_);
  }

  /// The cheapest bands for these homes.
  [[nodiscard]] LayerCandidate best_bands(const std::string& change,
                                          const OperandHomes& homes) const {
    MappedLayer other = layer_;
    other.homes = homes;
    std::vector<BandSize> sizes = band_sizes(layer_.graph, layer_.node());
    if (!homes.any_moves()) {
      sizes.resize(1);
    }
    std::optional<LayerCandidate> best;
    for (const BandSize& size : sizes) {
      LayerCandidate one =
          make(change, with_rule(chip_, other, size, layer_.mapping.packing()), homes);
      if (!best || one.cost.score() < best->cost.score()) {
        best = std::move(one);
      }
    }
    return *best;
  }

 private:
  void add(std::string change, LayerMapping mapping) {
    const bool known = mapping == layer_.mapping ||
                       std::any_of(found_.begin(), found_.end(), [&](const LayerCandidate& one) {
                         return one.mapping == mapping;
                       });
    if (!known) {
      found_.push_back(make(std::move(change), std::move(mapping), layer_.homes));
    }
  }

  void add_bands() {
    if (!layer_.homes.any_moves()) {
      return;
    }
    for (const BandSize& size : band_sizes(layer_.graph, layer_.node())) {
      add(band_words(layer_.graph, layer_.node(), size),
          with_rule(chip_, layer_, size, layer_.mapping.packing()));
    }
  }

  void add_packings() {
    for (const std::int64_t pixels : pixel_choices(chip_, layer_.graph, layer_.node())) {
      if (pixels != layer_.mapping.pixels) {
        add(pixels == 1 ? std::string("each position by itself")
                        : fmt::format("{} neighbouring positions as one", pixels),
            with_rule(chip_, layer_, layer_.mapping.band, {.pixels = pixels}));
      }
    }
    const std::vector<std::int64_t> choices = group_choices(chip_, layer_.graph, layer_.node());
    if (choices.size() == 1) {
      return;
    }
    for (const std::int64_t groups : choices) {
      add(groups == 1 ? std::string("a group a tile")
                      : fmt::format("{} groups side by side", groups),
          with_rule(chip_, layer_, layer_.mapping.band, {.groups = groups}));
    }
  }

  void add_rows_first() {
    if (may_pool_rows_first(layer_.graph, layer_.node())) {
      LayerMapping mapping = layer_.mapping;
      mapping.rows_first = !mapping.rows_first;
      add(mapping.rows_first ? "pooled rows first" : "pooled window by window", std::move(mapping));
    }
  }

  /// With other loops for each size of band.
  void add_loops(const std::string& change,
                 const std::function<GemmLoops(const GemmLoops&, std::int64_t positions)>& loops) {
    LayerMapping mapping = layer_.mapping;
    for (BandPlan& plan : mapping.plans) {
      const auto vary = [&](UnitShare& share) {
        if (share.slices > 0) {
          share.loops = loops(share.loops, ceil_div(plan.products.positions, share.parts));
        }
      };
      vary(plan.plan.whole);
      vary(plan.plan.rest);
    }
    add(change, std::move(mapping));
  }

  void add_chunks() {
    const std::int64_t entries = chip_.accumulators.entries;
    for (const std::int64_t share : {1, 2, 4, 8}) {
      const std::int64_t chunk = std::max<std::int64_t>(entries / share, 1);
      add_loops(fmt::format("chunks of at most {} positions", chunk),
                [&](const GemmLoops& now, std::int64_t positions) {
                  return loops_within(chip_, positions,
                                      {.chunk = chunk,
                                       .handover = std::min(now.handover, chunk),
                                       .sums_stay = now.sums_stay});
                });
    }
  }

  void add_handovers() {
    const std::int64_t side = std::max(chip_.matrix.rows, chip_.matrix.cols);
    for (const std::int64_t handover :
         {side / 2, side, 2 * side, 4 * side, chip_.accumulators.entries}) {
      if (handover == 0) {
        continue;
      }
      add_loops(handover == chip_.accumulators.entries
                    ? std::string("chunks handed over whole")
                    : fmt::format("pieces of at most {} positions", handover),
                [&](GemmLoops loops, std::int64_t) {
                  loops.handover = std::min(loops.fold, handover);
                  return loops;
                });
    }
  }

  void add_places_of_sums() {
    if (!rule_of(chip_.matrix.dataflow).unloads_outputs) {
      return;
    }
    const std::int64_t chunk = std::max<std::int64_t>(chip_.accumulators.entries / 2, 1);
    for (const bool stay : {true, false}) {
      add_loops(stay ? "sums stay in the array" : "sums leave the array after each fold",
                [&](const GemmLoops&, std::int64_t positions) {
                  return loops_within(chip_, positions,
                                      {.chunk = chunk, .handover = chunk, .sums_stay = stay});
                });
    }
  }

  void add_parts() {
    for (std::int64_t parts = 1; parts <= chip_.matrix.count; ++parts) {
      LayerMapping mapping = layer_.mapping;
      for (BandPlan& plan : mapping.plans) {
        UnitShare& rest = plan.plan.rest;
        if (rest.slices > 0 && parts <= plan.products.positions) {
          const std::int64_t positions = ceil_div(plan.products.positions, parts);
          rest.loops = loops_within(chip_, positions,
                                    {.chunk = rest.loops.chunk,
                                     .handover = rest.loops.handover,
                                     .sums_stay = rest.loops.sums_stay});
          rest.parts = parts;
        }
      }
      add(parts == 1 ? std::string("a unit for each of the last slices")
                     : fmt::format("{} units for each of the last slices", parts),
          std::move(mapping));
    }
  }

  const ChipSpec& chip_;
  const MappedLayer& layer_;
  std::vector<LayerCandidate> found_;
};

}  // namespace

TileSource MappedLayer::source() const {
  const bool in_buffer =
      takes_tiles(node(), kRightInput) && homes.inputs[kRightInput] != Home::Tiles;
  return in_buffer ? TileSource::Buffer : TileSource::Dram;
}

LayerMapping with_rule(const ChipSpec& chip, const MappedLayer& layer, const BandSize& band,
                       const Packing& packing) {
  LayerMapping mapping{.band = band,
                       .side_by_side = packing.groups,
                       .pixels = packing.pixels,
                       .rows_first = layer.mapping.rows_first,
                       .plans = {}};
  mapping.plans = band_plans(chip, layer.graph, layer.node(), mapping, layer.source());
  return mapping;
}

LayerCandidate chosen_candidate(const ChipSpec& chip, const MappedLayer& layer) {
  return Candidates(chip, layer).make("", layer.mapping, layer.homes);
}

std::vector<LayerCandidate> layer_candidates(const ChipSpec& chip, const MappedLayer& layer) {
  return Candidates(chip, layer).all();
}

std::vector<LayerCandidate> residency_candidates(const ChipSpec& chip, const MappedLayer& layer) {
  const Candidates candidates(chip, layer);
  std::vector<LayerCandidate> found;
  const auto flip = [&](Home now, Home streaming, Home staying, GraphTensorId tensor,
                        const auto& set) {
    const std::string& name = layer.graph.tensor(tensor).name;
    const bool stays = !streams(now) && now != Home::Tiles;
    if (stays ? !streams(streaming) : !streams(now)) {
      return;
    }
    OperandHomes homes = layer.homes;
    set(homes, stays ? streaming : staying);
    found.push_back(
        candidates.best_bands(fmt::format("{} {}", name, stays ? "streams" : "stays"), homes));
  };
  for (std::size_t input = 0; input < layer.homes.inputs.size(); ++input) {
    flip(layer.homes.inputs[input], layer.streaming.inputs[input], layer.staying.inputs[input],
         layer.graph.operand(layer.node(), input),
         [&](OperandHomes& homes, Home home) { homes.inputs[input] = home; });
  }
  flip(layer.homes.output, layer.streaming.output, layer.staying.output, layer.node().output(),
       [&](OperandHomes& homes, Home home) { homes.output = home; });
  return found;
}

std::string band_words(const Graph& graph, const Node& node, const BandSize& band) {
  std::int64_t bands = 0;
  for (const BandRun& run : band_runs(graph, node, band)) {
    bands += run.count;
  }
  if (bands == 1) {
    return "one band";
  }
  const bool whole_images = band.rows >= graph.tensor(node.output()).shape().rows;
  const std::int64_t size = whole_images ? band.images : band.rows;
  return fmt::format("{} bands of {} {}{}", bands, size, whole_images ? "image" : "row",
                     size == 1 ? "" : "s");
}

}  // namespace systole
