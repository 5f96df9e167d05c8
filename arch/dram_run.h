#pragma once

#include <cstdint>
#include <vector>

#include "arch/latency_histogram.h"
#include "arch/units/units.h"

namespace systole {

/// Commands of one bank.
struct DramBankRun {
  std::int64_t activates = 0;
  std::int64_t reads = 0;
  std::int64_t writes = 0;

  bool operator==(const DramBankRun&) const = default;
};

/// What a DRAM did with a request train; of one channel, or the sum of all.
struct DramRunResult {
  DramCycles cycles{0};  ///< of the last completion, counted from the first offer in cycle 0
  std::int64_t read_requests = 0;
  std::int64_t write_requests = 0;
  std::int64_t activates = 0;
  std::int64_t precharges = 0;      ///< of one bank
  std::int64_t precharges_all = 0;  ///< of a rank
  std::int64_t reads = 0;           ///< RD commands
  std::int64_t writes = 0;          ///< WR commands
  std::int64_t refreshes = 0;       ///< of a rank
  std::int64_t bank_refreshes = 0;
  std::int64_t rows_closed = 0;    ///< by either precharge
  std::int64_t row_misses = 0;     ///< activates of a bank that stood closed
  std::int64_t row_conflicts = 0;  ///< activates after the precharge of another row
  std::int64_t forwarded = 0;      ///< reads answered from the write buffer
  std::int64_t merged = 0;         ///< writes merged into a buffered one
  /// Summed over ranks: a row was open, until `cycles` of the channel; and all cycles.
  DramCycles active_cycles{0};
  DramCycles rank_cycles{0};
  DramCycles active_power_down_cycles{0};      ///< of `active_cycles`, in power-down
  DramCycles precharged_power_down_cycles{0};  ///< of the others
  LatencyHistogram read_latency;               ///< completion - acceptance
  /// Channel by channel: pseudo-channel : rank : bank group : bank.
  std::vector<DramBankRun> banks;

  /// Bursts that needed no activate of their own.
  [[nodiscard]] std::int64_t row_hits() const { return reads + writes - activates; }
  /// The same time, the next channel: counts add up, the last completion counts.
  void add(const DramRunResult& other);
  bool operator==(const DramRunResult&) const = default;
};

}  // namespace systole
