#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "arch/config/config_node.h"

namespace systole {

/// The directories of that name beside the directory of `file` (configs/dram for a chip in
/// configs/chips) and in each of `roots`.
[[nodiscard]] std::vector<std::string> directories_named(std::string_view name,
                                                         const std::string& file,
                                                         const std::vector<std::string>& roots);

/// NAME.yaml in the first directory that has it, or an empty text.
[[nodiscard]] std::string find_named_file(const std::string& name,
                                          const std::vector<std::string>& directories);

/// Names of all YAML files in the directories, sorted, each once.
[[nodiscard]] std::vector<std::string> names_in(const std::vector<std::string>& directories);

/// The file that a key names. Throws ConfigError at the key, with what names there are; `what` is
/// such as `a DRAM standard`.
[[nodiscard]] std::string named_file(const ConfigNode& node, std::string_view key,
                                     std::string_view what,
                                     const std::vector<std::string>& directories);

}  // namespace systole
