#pragma once

#include <string>

#include "arch/dram_controller_spec.h"

namespace systole {

/// Reads and checks configs/dram_controllers/NAME.yaml; the format is in docs/dram.md. Throws
/// ConfigError.
[[nodiscard]] DramControllerSpec read_dram_controller(const std::string& file);

}  // namespace systole
