#pragma once

#include <cstdint>
#include <string>

#include "arch/dram_controller_spec.h"
#include "arch/dram_run.h"
#include "arch/dram_spec.h"

namespace systole {

/// A request train on a DRAM standard: what was asked and what came out.
struct DramReport {
  DramStandard standard;
  DramControllerSpec controller;
  std::string mapping;
  std::string train;        ///< name of the pattern, or the trace file
  std::int64_t window = 0;  ///< 0: no limit
  DramRunResult result;
};

/// Rates that both forms print. Bandwidth is requests x burst size over the time to the last
/// completion; peak is that of all data buses.
struct DramFigures {
  double seconds = 0;
  double bandwidth = 0;  ///< bytes per second
  double peak = 0;
  double row_hit_rate = 0;  ///< of RD and WR commands
};
[[nodiscard]] DramFigures dram_figures(const DramReport& report);

/// For people.
[[nodiscard]] std::string dram_text(const DramReport& report);

/// For programs: one JSON object of schema `systole.dram/1`, two spaces of indentation, keys in a
/// fixed order. docs/dram.md describes the keys. `energy_nj` is null where the standard has no
/// currents.
[[nodiscard]] std::string dram_json(const DramReport& report);

}  // namespace systole
