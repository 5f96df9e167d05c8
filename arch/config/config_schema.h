#pragma once

#include <string>
#include <vector>

#include "arch/config/config_node.h"

namespace systole {

/// A JSON Schema (draft 2020-12) of files like these, which were read: every key that their readers
/// asked for, with what they asked it to be, so that schema and reader cannot differ. What a reader
/// asks for depends on what a file has, so that several files say more than one: their schemas are
/// united. A key is required where each reader of such a map takes it for granted. Maps whose keys
/// are the user's own take any key.
[[nodiscard]] std::string json_schema(const std::vector<ConfigNode>& read, const std::string& title,
                                      const std::string& description);

}  // namespace systole
