#include "reference/gpu/measure_gpu.h"

#include <fmt/format.h>

#include "arch/diag/check.h"
#include "reference/gpu/cuda_backend.h"
#include "reference/gpu/gpu_network.h"
#include "reference/gpu/nvml.h"
#include "reference/measured/compare_numbers.h"

namespace systole {

namespace {

template <class T>
MeasuredRun measured(const Graph& graph, const NetworkData& data, const MeasureOptions& options,
                     bool compare) {
  gpu::CudaBackend backend;
  const gpu::CudaDevice device = backend.device();
  const gpu::Nvml nvml(device.bus_id);
  MeasuredRun run{.kind = DeviceKind::Gpu,
                  .device = device.name,
                  .software = backend.software(),
                  .isa = device.isa,
                  .threads = device.multiprocessors};
  if (const std::string driver = nvml.driver(); !driver.empty()) {
    run.software += fmt::format(", driver {}", driver);
  }
  gpu::GpuNetwork<gpu::CudaBackend, T> network(backend, graph, data);
  gpu::NvmlMeter meter(nvml);
  measure_passes(network, graph, options, nvml.is_present() ? &meter : nullptr, run);
  run.clock = nvml.clock();
  run.memory_clock = nvml.memory_clock();
  if (compare) {
    run.numerics = compare_numbers(graph, data, options.type, network);
  }
  return run;
}

}  // namespace

MeasuredRun measure_gpu(const Graph& graph, const NetworkData& data, const MeasureOptions& options,
                        bool compare) {
  switch (options.type) {
    case DataType::Int8:
      return measured<std::int8_t>(graph, data, options, compare);
    case DataType::Bf16:
      return measured<gpu::Bf16>(graph, data, options, compare);
    case DataType::Fp16:
      return measured<gpu::Fp16>(graph, data, options, compare);
    case DataType::Fp32:
      return measured<float>(graph, data, options, compare);
    default:
      SYSTOLE_CHECK(false, "{} is not measured on a GPU", name_of(options.type));
  }
  return {};
}

}  // namespace systole
