#pragma once

#include <string>
#include <vector>

#include "arch/technology/technology.h"

namespace systole {

/// Reads configs/technologies/NAME.yaml and configs/interfaces/NAME.yaml; docs/energy.md has every
/// key. Throw ConfigError.
[[nodiscard]] Technology read_technology(const std::string& file);
[[nodiscard]] InterfaceSpec read_interface(const std::string& file);

}  // namespace systole
