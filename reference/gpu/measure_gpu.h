#pragma once

#include "compiler/graph/graph.h"
#include "compiler/graph/value.h"
#include "reference/measured/measure.h"
#include "reference/measured_run.h"

namespace systole {

/// The network on the first CUDA device. Clocks are read right behind the timed passes; energy is
/// the board's by NVML where that is present. `compare`: the numbers too, see compare_numbers.h.
/// Throws UserError where there is no device, or not enough memory.
[[nodiscard]] MeasuredRun measure_gpu(const Graph& graph, const NetworkData& data,
                                      const MeasureOptions& options, bool compare);

}  // namespace systole
