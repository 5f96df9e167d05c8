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

/// NAME.yaml in the first directory that has it, or an empty text.
[[nodiscard]] std::string find_dram_file(const std::string& name,
                                         const std::vector<std::string>& directories);

/// Names of all standards in the directories, sorted, each once.
[[nodiscard]] std::vector<std::string> dram_names(const std::vector<std::string>& directories);

/// The facts of a file without its name and description, which are no figures.
[[nodiscard]] std::vector<Fact> figures_of(const ConfigNode& root);

}  // namespace systole
