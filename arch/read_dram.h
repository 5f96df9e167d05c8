#pragma once

#include <string>
#include <vector>

#include "arch/chip_spec.h"
#include "arch/config/config_node.h"
#include "arch/dram_spec.h"

namespace systole {

/// A DRAM standard and where its figures come from.
struct DramStandardFile {
  DramStandard standard;
  std::vector<Fact> facts;  ///< in file order, paths from the file's top
};

/// Reads and cross-checks configs/dram/NAME.yaml; the format is in docs/chips.md. Throws
/// ConfigError.
[[nodiscard]] DramStandardFile read_dram_standard(const std::string& file);

/// The facts of a file without its name and description, which are no figures.
[[nodiscard]] std::vector<Fact> figures_of(const ConfigNode& root);

}  // namespace systole
