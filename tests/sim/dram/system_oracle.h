#pragma once

#include <cstdint>
#include <vector>

#include "arch/counters.h"
#include "arch/dram_spec.h"
#include "tests/sim/dram/dram_traffic.h"

namespace systole::testing {

struct SystemOracleResult {
  std::vector<std::int64_t> ends;                  ///< by request
  std::vector<std::vector<DramCommand>> commands;  ///< by channel
  DramCounters counters;                           ///< until the cycle before the last end
};

/// What part_feed.h, channel_front.h and dram_system.h say, burst by burst and cycle by cycle, in
/// front of a ControllerOracle for every channel.
[[nodiscard]] SystemOracleResult system_oracle(const DramSpec& spec, std::int64_t queue_depth,
                                               const std::vector<Request>& requests);

}  // namespace systole::testing
