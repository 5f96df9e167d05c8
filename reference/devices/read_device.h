#pragma once

#include <string>

#include "reference/devices/device_spec.h"

namespace systole::reference {

/// Reads and cross-checks configs/devices/NAME.yaml and the family that it names, from
/// ../device_families beside the file's folder, else from the folder `families`; docs/devices.md
/// has every key. Throws ConfigError.
[[nodiscard]] DeviceSpec read_device(const std::string& file, const std::string& families = "");

/// Reads configs/device_families/NAME.yaml. Throws ConfigError.
[[nodiscard]] DeviceFamily read_device_family(const std::string& file);

}  // namespace systole::reference
