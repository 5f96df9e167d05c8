#pragma once

#include "app/command_line.h"
#include "app/exit_code.h"

namespace systole {

/// Carries out a request and writes its result to standard output or `request.output`.
/// Throws UserError and InternalError.
[[nodiscard]] ExitCode execute(const Request& request);

}  // namespace systole
