#include "compiler/mapping/choose_mapping.h"

#include <algorithm>
#include <array>
#include <functional>
#include <utility>

#include <fmt/format.h>

#include "arch/diag/check.h"
#include "arch/diag/error.h"
#include "compiler/lowering/gemm_loops.h"
#include "compiler/mapping/alike_results.h"
#include "compiler/mapping/core_split.h"
#include "compiler/mapping/fusion.h"
#include "compiler/mapping/layer_candidates.h"
#include "compiler/mapping/layer_time.h"
#include "compiler/mapping/mapped_share.h"
#include "compiler/mapping/mapping_check.h"
#include "compiler/mapping/mapping_neighbours.h"
#include "compiler/mapping/parts_in_flight.h"

namespace systole {

namespace {

/// Images of cores, each number once.
std::vector<std::int64_t> share_sizes(const ChipSpec& chip, const Graph& graph) {
  std::vector<std::int64_t> sizes;
  for (const Slice& share : images_of_cores(chip.cores, graph)) {
    if (share.size > 0 && (sizes.empty() || sizes.back() != share.size)) {
      sizes.push_back(share.size);
    }
  }
  return sizes;
}

/// A graph whose memory is planned, for each number of images.
struct Planned {
  Graph graph;
  std::vector<std::int64_t> sizes;
  std::vector<MemoryPlan> plans;
  std::int64_t score = 0;  ///< of all cores
};

Planned with_plans(const ChipSpec& chip, Graph graph, const CompileOptions& options) {
  Planned planned{.graph = std::move(graph), .sizes = {}, .plans = {}};
  planned.sizes = share_sizes(chip, planned.graph);
  // Cores with parts of their own could not share addresses in DRAM.
  const bool parts = options.parts && planned.sizes.size() == 1;
  const std::vector<Slice> cores = images_of_cores(chip.cores, planned.graph);
  for (const std::int64_t images : planned.sizes) {
    planned.plans.push_back(
        plan_memory(chip, with_batch(planned.graph, images), parts, options.weights));
    planned.score += planned.plans.back().score *
                     std::count_if(cores.begin(), cores.end(),
                                   [&](const Slice& core) { return core.size == images; });
  }
  return planned;
}

/// Whether what the layer adds comes band by band.
bool streams_what_it_adds(const std::vector<MemoryPlan>& plans, std::size_t layer) {
  return std::any_of(plans.begin(), plans.end(), [&](const MemoryPlan& plan) {
    return !plan.layers[layer].inputs.back().resident;
  });
}

/// The mapping that is given.
ChosenMapping placed(const ChipSpec& chip, const Graph& network, const CompileOptions& options) {
  const Mapping& mapping = *options.mapping;
  for (const std::int32_t layer : mapping.fused) {
    const Node& node = network.node(layer);
    const std::string& lost = network.tensor(network.node(layer - 1).output()).name;
    if (options.kept.count(lost) > 0) {
      throw WorkloadError(node.location, node.name,
                          fmt::format("expected a mapping that keeps the numbers of {}, got one "
                                      "that fuses this layer into it",
                                      lost));
    }
  }
  ChosenMapping chosen{.graph = mapped_graph(network, mapping), .mapping = mapping, .plans = {}};
  for (const ShareMapping& share : mapping.shares) {
    const Graph images = with_batch(chosen.graph, share.images);
    PlacedMemory memory = place_memory(chip, images, share.residency(images));
    SYSTOLE_CHECK(memory.plan, "a mapping that does not fit at layer {}", memory.failed);
    chosen.plans.push_back(std::move(*memory.plan));
  }
  return chosen;
}

std::int32_t layer_count(const Graph& graph) {
  return static_cast<std::int32_t>(graph.nodes.size());
}

/// The way of running a layer that the weights prefer, in no more room than it has.
LayerMapping preferred(const ChipSpec& chip, const MappedLayer& now, const Weights& weights) {
  const LayerCandidate chosen = chosen_candidate(chip, now);
  std::int64_t lowest = chosen.cost.score(weights);
  LayerMapping best = now.mapping;
  for (const LayerCandidate& other : layer_candidates(chip, now)) {
    if (other.stream_bytes <= chosen.stream_bytes && other.cost.score(weights) < lowest) {
      lowest = other.cost.score(weights);
      best = other.mapping;
    }
  }
  return best;
}

/// Each layer in the way that the weights prefer, where that fits.
Mapping refined(const ChipSpec& chip, const Graph& graph, const Mapping& mapping,
                const Weights& weights) {
  Mapping result = mapping;
  if (mapping.shares.size() > 1) {
    return result;  // tiles are common to shares
  }
  MappedShare mapped(chip, mapped_graph(graph, mapping), mapping.shares.front());
  AlikeResults<LayerMapping> known;
  for (std::int32_t layer = 0; layer < layer_count(graph); ++layer) {
    if (!mapped.is_view(layer)) {
      const MappedLayer now = mapped.layer(layer);
      result.shares.front().layers[static_cast<std::size_t>(layer)] =
          known.of(mapped, now, [&] { return preferred(chip, now, weights); });
    }
  }
  return result;
}

/// The same with other loops in every layer.
Mapping with_loops(const Mapping& mapping,
                   const std::function<GemmLoops(const GemmLoops&, std::int64_t)>& change) {
  Mapping result = mapping;
  for (ShareMapping& share : result.shares) {
    for (LayerMapping& layer : share.layers) {
      for (BandPlan& plan : layer.plans) {
        for (UnitShare* const units : {&plan.plan.whole, &plan.plan.rest}) {
          if (units->slices > 0) {
            units->loops = change(units->loops, ceil_div(plan.products.positions, units->parts));
          }
        }
      }
    }
  }
  return result;
}

class Collector {
 public:
  Collector(const ChipSpec& chip, const Graph& graph, const std::set<std::string>& kept)
      : chip_(chip), graph_(graph), kept_(kept) {}

