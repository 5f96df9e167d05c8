#pragma once

#include <optional>
#include <string>

#include "app/command_line.h"

namespace systole {

/// The whole program: parses the command line, carries it out, prints; the one place where
/// exceptions end. Returns the exit code.
[[nodiscard]] int run_program(int argc, char** argv);

/// The line that tells the exception in flight, and the exit code that goes with it.
struct Complaint {
  int exit_code = 0;
  std::string line;
};
[[nodiscard]] Complaint complaint_in_flight();

}  // namespace systole
