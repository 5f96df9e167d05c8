#include <chrono>
#include <cstdint>
#include <ctime>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

#include "arch/chip_spec.h"
#include "compiler/compile.h"
#include "compiler/frontend/read_network.h"
#include "sim/simulate.h"
#include "study/evaluate.h"
#include "tests/support/forked.h"

namespace systole {
namespace {

using Seconds = std::chrono::duration<double>;

/// One whole `systole run` less the printing: read both files, compile, simulate. SystemC
/// elaborates once per process, so each iteration runs in a fork of its own, which is timed with
/// it.
void run_network(benchmark::State& state, const std::string& chip_name,
                 const std::string& network_name, std::int64_t batch, bool check) {
  const std::string root = SYSTOLE_SOURCE_DIR;
  double cycles = 0;
  for (auto _ : state) {
    const auto begin = std::chrono::steady_clock::now();
    const ForkedResult child = run_forked([&] {
      const ChipSpec chip = read_chip(root + "/configs/chips/" + chip_name + ".yaml");
      const Network network =
          read_network(root + "/workloads/" + network_name + ".yaml", {.batch = batch});
      return std::to_string(evaluate(chip, network, {.check = check}).counters.elapsed.count());
    });
    state.SetIterationTime(Seconds(std::chrono::steady_clock::now() - begin).count());
    if (child.exit_code != 0) {
      state.SkipWithError(child.error.c_str());
      return;
    }
    cycles += std::stod(child.output);
  }
  state.counters["simulated_cycles_per_second"] =
      benchmark::Counter(cycles, benchmark::Counter::kIsRate);
}

/// What carrying data costs: the simulation alone, with real weights and inputs in its memories and
/// nobody looking at the results. In processor time, which other work on the machine changes less.
/// Not timed: compiling, making the numbers, comparing.
void run_with_data(benchmark::State& state, const std::string& chip_name,
                   const std::string& network_name, std::int64_t batch) {
  const std::string root = SYSTOLE_SOURCE_DIR;
  const Network network =
      read_network(root + "/workloads/" + network_name + ".yaml", {.batch = batch});
  const ChipSpec chip = read_chip(root + "/configs/chips/" + chip_name + ".yaml");
  const Program program = compile(chip, network.graph);
  std::int64_t macs = 0;
  for (const Node& node : network.graph.nodes) {
    macs += macs_of(network.graph, node);
  }
  for (auto _ : state) {
    const ForkedResult child = run_forked([&] {
      std::vector<std::int8_t> dram = dram_image(program, network.graph, *network.data);
      std::vector<std::int8_t> host = host_image(program, network.graph, *network.data);
      const RunData data{.dram = &dram, .host = &host, .observer = nullptr};
      const std::clock_t begin = std::clock();
      benchmark::DoNotOptimize(simulate(chip, program, &data, {}));
      return std::to_string(static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC);
    });
    if (child.exit_code != 0) {
      state.SkipWithError(child.error.c_str());
      return;
    }
    state.SetIterationTime(std::stod(child.output));
  }
  state.counters["GMAC/s"] = benchmark::Counter(1e-9 * static_cast<double>(macs),
                                                benchmark::Counter::kIsIterationInvariantRate);
}

void compile_network(benchmark::State& state, const std::string& chip_name,
                     const std::string& network_name) {
  const std::string root = SYSTOLE_SOURCE_DIR;
  const ChipSpec chip = read_chip(root + "/configs/chips/" + chip_name + ".yaml");
  const Network network = read_network(root + "/workloads/" + network_name + ".yaml", {.batch = 1});
  for (auto _ : state) {
    benchmark::DoNotOptimize(compile(chip, network.graph));
  }
}

BENCHMARK_CAPTURE(run_network, resnet50_on_tpu_v1, "tpu_v1", "resnet50", 1, false)
    ->UseManualTime()
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(run_network, resnet50_on_tpu_v1_batch_8, "tpu_v1", "resnet50", 8, false)
    ->UseManualTime()
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(run_network, resnet50_on_tpu_v1_check, "tpu_v1", "resnet50", 1, true)
    ->UseManualTime()
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(run_network, mlp0_on_tpu_v1, "tpu_v1", "mlp0", 200, false)
    ->UseManualTime()
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(run_network, resnet50_on_edge, "edge", "resnet50", 1, false)
    ->UseManualTime()
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(run_with_data, resnet50_on_tpu_v1, "tpu_v1", "resnet50", 1)
    ->UseManualTime()
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(run_with_data, mlp0_on_tpu_v1, "tpu_v1", "mlp0", 200)
    ->UseManualTime()
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(run_with_data, resnet50_on_edge, "edge", "resnet50", 1)
    ->UseManualTime()
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(compile_network, resnet50_on_tpu_v1, "tpu_v1", "resnet50")
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(compile_network, resnet50_on_edge, "edge", "resnet50")
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace systole