  void add(std::string how, Mapping mapping) {
    const bool known = std::any_of(
        found_.begin(), found_.end(),
        [&](const MappingCandidate& candidate) { return candidate.mapping == mapping; });
    if (known || check_mapping(chip_, graph_, mapping)) {
      return;
    }
    const LayerCost cost = mapping_cost(chip_, graph_, mapping);
    const CoreCycles time = mapping_time(chip_, graph_, mapping);
    found_.push_back(
        {.how = std::move(how), .mapping = std::move(mapping), .cost = cost, .time = time});
  }

  /// What rules choose, and what they could have.
  void add_chosen(const std::string& how, const ChipSpec& chip, CompileOptions options) {
    options.kept = kept_;
    try {
      const Mapping mapping = choose_mapping(chip, graph_, options);
      add(how, mapping);
      if (!check_mapping(chip_, graph_, mapping)) {
        add(how + ", by layer", refined(chip_, graph_, mapping, options.weights));
      }
    } catch (const WorkloadError&) {
      // A smaller chip may have no room.
    }
  }

  [[nodiscard]] std::vector<MappingCandidate>& found() { return found_; }

 private:
  const ChipSpec& chip_;
  const Graph& graph_;
  const std::set<std::string>& kept_;
  std::vector<MappingCandidate> found_;
};

}  // namespace

const MemoryPlan& ChosenMapping::plan_of(std::int64_t images) const {
  const ShareMapping& share = mapping.share(images);
  return plans[static_cast<std::size_t>(&share - mapping.shares.data())];
}

ChosenMapping plan_mapping(const ChipSpec& chip, const Graph& network,
                           const CompileOptions& options) {
  if (options.mapping != nullptr) {
    return placed(chip, network, options);
  }
  Planned all =
      with_plans(chip, options.fuse ? with_fusions(network, options.kept) : network, options);
  Graph graph = all.graph;
  bool differs = false;
  for (std::size_t layer = 0; layer < graph.nodes.size(); ++layer) {
    if (graph.nodes[layer].added && streams_what_it_adds(all.plans, layer)) {
      take_apart(graph, static_cast<NodeId>(layer));
      differs = true;
    }
  }
  if (differs) {
    Planned some = with_plans(chip, std::move(graph), options);
    if (some.score < all.score) {
      all = std::move(some);
    }
  }
  ChosenMapping chosen{.graph = std::move(all.graph), .mapping = {}, .plans = {}};
  chosen.mapping.fused = fused_layers(chosen.graph);
  for (std::size_t share = 0; share < all.plans.size(); ++share) {
    const Graph images = with_batch(chosen.graph, all.sizes[share]);
    chosen.mapping.shares.push_back(share_mapping(chip, images, all.plans[share], options.weights));
  }
  chosen.plans = std::move(all.plans);
  return chosen;
}

Mapping choose_mapping(const ChipSpec& chip, const Graph& graph, const CompileOptions& options) {
  return plan_mapping(chip, graph, options).mapping;
}

LayerCost mapping_cost(const ChipSpec& chip, const Graph& graph, const Mapping& mapping) {
  LayerCost sum;
  const std::vector<Slice> cores = images_of_cores(chip.cores, graph);
  const Graph fused = mapped_graph(graph, mapping);
  for (const ShareMapping& share : mapping.shares) {
    const auto alike = std::count_if(cores.begin(), cores.end(), [&](const Slice& images) {
      return images.size == share.images;
    });
    MappedShare mapped(chip, fused, share);
    AlikeResults<LayerCost> known;
    LayerCost here;
    for (std::int32_t layer = 0; layer < layer_count(graph); ++layer) {
      if (mapped.is_view(layer)) {
        continue;
      }
      const MappedLayer now = mapped.layer(layer);
      const LayerCost& cost = known.of(mapped, now, [&] {
        return layer_cost(chip, now.graph, now.node(), now.mapping, now.homes);
      });
      here.cycles += cost.cycles * mapped.parts(layer);
      here.memory += cost.memory * mapped.parts(layer);
      here.dram += cost.dram * mapped.parts(layer);
    }
    sum.cycles = std::max(sum.cycles, here.cycles);
    sum.memory += here.memory * alike;
    sum.dram += here.dram * alike;
  }
  return sum;
}

CoreCycles mapping_time(const ChipSpec& chip, const Graph& graph, const Mapping& mapping) {
  CoreCycles longest{0};
  const Graph fused = mapped_graph(graph, mapping);
  for (const ShareMapping& share : mapping.shares) {
    MappedShare mapped(chip, fused, share);
    AlikeResults<LayerTime> known;
    CoreCycles sum{0};
    for (std::int32_t layer = 0; layer < layer_count(graph);) {
      const Segment segment = segment_of(share.segments, layer);
      LayerTime part;
      for (; layer < segment.end; ++layer) {
        if (!mapped.is_view(layer)) {
          const MappedLayer now = mapped.layer(layer);
          part += known.of(mapped, now, [&] {
            return layer_times(chip, now.graph, now.node(), now.mapping, now.homes);
          });
        }
      }
      sum += segment.in_flight > 1 ? in_flight_time(part, segment) : part.cycles * segment.parts;
    }
    longest = std::max(longest, sum);
  }
  return longest;
}

std::vector<MappingCandidate> candidate_mappings(const ChipSpec& chip, const Graph& graph,
                                                 const std::set<std::string>& kept) {
  Collector collector(chip, graph, kept);
  const Mapping own = choose_mapping(chip, graph, {.kept = kept});
  collector.add("the compiler's rules", own);
  constexpr std::array<std::int64_t, 4> kEighths{0, 8, 64, 65'536};
  for (const std::int64_t eighths : kEighths) {
    collector.add_chosen(fmt::format("DRAM weighed {} eighths", eighths), chip,
                         {.weights = {.dram = eighths}});
  }
  collector.add("the rules, by layer", refined(chip, graph, own, {}));
  collector.add_chosen("no parts of the batch", chip, {.parts = false});
  collector.add_chosen("nothing fused", chip, {.fuse = false});
  collector.add_chosen("no parts, DRAM not weighed", chip,
                       {.parts = false, .weights = {.dram = 0}});
  const auto on_less = [&](std::string_view what, const std::function<void(ChipSpec&)>& take) {
    ChipSpec less = chip;
    take(less);
    collector.add_chosen(fmt::format("as with half of the {}", what), less, {});
  };
  on_less("buffer", [](ChipSpec& less) { less.buffer.capacity = less.buffer.capacity / 2; });
  on_less("accumulators", [](ChipSpec& less) {
    less.accumulators.entries = std::max<std::int64_t>(less.accumulators.entries / 2, 1);
  });
  on_less("matrix units", [](ChipSpec& less) {
    less.matrix.count = std::max<std::int64_t>(less.matrix.count / 2, 1);
  });
  on_less("channels", [](ChipSpec& less) {
    less.dram.channels = std::max<std::int64_t>(less.dram.channels / 2, 1);
  });
  on_less("weight FIFO", [](ChipSpec& less) {
    less.weight_fifo.tiles = std::max<std::int64_t>(less.weight_fifo.tiles / 2, 1);
  });
  const std::int64_t side = std::max(chip.matrix.rows, chip.matrix.cols);
  for (const std::int64_t handover : {side, 4 * side}) {
    collector.add(fmt::format("pieces of {} positions", handover),
                  with_loops(own, [&](GemmLoops loops, std::int64_t) {
                    loops.handover = loops.sums_stay ? loops.fold : std::min(loops.fold, handover);
                    return loops;
                  }));
  }
  for (const std::int64_t share : {1, 4}) {
    const std::int64_t chunk = std::max<std::int64_t>(chip.accumulators.entries / share, 1);
    collector.add(fmt::format("chunks of {} positions", chunk),
                  with_loops(own, [&](const GemmLoops& loops, std::int64_t positions) {
                    return loops_within(chip, positions,
                                        {.chunk = chunk,
                                         .handover = loops.sums_stay ? chunk : loops.handover,
                                         .sums_stay = loops.sums_stay});
                  }));
  }
  const Mapping best = with_best_ways(chip, graph, own, {.dram = 0});
  collector.add("each layer in its best way, DRAM weighed 0 eighths", best);
  collector.add("each layer in its best way, DRAM weighed 8 eighths",
                with_best_ways(chip, graph, own, {.dram = 8}));
  for (const std::int64_t parts : parts_of_batch(with_batch(graph, own.shares.front().images))) {
    for (const std::int64_t in_flight : {2, 3}) {
      if (auto mapping = with_parts_in_flight(chip, graph, best, parts, in_flight, kept)) {
        collector.add(fmt::format("{} of {} parts in flight", in_flight, parts),
                      *std::move(mapping));
      }
    }
  }
  return std::move(collector.found());
}

}  // namespace systole
