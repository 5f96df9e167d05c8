#include "study/explore/bounds.h"

#include <algorithm>
#include <array>
#include <cmath>

#include <fmt/format.h>

#include "arch/diag/error.h"
#include "arch/energy/activity.h"
#include "compiler/network_type.h"
#include "study/batch_queue.h"
#include "study/evaluate.h"
#include "study/limits.h"

namespace systole {

namespace {

struct KnownBound {
  std::string_view key;  ///< or, with a dot at its end, the beginning of keys
  BoundKind kind;
};

constexpr auto kKnownBounds = std::to_array<KnownBound>({
    {"batch", BoundKind::Exact},
    {"frequency_hz", BoundKind::Exact},
    {"total.cycles", BoundKind::AtLeast},
    {"total.seconds", BoundKind::AtLeast},
    {"total.inferences_per_second", BoundKind::AtMost},
    {"total.tops", BoundKind::AtMost},
    {"total.macs", BoundKind::Exact},
    {"total.peak_tops", BoundKind::Exact},
    {"energy.joules", BoundKind::AtLeast},
    {"energy.joules_per_inference", BoundKind::AtLeast},
    {"energy.tops_per_watt", BoundKind::AtMost},
    {"energy.energy_delay_product", BoundKind::AtLeast},
    {"energy.peak_watts", BoundKind::Exact},
    {"energy.idle_watts", BoundKind::Exact},
    {"energy.tdp_watts", BoundKind::Exact},
    {"area.", BoundKind::Exact},
    {"cost.die.", BoundKind::Exact},
    {"cost.unit_usd.", BoundKind::Exact},
    {"cost.price_usd", BoundKind::Exact},
    {"cost.nre_top_down_usd", BoundKind::Exact},
    {"cost.nre_bottom_up_usd", BoundKind::Exact},
    {"cost.own.usd_per_inference", BoundKind::AtLeast},
    {"cost.own.usd_per_million", BoundKind::AtLeast},
    {"cost.build.usd_per_inference", BoundKind::AtLeast},
    {"cost.build.usd_per_million", BoundKind::AtLeast},
    {"fpga.used.", BoundKind::Exact},
    {"fpga.available.", BoundKind::Exact},
    {"load.", BoundKind::AtLeast},
});

constexpr auto kLoadKeys =
    std::to_array<std::string_view>({"load.mean_seconds", "load.p50_seconds", "load.p99_seconds"});

BoundKind kind_of(std::string_view key) {
  const auto* found =
      std::find_if(kKnownBounds.begin(), kKnownBounds.end(), [&](const KnownBound& known) {
        return known.key.ends_with('.') ? key.starts_with(known.key) : key == known.key;
      });
  return found == kKnownBounds.end() ? BoundKind::None : found->kind;
}

/// Cycles that the vector unit needs at least: each sum of a product passes it once, `lanes` a
/// step.
CoreCycles vector_bound(const ChipSpec& chip, const Graph& graph) {
  const CoreCycles pace = *std::min_element(chip.vector.pace.begin(), chip.vector.pace.end());
  CoreCycles cycles{0};
  for (const Node& node : graph.nodes) {
    if (const std::optional<GemmShape> gemm = gemm_shape(graph, node)) {
      cycles += pace * (gemm->groups * gemm->m * gemm->n / chip.vector.lanes);
    }
  }
  return cycles;
}

/// Counters of a run that does what no run can do without.
Counters least_counters(const ChipSpec& chip, const Graph& graph, const Roofline& roofline) {
  Counters counters;
  counters.layers.resize(graph.nodes.size());
  for (std::size_t layer = 0; layer < graph.nodes.size(); ++layer) {
    LayerCounters& counted = counters.layers[layer];
    const DataType type = graph.operand_type(graph.nodes[layer]);
    const auto kind = static_cast<std::size_t>(mac_kind(type, type).value_or(MacKind::Int8));
    counted.macs = macs_of(graph, graph.nodes[layer]);
    counted.actions.macs = counted.macs;
    counted.actions.macs_of_kind[kind] = counted.macs;
    counters.actions.macs += counted.macs;
    counters.actions.macs_of_kind[kind] += counted.macs;
  }
  const CoreCycles vector = vector_bound(chip, graph);
  counters.elapsed = std::max({roofline.cycles(), vector, CoreCycles(1)});
  counters.engines[EngineKind::Matrix][Cause::Busy] = roofline.compute;
  counters.engines[EngineKind::Vector][Cause::Busy] = vector;
  // What an output in device memory writes is left out: a bound may be lower.
  const Bytes compulsory = compulsory_bytes(graph, IoMemory::Host);
  counters.dram.read_bytes = compulsory.count();
  counters.dram.reads = compulsory.count() / chip.dram.standard.organization.burst_bytes().count();
  if (chip.dram.controller.power_down > DramCycles(0)) {
    counters.dram.precharged_power_down = dram_run_of(chip, counters).rank_cycles;
  }
  return counters;
}

double figure_value(const std::vector<Figure>& figures, std::string_view key) {
  const auto found = std::find_if(figures.begin(), figures.end(),
                                  [&](const Figure& figure) { return figure.key == key; });
  return found == figures.end() ? 0.0 : found->value;
}

}  // namespace

FigureBounds figure_bounds(const ChipSpec& chip, const Network& network,
                           std::optional<double> arrival_rate) {
  const Graph& graph = network.graph;
  Roofline roofline{.compute = CoreCycles(0),
                    .memory = memory_bound(chip, compulsory_bytes(graph, chip.io))};
  for (const Node& node : graph.nodes) {
    roofline.compute += fold_bound(chip, graph, node);
  }
  Result least{.chip = chip, .graph = graph, .counters = least_counters(chip, graph, roofline)};
  add_figures_of_silicon(least);
  std::vector<Figure> figures = figures_of(least);
  if (arrival_rate) {
    // The queue's answer for a shorter batch may be longer: batches gather more while they wait.
    const double seconds = figure_value(figures, "total.seconds");
    for (const std::string_view key : kLoadKeys) {
      figures.push_back({std::string(key), seconds, "s"});
    }
  }
  FigureBounds bounds;
  bounds.reserve(figures.size());
  for (Figure& figure : figures) {
    const BoundKind kind = kind_of(figure.key);
    bounds.push_back({.key = std::move(figure.key),
                      .value = figure.value,
                      .kind = kind,
                      .unit = std::string(figure.unit)});
  }
  return bounds;
}

void add_load_figures(std::vector<Figure>& figures, double arrival_rate) {
  constexpr double kFemtosecondsPerSecond = 1e15;
  constexpr LoadSpec kLoad{.requests = 20'000, .seed = 1};
  const BatchServer server{
      .sizes = {{.batch = static_cast<std::int64_t>(figure_value(figures, "batch")),
                 .time = Femtoseconds(std::llround(figure_value(figures, "total.seconds") *
                                                   kFemtosecondsPerSecond))}}};
  if (arrival_rate >= capacity(server)) {
    return;
  }
  const auto gap = static_cast<Wide>(std::llround(kFemtosecondsPerSecond / arrival_rate));
  const LoadResult load = under_load(server, StreamTime(gap), kLoad);
  const std::array<StreamTime, kLoadKeys.size()> times{load.mean, load.p50, load.p99};
  for (std::size_t index = 0; index < times.size(); ++index) {
    figures.push_back({std::string(kLoadKeys[index]), seconds(times[index]), "s"});
  }
}

Network read_network_for(const ChipSpec& chip, const std::string& file,
                         const NetworkChoice& choice) {
  const DataType type = choice.type.value_or(default_network_type(chip));
  if (!multiplies(chip, type)) {
    throw WorkloadError(fmt::format("the matrix unit does not multiply {}", name_of(type)));
  }
  return read_network(file, {.batch = choice.batch, .type = type, .numbers = false});
}

}  // namespace systole
