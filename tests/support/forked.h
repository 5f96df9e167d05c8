#pragma once

#include <functional>
#include <string>

namespace systole {

struct ForkedResult {
  std::string output;  ///< what the function returned
  int exit_code = 0;   ///< 0: it returned; 1: it threw; 128 + n: ended by signal n; else its exit()
  std::string error;   ///< why there is no (valid) output; empty where the function returned
};

/// Runs `function` in a forked child and waits for it. What it changes in memory stays in the
/// child; files and the terminal are shared. An exception comes back as the text of what() in
/// `error`, and so does a GoogleTest assertion that fails in the child (a child's failure would
/// otherwise be lost). The child dies with its parent, so that a test's time limit ends both.
/// Throws std::system_error where no child can be started.
[[nodiscard]] ForkedResult run_forked(const std::function<std::string()>& function);

}  // namespace systole
