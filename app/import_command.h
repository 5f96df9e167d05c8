#pragma once

#include <string>

#include "app/command_line.h"

namespace systole {

/// `systole import`: writes the files of weights, and returns the layer description, or with
/// `--explain` what became of the file.
[[nodiscard]] std::string run_import(const Request& request);

}  // namespace systole
