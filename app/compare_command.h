#pragma once

#include <string>

#include "app/command_line.h"
#include "report/text.h"

namespace systole {

/// Runs `systole compare` and returns the report. A device that fails costs its row; a name that
/// means nothing is a UserError `systole: no device 'a10': neither a file nor a known name (did you
/// mean 'a100'?); see 'systole list'`.
[[nodiscard]] std::string run_compare(const Request& request, const TextOptions& options);

}  // namespace systole
