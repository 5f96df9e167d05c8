#pragma once

#include <cstdint>
#include <vector>

#include "arch/counters.h"
#include "arch/dram_spec.h"
#include "tests/dram/dram_traffic.h"

namespace systole::testing {

struct OracleResult {
  std::vector<std::int64_t> ends;                  ///< by request
  std::vector<std::vector<DramCommand>> commands;  ///< by channel
  DramCounters counters;                           ///< at the last end
};

/// The rules of docs/dram.md done the slow way: cycle after cycle, burst after burst, every
/// command placed by TimingRules against the list of all commands before it. Uses nothing of
/// sim/dram but the types of requests and commands.
[[nodiscard]] OracleResult burst_oracle(const DramSpec& spec, std::int64_t queue_depth,
                                        const std::vector<Request>& requests);

}  // namespace systole::testing
