#pragma once

#include <string>

#include "compiler/graph/graph.h"
#include "compiler/graph/value.h"
#include "reference/measured/measure.h"
#include "reference/measured_run.h"

namespace systole {

struct MeasureCpuOptions {
  MeasureOptions passes;   ///< type: int8, bf16 or fp32
  int threads = 0;         ///< 0: every processor that this process may run on
  bool compare = true;     ///< the numbers too, see compare_numbers.h
  std::string power_file;  ///< configs/cpus/design_power.yaml; empty: no modelled energy
};

/// The network layer by layer through oneDNN on this machine. Energy by RAPL where it can be read,
/// otherwise modelled, otherwise absent. docs/reference.md says what is measured and what is not.
/// Throws WorkloadError where oneDNN has no kernel of the type for a layer on this CPU.
[[nodiscard]] MeasuredRun measure_cpu(const Graph& graph, const NetworkData& data,
                                      const MeasureCpuOptions& options);

}  // namespace systole
