#pragma once

#include <optional>
#include <string>
#include <vector>

#include "arch/config/config_node.h"
#include "arch/cost/cost_spec.h"

namespace systole {

/// Reads the section `cost` of a chip, if it has one. `technology` is the name of the chip's; the
/// price file must have prices of it. `directories`: where NAME.yaml of the prices is looked up.
/// Throws ConfigError; docs/cost.md has every key.
[[nodiscard]] std::optional<CostSpec> read_cost(const ConfigNode& chip,
                                                const std::optional<std::string>& technology,
                                                const std::vector<std::string>& directories);

}  // namespace systole
