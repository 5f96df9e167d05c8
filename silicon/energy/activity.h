#pragma once

#include "arch/chip_spec.h"
#include "arch/counters.h"
#include "arch/dram_run.h"

namespace systole {

/// What a stretch of time consisted of, as far as energy is concerned. Integers, so that the parts
/// of a run add up exactly.
struct Activity {
  ActionCounters actions;
  std::int64_t instructions = 0;
  CoreCycles elapsed{0};
  /// In which operands or results moved through the unit: busy, shifting, draining.
  CoreCycles matrix_busy{0};
  CoreCycles vector_busy{0};
  std::int64_t dram_bytes = 0;
};

[[nodiscard]] Activity activity_of(const Counters& counters);
/// Elapsed: the cycles that the layer exposes.
[[nodiscard]] Activity activity_of(const LayerCounters& layer);

/// The commands of a run as the memory's energy needs them; rows stay open throughout.
[[nodiscard]] DramRunResult dram_run_of(const ChipSpec& chip, const Counters& counters);
/// A second without a request, under the chip's controller: refreshes as it does them, and, where
/// it powers ranks down, all other time in power-down but for nXP before a refresh and `power_down`
/// cycles after it. No row is open.
[[nodiscard]] DramRunResult idle_dram_second(const ChipSpec& chip);
/// A second of reads at the peak of the data buses, each row activated once for all its bursts.
[[nodiscard]] DramRunResult full_dram_second(const ChipSpec& chip);

/// One second of the core clock at every unit's full rate.
[[nodiscard]] Activity full_second(const ChipSpec& chip, MacKind kind);

}  // namespace systole
