#pragma once

#include <string>
#include <vector>

#include "arch/chip_spec.h"
#include "arch/config/config_node.h"

namespace systole {

/// `read_chip` of a chip that can be built: its die fits a scanner's field, where it has a cost; it
/// fits the part, where it is built in an FPGA. Throws ConfigError at the key that asks for too
/// much, naming the resource.
[[nodiscard]] ChipSpec read_buildable_chip(const ConfigNode& node,
                                           const std::vector<std::string>& dram_directories);
[[nodiscard]] ChipSpec read_buildable_chip(const std::string& file,
                                           const std::vector<std::string>& dram_directories = {});

}  // namespace systole
