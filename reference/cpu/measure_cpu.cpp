#include "reference/cpu/measure_cpu.h"

#include <future>
#include <memory>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include <fmt/format.h>

#include "arch/diag/error.h"
#include "reference/cpu/cpu_identity.h"
#include "reference/cpu/cpu_network.h"
#include "reference/cpu/power_model.h"
#include "reference/cpu/rapl.h"
#include "reference/kernels/memory_errors.h"
#include "reference/measured/compare_numbers.h"

namespace systole {

namespace {

/// The library of the threads ends the program where it cannot start them, so it is tried before.
void check_threads(int count) {
  std::vector<std::thread> threads;
  std::promise<void> go_on;
  const std::shared_future<void> until(go_on.get_future());
  std::string failure;
  try {
    for (int i = 1; i < count; ++i) {
      threads.emplace_back([until] { until.wait(); });
    }
  } catch (const std::system_error& error) {
    failure = error.code().message();
  }
  go_on.set_value();
  for (std::thread& thread : threads) {
    thread.join();
  }
  if (!failure.empty()) {
    throw UserError(fmt::format("systole: cannot start {} threads: {}", count, failure));
  }
}

}  // namespace

MeasuredRun measure_cpu(const Graph& graph, const NetworkData& data,
                        const MeasureCpuOptions& options) {
  const auto stage = [&](std::string_view name) {
    if (options.passes.on_stage) {
      options.passes.on_stage(name);
    }
  };
  const cpu::CpuIdentity identity = cpu::identify_cpu();
  const int threads = options.threads == 0 ? cpu::available_threads() : options.threads;
  check_threads(threads);
  MeasuredRun run{.kind = DeviceKind::Cpu,
                  .device = identity.name,
                  .software = cpu::library_version(),
                  .isa = cpu::effective_isa(),
                  .threads = threads};
  stage("preparing layers");
  auto network = reference::with_memory_errors(
      [&] { return std::make_unique<cpu::CpuNetwork>(graph, data, options.passes.type, threads); });
  cpu::Rapl rapl;
  reference::with_memory_errors([&] {
    measure_passes(*network, graph, options.passes, rapl.is_present() ? &rapl : nullptr, run);
  });
  if (!run.energy && !options.power_file.empty()) {
    run.energy = modelled_energy(cpu::read_cpu_power(options.power_file), identity, threads,
                                 run.total.median);
  }
  if (options.compare) {
    stage("comparing the numbers");
    run.numerics = compare_numbers(graph, data, options.passes.type, *network);
  }
  return run;
}

}  // namespace systole
