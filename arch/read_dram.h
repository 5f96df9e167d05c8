#pragma once

#include <string>
#include <vector>

#include "arch/chip_spec.h"

namespace systole {

/// A DRAM standard and where its figures come from.
struct DramStandardFile {
  DramStandard standard;
  std::vector<Fact> facts;
};

/// Reads configs/dram/NAME.yaml (docs/chips.md). Throws ConfigError.
[[nodiscard]] DramStandardFile read_dram_standard(const std::string& file);

}  // namespace systole
