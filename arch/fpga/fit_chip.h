#pragma once

#include "arch/config/config_node.h"
#include "arch/fpga/fpga_part.h"

namespace systole {

/// What the chip of this file takes of the part that its `fpga` names. Throws ConfigError at the
/// clock beyond the part's limit, at a pace of operands that the part does not multiply, and at
/// `fpga` with every resource that is over budget.
[[nodiscard]] FpgaFit fitted(const ConfigNode& chip_file, const ChipSpec& chip,
                             const FpgaPart& part);

}  // namespace systole
