#include "study/explain.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "compiler/mapping/choose_mapping.h"
#include "compiler/mapping/core_split.h"
#include "compiler/mapping/group_packing.h"
#include "compiler/mapping/mapping_check.h"
#include "study/evaluate.h"
#include "study/limits.h"
#include "study/lower_bounds.h"
#include "study/run_figures.h"
#include "study/workers.h"

namespace systole {

namespace {

using SortedJson = nlohmann::json;

constexpr std::size_t kOthers = 5;

/// Turns of a loop over `total` in steps of `size`.
NestLoop loop(NestLevel level, std::string axis, std::string unit, std::int64_t size,
              std::int64_t total) {
  return {.level = level,
          .axis = std::move(axis),
          .unit = std::move(unit),
          .count = ceil_div(total, std::max<std::int64_t>(size, 1)),
          .size = size,
          .total = total};
}

/// The loops of a layer, the largest of its bands standing for all.
class Nest {
 public:
  Nest(const ChipSpec& chip, const MappedLayer& layer, std::int64_t parts)
      : chip_(chip), layer_(layer), parts_(parts) {}

  std::vector<NestLoop> loops() {
    const Node& node = layer_.node();
    if (node.is_view()) {
      return {};
    }
    if (parts_ > 1) {
      const std::int64_t images = layer_.graph.batch;
      loops_.push_back(loop(NestLevel::Dram, "part", "images", images, images * parts_));
    }
    add_bands();
    if (gemm_shape(layer_.graph, node)) {
      add_products();
    } else {
      const Band band = band_runs(layer_.graph, node, layer_.mapping.band).front().band;
      const std::int64_t positions = band.images * band.rows * shape().cols;
      loops_.push_back(loop(NestLevel::Buffer, "position", "positions", 1, positions));
      loops_.push_back(
          loop(NestLevel::Vector, "vector", "channels", chip_.vector.lanes, shape().channels));
    }
    return std::move(loops_);
  }

 private:
  [[nodiscard]] Shape shape() const { return layer_.graph.tensor(layer_.node().output()).shape(); }

  void add_bands() {
    const std::vector<BandRun> runs = band_runs(layer_.graph, layer_.node(), layer_.mapping.band);
    const bool whole_images = layer_.mapping.band.rows >= shape().rows;
    std::int64_t bands = 0;
    for (const BandRun& run : runs) {
      bands += run.count;
    }
    loops_.push_back({.level = NestLevel::Dram,
                      .axis = "band",
                      .unit = whole_images ? "images" : "rows",
                      .count = bands,
                      .size = whole_images ? layer_.mapping.band.images : runs.front().band.rows,
                      .total = whole_images ? shape().batch : shape().batch * shape().rows});
  }

  void add_products() {
    const BandPlan& band = layer_.mapping.plans.front();
    const GemmShape gemm = *mapped_gemm(layer_.graph, layer_.node(), layer_.mapping.packing());
    const bool rounds = band.plan.whole.slices > 0;
    const UnitShare& share = rounds ? band.plan.whole : band.plan.rest;
    const std::int64_t groups = band.products.groups;
    if (groups > 1) {
      loops_.push_back(loop(NestLevel::Buffer, "group", "groups", 1, groups));
    }
    loops_.push_back(
        loop(NestLevel::Buffer, "n", "channels", std::min(chip_.matrix.cols, gemm.n), gemm.n));
    const std::int64_t positions = ceil_div(band.products.positions, share.parts);
    loops_.push_back(
        loop(NestLevel::Accumulators, "chunk", "positions", share.loops.chunk, positions));
    loops_.push_back(loop(NestLevel::Accumulators, "k", "products",
                          std::min(chip_.matrix.rows, gemm.k), gemm.k));
    const std::int64_t chunk = std::min(share.loops.chunk, positions);
    const std::int64_t handed_over = std::min(share.loops.handover, chunk);
    loops_.push_back(loop(NestLevel::Array, "fold", "positions", handed_over, chunk));
  }

