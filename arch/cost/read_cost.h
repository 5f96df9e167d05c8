#pragma once

#include <optional>
#include <string>
#include <vector>

#include "arch/config/config_node.h"
#include "arch/cost/cost_spec.h"

namespace systole {

/// Reads the section `cost` of a chip, if it has one; it needs the key `technology`, whose prices
/// must be in the price file. `directories`: where NAME.yaml of the prices is looked up. Throws
/// ConfigError; docs/cost.md has every key.
[[nodiscard]] std::optional<CostSpec> read_cost(const ConfigNode& chip,
                                                const std::vector<std::string>& directories);

}  // namespace systole
