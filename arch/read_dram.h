#pragma once

#include <string>
#include <vector>

#include "arch/chip_spec.h"
#include "arch/dram_spec.h"

namespace systole {

struct DramFile {
  DramStandard standard;    ///< named as the file is
  std::vector<Fact> facts;  ///< in file order, paths from the file's top
};

/// Reads and cross-checks configs/dram/NAME.yaml; the format is in docs/chips.md. Throws
/// ConfigError.
[[nodiscard]] DramFile read_dram(const std::string& file);

/// NAME.yaml in the first directory that has it, or an empty text.
[[nodiscard]] std::string find_dram_file(const std::string& name,
                                         const std::vector<std::string>& directories);

/// Names of all standards in the directories, sorted, each once.
[[nodiscard]] std::vector<std::string> dram_names(const std::vector<std::string>& directories);

}  // namespace systole
