#pragma once

#include <vector>

#include "arch/dram_controller_spec.h"
#include "arch/dram_spec.h"
#include "sim/dram/bit_field_map.h"
#include "sim/dram/burst_source.h"
#include "sim/dram/command_controller.h"

namespace systole::testing {

struct ControllerOracleResult {
  std::vector<DramCommand> commands;
  std::vector<CompletedBurst> completions;  ///< by id
};

/// The statement of command_controller.h and channel_replay.h done the slow way: every cycle, every
/// buffered burst, every gap against the last commands of every bank. Uses nothing of sim/dram but
/// the table of gaps, the address map and the types. One channel.
[[nodiscard]] ControllerOracleResult controller_oracle(const DramStandard& standard,
                                                       const DramControllerSpec& spec,
                                                       const BitFieldMap& map, std::int64_t window,
                                                       BurstSource& source);

}  // namespace systole::testing
