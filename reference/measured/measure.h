#pragma once

#include <cstdint>
#include <functional>
#include <string_view>

#include "reference/measured/device_network.h"
#include "reference/measured_run.h"

namespace systole {

struct MeasureOptions {
  DataType type = DataType::Int8;
  std::int64_t warm_up = 3;       ///< passes that are not timed
  std::int64_t repetitions = 20;  ///< timed passes
  /// Told what comes next, to show the user; may be empty.
  std::function<void(std::string_view)> on_stage;
};

/// Power that a meter must average over, where one is there: RAPL counts in steps of a millisecond,
/// NVML's power is an average of some 100 ms.
inline constexpr double kMeteredSeconds = 1.0;

/// Fills what the same passes give on every device: layers, times, repetitions and, with a meter,
/// measured energy. Each repetition times a pass as a whole and a pass layer by layer, so that
/// taking the time of layers does not count in the total. Caches hold what the pass before left.
/// Where the quartiles lie more than a tenth of the median apart, the run's note says so.
void measure_passes(DeviceNetwork& network, const Graph& graph, const MeasureOptions& options,
                    EnergyMeter* meter, MeasuredRun& run);

/// 2026-11-24, UTC.
[[nodiscard]] std::string today();

}  // namespace systole
