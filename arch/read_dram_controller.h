#pragma once

#include <string>
#include <vector>

#include "arch/dram_controller_spec.h"
#include "arch/dram_spec.h"

namespace systole {

/// Reads and checks configs/dram_controllers/NAME.yaml; the format is in docs/dram.md. Throws
/// ConfigError.
[[nodiscard]] DramControllerSpec read_dram_controller(const std::string& file);

/// NAME.yaml in one of the directories, or an empty text.
[[nodiscard]] std::string find_dram_controller_file(const std::string& name,
                                                    const std::vector<std::string>& directories);

/// Why the controller cannot serve the standard, as the end of `expected a controller that ...`;
/// empty where it can.
[[nodiscard]] std::string controller_misfit(const DramControllerSpec& controller,
                                            const DramStandard& standard);

}  // namespace systole
