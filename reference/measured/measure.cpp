#include "reference/measured/measure.h"

#include <chrono>
#include <cstddef>
#include <ctime>

#include <fmt/chrono.h>
#include <fmt/format.h>

#include "arch/diag/check.h"
#include "reference/measured/time_spread.h"

namespace systole {

namespace {

/// Empty where times are steady.
std::string spread_note(const TimeSpread& total) {
  constexpr double kWide = 0.1;
  const double share = total.interquartile_range() / total.median;
  return share <= kWide ? std::string()
                        : fmt::format(
                              "times spread by {:.0f} % of the median: other work ran on "
                              "the machine, or clocks changed",
                              100 * share);
}

std::vector<MeasuredLayer> layers_of(const DeviceNetwork& network, const Graph& graph) {
  std::vector<MeasuredLayer> layers;
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
    const Node& node = graph.nodes[i];
    layers.push_back({.name = node.name,
                      .kind = node.kind,
                      .kernel = network.kernel(static_cast<NodeId>(i)),
                      .macs = macs_of(graph, node),
                      .time = {}});
  }
  return layers;
}

/// Passes back to back until the meter has seen enough.
std::optional<MeasuredEnergy> metered(DeviceNetwork& network, EnergyMeter& meter) {
  const auto begin = std::chrono::steady_clock::now();
  meter.start();
  std::int64_t passes = 0;
  double elapsed = 0;
  while (elapsed < kMeteredSeconds) {
    (void)network.time_pass();
    ++passes;
    elapsed = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  }
  const std::optional<double> joules = meter.stop();
  if (!joules) {
    return std::nullopt;
  }
  return MeasuredEnergy{.joules = *joules / static_cast<double>(passes),
                        .watts = *joules / elapsed,
                        .obtained = Obtained::Measured,
                        .method = meter.method()};
}

}  // namespace

void measure_passes(DeviceNetwork& network, const Graph& graph, const MeasureOptions& options,
                    EnergyMeter* meter, MeasuredRun& run) {
  SYSTOLE_CHECK(options.repetitions > 0, "{} repetitions", options.repetitions);
  const auto stage = [&](std::string_view name) {
    if (options.on_stage) {
      options.on_stage(name);
    }
  };
  stage("warming up");
  for (std::int64_t pass = 0; pass < options.warm_up; ++pass) {
    (void)network.time_pass();
  }
  stage("measuring");
  std::vector<double> totals;
  std::vector<std::vector<double>> of_layers(graph.nodes.size());
  for (std::int64_t pass = 0; pass < options.repetitions; ++pass) {
    totals.push_back(network.time_pass());
    const std::vector<double> seconds = network.time_layers();
    SYSTOLE_CHECK(seconds.size() == of_layers.size(), "{} times for {} layers", seconds.size(),
                  of_layers.size());
    for (std::size_t i = 0; i < seconds.size(); ++i) {
      of_layers[i].push_back(seconds[i]);
    }
  }
  run.network = graph.name;
  run.type = options.type;
  run.batch = graph.batch;
  run.obtained = Obtained::Measured;
  run.date = today();
  run.warm_up = options.warm_up;
  run.repetitions = options.repetitions;
  run.total = spread_of(std::move(totals));
  run.note = spread_note(run.total);
  run.layers = layers_of(network, graph);
  for (std::size_t i = 0; i < of_layers.size(); ++i) {
    run.layers[i].time = spread_of(std::move(of_layers[i]));
  }
  run.energy.reset();
  if (meter != nullptr) {
    stage("metering energy");
    run.energy = metered(network, *meter);
  }
}

std::string today() {
  return fmt::format("{:%Y-%m-%d}", fmt::gmtime(std::time(nullptr)));
}

}  // namespace systole
