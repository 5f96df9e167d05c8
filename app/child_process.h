#pragma once

#include <string>
#include <vector>

namespace systole {

struct ChildResult {
  int exit_code = 0;   ///< -1 where a signal ended it
  std::string output;  ///< what it wrote to standard output
};

/// Runs `command` (program, arguments) to its end; standard error is this program's. It
/// ends when this program does, whatever ends it. Throws UserError where it cannot be started.
[[nodiscard]] ChildResult run_child(const std::vector<std::string>& command);

}  // namespace systole
