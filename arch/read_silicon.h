#pragma once

#include <optional>
#include <string>
#include <vector>

#include "arch/config/config_node.h"
#include "arch/isa/mac_kind.h"
#include "arch/silicon_spec.h"
#include "arch/units/units.h"

namespace systole {

/// The folder `name` beside each of the directories.
[[nodiscard]] std::vector<std::string> folders_beside(const std::vector<std::string>& directories,
                                                      std::string_view name);

/// Reads the key `technology` and the section `silicon` of a chip: both or neither. Technologies
/// and interfaces are NAME.yaml in ../technologies and ../interfaces beside each of
/// `dram_directories`; tables of users are beside the chip's file. docs/energy.md has every key.
/// Throws ConfigError.
[[nodiscard]] std::optional<SiliconSpec> read_silicon(
    const ConfigNode& chip, const std::vector<std::string>& dram_directories);

/// The rest of the section: tables of users, which need the chip's clock and native product.
void read_silicon_tables(const ConfigNode& chip, Hertz clock, MacKind native, SiliconSpec& silicon);

}  // namespace systole
