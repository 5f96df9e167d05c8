#pragma once

#include <string>

#include "app/command_line.h"
#include "report/text.h"

namespace systole {

/// Runs `systole study ...` and returns its report.
[[nodiscard]] std::string run_study(const Request& request, const TextOptions& options);

/// What simulates, as keys of a store have it: the version and a hash of this program's file, so
/// that results of another build are never taken for this one's.
[[nodiscard]] std::string program_identity();

}  // namespace systole
