#pragma once

#include <optional>
#include <string>

#include "app/command_line.h"
#include "app/exit_code.h"
#include "report/text_options.h"

namespace systole {

/// Carries out a request and writes its result to standard output or `request.output`.
/// Throws UserError and InternalError.
[[nodiscard]] ExitCode execute(const Request& request);

/// What a command that simulates nothing and writes no file of its own prints: list, describe,
/// diff, compile, help. None of the others. Throws UserError and InternalError.
[[nodiscard]] std::optional<std::string> text_answer(const Request& request,
                                                     const TextOptions& options);

}  // namespace systole
