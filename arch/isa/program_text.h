#pragma once

#include <string>
#include <string_view>

#include "arch/isa/program.h"

namespace systole {

/// One line per layer, tensor, tile, semaphore and instruction; `parse_program(print_program(p))`
/// equals `p`. The format is described in docs/program.md.
[[nodiscard]] std::string print_program(const Program& program);

/// Throws UserError with `file:line:column: path: expected ..., got ...` on malformed text.
[[nodiscard]] Program parse_program(std::string_view text, const std::string& file);

}  // namespace systole