  const ChipSpec& chip_;
  const MappedLayer& layer_;
  std::int64_t parts_;
  std::vector<NestLoop> loops_;
};

std::vector<LevelTraffic> traffic_of(const Result& result, std::size_t layer) {
  const LayerCounters& counted = result.counters.layers[layer];
  const ActionCounters& actions = counted.actions;
  const Node& node = result.graph.nodes[layer];
  const std::int64_t once = compulsory_bytes(result.graph, node).count();
  std::vector<LevelTraffic> rows{
      {"dram_read", "B", counted.dram_read_bytes, once},
      {"dram_write", "B", counted.dram_write_bytes, 0},
      {"host", "B", counted.host_bytes, std::nullopt},
      {"weight_fifo", "B", actions.weight_bytes, std::nullopt},
      {"buffer_reads", "accesses", actions.buffer_reads, std::nullopt},
      {"buffer_writes", "accesses", actions.buffer_writes, std::nullopt},
      {"accumulator_reads", "entries", actions.accumulator_reads, std::nullopt},
      {"accumulator_writes", "entries", actions.accumulator_writes, std::nullopt},
  };
  const std::optional<GemmShape> gemm = gemm_shape(result.graph, node);
  if (gemm) {
    rows[3].least = bytes_of(right_type(result.graph, node), right_elements(node, *gemm));
    const CoreCycles steps = array_bound(result.chip, result.graph, node);
    rows.push_back(
        {"array", "slots", actions.mac_slots, steps.count() * result.chip.macs_per_cycle()});
  }
  return rows;
}

/// Of the first core.
class Layers {
 public:
  Layers(const Result& result, const Compilation& compiled)
      : result_(result),
        compiled_(compiled),
        share_(compiled.mapping.shares.front()),
        plan_(compiled.plans.front()),
        graph_(with_batch(compiled.graph, share_.images)),
        graphs_(graph_),
        lives_(tensor_lives(graph_)) {}

  LayerExplanation explain(std::int32_t layer) {
    const std::int64_t parts = segment_of(share_.segments, layer).parts;
    const Graph& graph = graphs_.of(parts);
    const Node& node = graph.node(layer);
    LayerExplanation explained{.parts = parts,
                               .chosen = {},
                               .nest = {},
                               .operands = {},
                               .traffic = traffic_of(result_, static_cast<std::size_t>(layer)),
                               .others = {},
                               .residency = {},
                               .fused = node.fused.has_value()};
    if (node.is_view()) {
      return explained;
    }
    const OperandHomes streaming = streaming_homes(result_.chip, graph_, lives_, node);
    const MappedLayer mapped{.graph = graph,
                             .layer = layer,
                             .mapping = share_.layers[static_cast<std::size_t>(layer)],
                             .homes = homes_with(graph_, lives_, layer, streaming, share_.resident),
                             .streaming = streaming,
                             .staying = staying_homes(graph_, lives_, layer, streaming)};
    explained.chosen = chosen_candidate(result_.chip, mapped);
    explained.nest = Nest(result_.chip, mapped, parts).loops();
    for (std::size_t input = 0; input < mapped.homes.inputs.size(); ++input) {
      explained.operands.push_back(
          {.name = graph.tensor(graph.operand(node, input)).name,
           .is_added = node.added && input + 1 == mapped.homes.inputs.size(),
           .home = mapped.homes.inputs[input]});
    }
    explained.operands.push_back(
        {.name = graph.tensor(node.output()).name, .is_output = true, .home = mapped.homes.output});
    explained.room = room_at(layer);
    explained.others = layer_candidates(result_.chip, mapped);
    std::erase_if(explained.others, [&](const LayerCandidate& candidate) {
      return candidate.stream_bytes > explained.room;
    });
    explained.others.resize(std::min(explained.others.size(), kOthers));
    explained.residency = residency_candidates(result_.chip, mapped);
    return explained;
  }

 private:
  /// What other things leave free while the layer runs.
  [[nodiscard]] std::int64_t room_at(std::int32_t layer) const {
    std::int64_t room = result_.chip.buffer.capacity.count();
    for (const PlannedBlock& block : plan_.blocks) {
      const bool band =
          (block.use == BlockUse::Input || block.use == BlockUse::Output) && block.layer == layer;
      room -= block.life.covers(layer) && !band ? block.bytes : 0;
    }
    return room;
  }

