#pragma once

#include <string>

#include "app/command_line.h"

namespace systole {

/// Runs the train of `request` and returns the report. Writes the logs that it asks for. Throws
/// UserError.
[[nodiscard]] std::string run_dram(const DramRequest& request, Format format);

}  // namespace systole
