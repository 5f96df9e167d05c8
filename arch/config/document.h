#pragma once

#include <string>

#include <yaml-cpp/yaml.h>

#include "arch/config/config_node.h"

namespace systole {

/// Reads a whole file. Throws ConfigError or WorkloadError, as `kind` says, when it cannot be read
/// or is larger than 16 MiB.
[[nodiscard]] std::string read_text_file(const std::string& file, ConfigNode::Kind kind);

/// Parses exactly one YAML document that is a map. Rejects repeated keys, keys that are no plain
/// text, anchors and aliases, tags, deep nesting and bytes that are not text.
[[nodiscard]] YAML::Node parse_document(const std::string& text, const std::string& file,
                                        ConfigNode::Kind kind);

/// Throws the error that belongs to the kind of file.
[[noreturn]] void raise_user_error(ConfigNode::Kind kind, const SourceLocation& where,
                                   std::string_view path, std::string_view message);

}  // namespace systole
