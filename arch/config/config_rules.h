#pragma once

#include <string>
#include <string_view>

#include "arch/config/config_state.h"

namespace systole {

/// `expected one of rows, columns, got 'rowz' (did you mean 'rows'?)`, by what the map's reader
/// asked for.
[[nodiscard]] std::string unknown_key_message(const YamlItem& map, std::string_view key);

/// Throws as the reader of `item` would where it is not what `rule` says.
void check_rule(ConfigDocument& document, YamlItem& item, const std::string& path,
                const KeyRule& rule);

}  // namespace systole
