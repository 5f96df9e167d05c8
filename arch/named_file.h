#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "arch/config/config_node.h"

namespace systole {

/// What a key names: the file NAME.yaml in the first of the folders that has it, or, for a value
/// that ends in `.yaml`, that file, from the folder of the one that names it. `noun` is what an
/// error expects: `a technology`. Throws ConfigError.
[[nodiscard]] std::string named_file(const ConfigNode& node, std::string_view key,
                                     std::string_view noun,
                                     const std::vector<std::string>& folders);

/// A path in a file, from that file's folder.
[[nodiscard]] std::string beside(const ConfigNode& node, std::string_view path);

}  // namespace systole
