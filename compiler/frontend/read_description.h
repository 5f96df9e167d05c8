#pragma once

#include "arch/config/config_node.h"
#include "compiler/frontend/network_description.h"

namespace systole {

/// Reads every key of a network file (docs/workloads.md) and expands its blocks. Throws
/// WorkloadError with line and column.
[[nodiscard]] NetworkDescription read_description(const ConfigNode& root);

}  // namespace systole
