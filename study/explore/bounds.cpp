#include "study/explore/bounds.h"

#include <algorithm>
#include <array>
#include <cmath>

#include <fmt/format.h>

#include "arch/diag/error.h"
#include "arch/units/seconds.h"
#include "compiler/network_type.h"
#include "silicon/energy/activity.h"
#include "study/batch_queue.h"
#include "study/evaluate.h"
#include "study/lower_bounds.h"

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
    {"total.bound_cycles", BoundKind::Exact},
    {"total.bound_dram_bytes", BoundKind::Exact},
    {"total.bound_joules", BoundKind::Exact},
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

double figure_value(const std::vector<Figure>& figures, std::string_view key) {
  const auto found = std::find_if(figures.begin(), figures.end(),
                                  [&](const Figure& figure) { return figure.key == key; });
  return found == figures.end() ? 0.0 : found->value;
}

}  // namespace

FigureBounds figure_bounds(const ChipSpec& chip, const Network& network,
                           std::optional<double> arrival_rate) {
  const Graph& graph = network.graph;
  Result least{.chip = chip, .graph = graph, .counters = least_counters(chip, graph)};
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
  constexpr LoadSpec kLoad{.requests = 20'000, .seed = 1};
  const BatchServer server{
      .sizes = {{.batch = static_cast<std::int64_t>(figure_value(figures, "batch")),
                 .time = Femtoseconds(std::llround(figure_value(figures, "total.seconds") *
                                                   kFemtosecondsInASecond))}}};
  if (arrival_rate >= capacity(server)) {
    return;
  }
  const auto gap = static_cast<Wide>(std::llround(kFemtosecondsInASecond / arrival_rate));
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
