#pragma once

#include <cstdint>
#include <ostream>
#include <string>
#include <vector>

#include "arch/dram_controller_spec.h"
#include "arch/dram_spec.h"
#include "sim/dram/channel_replay.h"

namespace systole::testing {

/// A standard of configs/dram by the name of the reference data: `DDR4-2400`.
[[nodiscard]] DramStandard shipped_standard(const std::string& name);
/// configs/dram_controllers/NAME.yaml.
[[nodiscard]] DramControllerSpec shipped_controller(const std::string& name);
/// LPDDR4 as R knew it: through a DDR3 model, so that commands take one bus cycle and precharges
/// keep no distance. Every other standard as it is.
[[nodiscard]] DramStandard as_reference_knew_it(DramStandard standard);

/// A run of the reference controller R on a request train.
struct ReferenceRun {
  std::string config;
  std::string mapping;
  std::string pattern;
  std::int64_t window = 0;  ///< 0: no limit
  std::int64_t requests = 0;

  friend std::ostream& operator<<(std::ostream& out, const ReferenceRun& run);
};

/// A row of data/reference_runs.csv: all results of R, latencies in ns as printed there.
struct ReferenceRow {
  ReferenceRun run;
  std::int64_t cycles = 0;
  double latency_mean = 0;
  double latency_p50 = 0;
  double latency_p99 = 0;
  double latency_max = 0;
  std::int64_t activates = 0;
  std::int64_t precharges = 0;
  std::int64_t precharges_all = 0;
  std::int64_t refreshes = 0;
  /// Bandwidth of DRAMsim3 and of DRAMSys (GrpFrFcfsWm, ReadWrite 32), per cent above R's; `none`.
  std::string dramsim3;
  std::string dramsys;
  std::uint64_t trace_hash = 0;  ///< FNV-1a-64 of (address << 1 | is write), little-endian

  friend std::ostream& operator<<(std::ostream& out, const ReferenceRow& row);
};
[[nodiscard]] std::vector<ReferenceRow> reference_rows();

/// A run of data/reference_requests.txt or reference_commands.txt with its tokens: for every
/// request `cycles since the acceptance of the one before + latency`; for every command `cycles
/// since the one before`, name, `group.bank` and for PRE and ACT `:row`.
struct ReferenceLog {
  ReferenceRun run;
  std::vector<std::string> tokens;

  friend std::ostream& operator<<(std::ostream& out, const ReferenceLog& log);
};
[[nodiscard]] std::vector<ReferenceLog> reference_logs(const std::string& file);

/// All channels one after the other.
[[nodiscard]] DramRunResult replay(const DramStandard& standard,
                                   const DramControllerSpec& controller, const ReferenceRun& run,
                                   const DramCommandObserver& commands = {},
                                   const CompletionObserver& completions = {});

}  // namespace systole::testing
