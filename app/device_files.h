#pragma once

#include <optional>
#include <string>
#include <vector>

#include "arch/chip_spec.h"
#include "reference/devices/device_spec.h"

namespace systole {

/// The folder of the device families that ship, for files that have none beside them.
[[nodiscard]] std::string families_folder();

/// The first chip that ships for the FPGA card of that name; empty where none does.
[[nodiscard]] std::string design_for_card(const std::string& card);

/// A device that ships, by name; empty where the data directories do not have it. Throws
/// ConfigError where its file is wrong.
[[nodiscard]] std::optional<reference::DeviceSpec> shipped_device(const std::string& name);

/// The chip of a file with the values that `--set PATH=VALUE` puts in place of the file's. A
/// message about one of them names it: `--set matrix_unit.rows=x: matrix_unit.rows: expected ...`.
/// Throws ConfigError.
[[nodiscard]] ChipSpec chip_with(const std::string& file, const std::vector<std::string>& sets);

}  // namespace systole
