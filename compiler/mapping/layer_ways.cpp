#include "compiler/mapping/layer_ways.h"

#include <algorithm>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "arch/dataflow.h"
#include "compiler/allocation/residency.h"
#include "compiler/lowering/gemm_loops.h"
#include "compiler/mapping/group_packing.h"
#include "compiler/mapping/layer_time.h"
#include "compiler/tiling/rows_first.h"

namespace systole {

namespace {

/// Ways of which each is tried with all loops; more bands and packings only if loops are few.
constexpr std::size_t kMostWays = 1024;
constexpr std::size_t kFewestBases = 6;

/// Loops and parts of the last slices.
struct LoopChoice {
  LoopLimits limits;
  std::int64_t parts = 1;
};

class Ways {
 public:
  Ways(const ChipSpec& chip, const MappedLayer& layer, std::int64_t room, const Weights& weights)
      : chip_(chip), layer_(layer), room_(room), weights_(weights) {}

  [[nodiscard]] LayerWay make(LayerMapping mapping) const {
    const CoreCycles time = layer_time(chip_, layer_.graph, layer_.node(), mapping, layer_.homes);
    std::int64_t score = time.count();
    if (weights_.dram > 0) {
      const LayerCost cost = layer_cost(chip_, layer_.graph, layer_.node(), mapping, layer_.homes);
      score = weights_.score(time, cost.memory);
    }
    return {.mapping = std::move(mapping), .time = time, .score = score};
  }

  std::vector<LayerWay> best(std::size_t most) {
    std::vector<LayerWay> bases = all_bases();
    sort(bases);
    const std::vector<LoopChoice> loops = all_loops();
    bases.resize(std::min(bases.size(), std::max(kFewestBases, kMostWays / loops.size())));
    std::vector<LayerWay> found;
    for (LayerWay& base : bases) {
      const std::size_t first = found.size();
      const LayerMapping rule = base.mapping;
      found.push_back(std::move(base));
      for (const LoopChoice& choice : loops) {
        LayerMapping mapping = with_loops(rule, choice);
        const bool known =
            std::any_of(found.begin() + static_cast<std::ptrdiff_t>(first), found.end(),
                        [&](const LayerWay& way) { return way.mapping == mapping; });
        if (!known) {
          found.push_back(make(std::move(mapping)));
        }
      }
    }
    sort(found);
    found.resize(std::min(found.size(), most));
    return found;
  }

 private:
  static void sort(std::vector<LayerWay>& ways) {
    std::stable_sort(ways.begin(), ways.end(),
                     [](const LayerWay& a, const LayerWay& b) { return a.score < b.score; });
  }

  [[nodiscard]] std::vector<LayerWay> all_bases() const {
    std::vector<LayerWay> bases;
    std::vector<BandSize> sizes = band_sizes(layer_.graph, layer_.node());
    if (!layer_.homes.any_moves()) {
      sizes.resize(1);
    }
    for (const BandSize& size : sizes) {
      const std::int64_t bytes =
          stream_bytes(chip_, layer_.graph, layer_.node(), size, layer_.homes);
      if (bytes > room_) {
        continue;
      }
      for (const Packing& packing : packings()) {
        LayerMapping mapping = with_rule(chip_, layer_, size, packing);
        mapping.rows_first = false;
        bases.push_back(make(mapping));
        if (may_pool_rows_first(layer_.graph, layer_.node()) &&
            bytes + maxima_bytes(layer_.graph, layer_.node(), size) <= room_) {
          mapping.rows_first = true;
          bases.push_back(make(std::move(mapping)));
        }
      }
    }
    return bases;
  }

  [[nodiscard]] std::vector<Packing> packings() const {
    std::vector<Packing> all;
    for (const std::int64_t pixels : pixel_choices(chip_, layer_.graph, layer_.node())) {
      all.push_back({.pixels = pixels});
    }
    for (const std::int64_t groups : group_choices(chip_, layer_.graph, layer_.node())) {
      if (groups > 1) {
        all.push_back({.groups = groups});
      }
    }
    return all;
  }

  [[nodiscard]] std::vector<LoopChoice> all_loops() const {
    std::vector<LoopChoice> loops;
    const std::int64_t entries = chip_.accumulators.entries;
    const std::int64_t side = std::max(chip_.matrix.rows, chip_.matrix.cols);
    const bool may_stay = rule_of(chip_.matrix.dataflow).unloads_outputs;
    for (const std::int64_t share : {1, 2, 4, 8}) {
      const std::int64_t chunk = std::max<std::int64_t>(entries / share, 1);
      for (std::int64_t parts = 1; parts <= chip_.matrix.count; ++parts) {
        for (const std::int64_t handover : {side / 2, side, 2 * side, 4 * side, entries}) {
          if (handover > 0) {
            loops.push_back({{.chunk = chunk, .handover = handover}, parts});
          }
        }
        if (may_stay) {
          loops.push_back({{.chunk = chunk, .handover = chunk, .sums_stay = true}, parts});
        }
      }
    }
    return loops;
  }

  [[nodiscard]] LayerMapping with_loops(LayerMapping mapping, const LoopChoice& choice) const {
    for (BandPlan& plan : mapping.plans) {
      const std::int64_t positions = plan.products.positions;
      plan.plan.rest.parts = std::min(choice.parts, positions);
      for (UnitShare* const share : {&plan.plan.whole, &plan.plan.rest}) {
        if (share->slices == 0) {
          *share = {};
        } else {
          share->loops = loops_within(chip_, ceil_div(positions, share->parts), choice.limits);
        }
      }
    }
    return mapping;
  }

  const ChipSpec& chip_;
  const MappedLayer& layer_;
  std::int64_t room_;
  Weights weights_;
};

}  // namespace

std::vector<LayerWay> layer_ways(const ChipSpec& chip, const MappedLayer& layer, std::int64_t room,
                                 std::size_t most, const Weights& weights) {
  return Ways(chip, layer, room, weights).best(most);
}

LayerWay present_way(const ChipSpec& chip, const MappedLayer& layer, const Weights& weights) {
  return Ways(chip, layer, 0, weights).make(layer.mapping);
}

std::string way_words(const Graph& graph, const Node& node, const LayerMapping& mapping) {
  std::string words = band_words(graph, node, mapping.band);
  if (mapping.side_by_side > 1) {
    words += fmt::format(", {} groups side by side", mapping.side_by_side);
  }
  if (mapping.pixels > 1) {
    words += fmt::format(", {} neighbouring positions as one", mapping.pixels);
  }
  if (mapping.rows_first) {
    words += ", pooled rows first";
  }
  if (!mapping.plans.empty()) {
    const GemmPlan& plan = mapping.plans.front().plan;
    const GemmLoops& loops = plan.whole.slices > 0 ? plan.whole.loops : plan.rest.loops;
    words += loops.sums_stay ? fmt::format(", chunks of {} positions whose sums stay", loops.chunk)
                             : fmt::format(", chunks of {} and pieces of {} positions", loops.chunk,
                                           loops.handover);
    if (plan.rest.parts > 1) {
      words += fmt::format(", {} units for each of the last slices", plan.rest.parts);
    }
  }
  return words;
}

}  // namespace systole
