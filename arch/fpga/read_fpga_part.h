#pragma once

#include <string>
#include <vector>

#include "arch/chip_spec.h"
#include "arch/config/config_node.h"
#include "arch/fpga/fpga_part.h"

namespace systole {

struct FpgaPartFile {
  FpgaPart part;
  std::vector<Fact> facts;
};

/// Reads configs/fpga_parts/NAME.yaml; docs/fpga.md has every key. Throws ConfigError.
[[nodiscard]] FpgaPartFile read_fpga_part(const std::string& file);

/// The part that `fpga` of a chip's file names, from the fpga_parts folder beside one of the
/// directories of DRAM standards, in order. Throws ConfigError.
[[nodiscard]] FpgaPartFile find_fpga_part(const ConfigNode& chip,
                                          const std::vector<std::string>& dram_directories);

}  // namespace systole