  const Result& result_;
  const Compilation& compiled_;
  const ShareMapping& share_;
  const MemoryPlan& plan_;
  Graph graph_;
  PartGraphs graphs_;
  TensorLives lives_;
};

std::string figures_text(const Result& result) {
  const RunFigures figures = run_figures(result);
  return SortedJson{
      {"cycles", result.counters.elapsed.count()},
      {"bound", figures.bound_cycles.count()},
      {"dram", result.counters.dram.read_bytes + result.counters.dram.write_bytes},
      {"joules", result.energy ? SortedJson(result.energy->total.total().count()) : SortedJson()}}
      .dump();
}

void read_figures(const std::string& text, HardwareChange& change) {
  const SortedJson json = SortedJson::parse(text);
  change.cycles = CoreCycles(json.at("cycles").get<std::int64_t>());
  change.bound_cycles = CoreCycles(json.at("bound").get<std::int64_t>());
  change.dram_bytes = json.at("dram").get<std::int64_t>();
  if (!json.at("joules").is_null()) {
    change.joules = json.at("joules").get<double>();
  }
}

/// The present mapping on the changed chip, where that can run it and chooses another.
bool keeps_another(const ChipSpec& chip, const Network& network, const Mapping& present) {
  try {
    return !check_mapping(chip, network.graph, present) &&
           choose_mapping(chip, network.graph) != present;
  } catch (const UserError&) {
    return false;
  }
}

/// Each as the compiler maps the network to the changed chip, or as it is mapped now if that is
/// faster there: more hardware may be left unused.
void evaluate_changes(std::vector<HardwareChange>& changes, const Network& network,
                      const Mapping& present, const ExplainOptions& options) {
  std::vector<WorkerJob> jobs;
  std::vector<std::size_t> changes_of_jobs;
  const auto add = [&](std::size_t index, const Mapping* mapping) {
    changes_of_jobs.push_back(index);
    jobs.emplace_back([&changes, &network, &options, index, mapping] {
      return figures_text(
          evaluate(options.changed(changes[index].sets), network, {.mapping = mapping}));
    });
  };
  for (std::size_t index = 0; index < changes.size(); ++index) {
    add(index, nullptr);
    try {
      if (keeps_another(options.changed(changes[index].sets), network, present)) {
        add(index, &present);
      }
    } catch (const UserError&) {
      // The job says why there is no such chip.
    }
  }
  const std::vector<WorkerOutcome> outcomes = run_in_workers(jobs, options.parallel);
  for (std::size_t job = 0; job < jobs.size(); ++job) {
    HardwareChange& change = changes[changes_of_jobs[job]];
    HardwareChange evaluated = change;
    evaluated.error = outcomes[job].error;
    if (outcomes[job].error.empty()) {
      read_figures(outcomes[job].text, evaluated);
    }
    const bool first = change.cycles == CoreCycles(0) && change.error.empty();
    if (first || (evaluated.error.empty() && evaluated.cycles < change.cycles)) {
      change = std::move(evaluated);
    }
  }
}

}  // namespace

CoreCycles Explanation::estimated() const {
  return std::accumulate(layers.begin(), layers.end(), CoreCycles(0),
                         [](CoreCycles sum, const LayerExplanation& layer) {
                           return sum + layer.chosen.cost.cycles * layer.parts;
                         });
}

std::vector<HardwareChange> hardware_changes(const ChipSpec& chip) {
  const auto change = [](std::string what, std::vector<std::string> sets) {
    return HardwareChange{
        .what = std::move(what), .sets = std::move(sets), .joules = {}, .error = {}};
  };
  const auto twice = [](std::string_view path, std::int64_t value) {
    return fmt::format("{}={}", path, 2 * value);
  };
  const std::int64_t capacity = 2 * chip.buffer.capacity.count();
  constexpr std::int64_t kKibi = 1024;
  return {
      change("twice the rows", {twice("matrix_unit.rows", chip.matrix.rows)}),
      change("twice the columns", {twice("matrix_unit.columns", chip.matrix.cols)}),
      change("twice the matrix units", {twice("matrix_unit.count", chip.matrix.count)}),
      change("twice the accumulators", {twice("accumulators.entries", chip.accumulators.entries)}),
      change("twice the weight FIFO", {twice("weight_fifo.tiles", chip.weight_fifo.tiles)}),
      change(
          "twice the unified buffer",
          {capacity % kKibi == 0 ? fmt::format("unified_buffer.capacity={} KiB", capacity / kKibi)
                                 : fmt::format("unified_buffer.capacity={} B", capacity)}),
      change("twice its ports", {twice("unified_buffer.banks", chip.buffer.banks),
                                 twice("unified_buffer.ports", chip.buffer.ports)}),
      change("twice the vector lanes", {twice("vector_unit.lanes", chip.vector.lanes)}),
      change("twice the DRAM channels", {twice("dram.channels", chip.dram.channels)}),
      change("twice the host link",
             {fmt::format("host_link.bandwidth={} B/s", 2 * chip.host.bandwidth.count())}),
  };
}

Explanation explain(const ChipSpec& chip, const Network& network, const ExplainOptions& options) {
  const auto stage = [&](std::string_view name) {
    if (options.on_stage) {
      options.on_stage(name);
    }
  };
  Explanation explanation;
  stage("compiling");
  explanation.compiled = compile_mapped(chip, network.graph, {.mapping = options.mapping});
  if (options.changed) {
    stage("evaluating changed chips");
    explanation.changes = hardware_changes(chip);
    evaluate_changes(explanation.changes, network, explanation.compiled.mapping, options);
  }
  explanation.result =
      evaluate_program(chip, network, explanation.compiled.program, {.on_stage = options.on_stage});
  Layers layers(explanation.result, explanation.compiled);
  for (std::size_t layer = 0; layer < network.graph.nodes.size(); ++layer) {
    explanation.layers.push_back(layers.explain(static_cast<std::int32_t>(layer)));
  }
  return explanation;
}

}  // namespace systole
