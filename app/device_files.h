#pragma once

#include <optional>
#include <string>

#include "reference/devices/device_spec.h"

namespace systole {

/// The folder of the device families that ship, for files that have none beside them.
[[nodiscard]] std::string families_folder();

/// The first chip that ships for the FPGA card of that name; empty where none does.
[[nodiscard]] std::string design_for_card(const std::string& card);

/// A device that ships, by name; empty where the data directories do not have it. Throws
/// ConfigError where its file is wrong.
[[nodiscard]] std::optional<reference::DeviceSpec> shipped_device(const std::string& name);

}  // namespace systole
