#pragma once

namespace systole {

/// What the `systole` command tells its caller; documented in its help.
enum class ExitCode : int {
  Ok = 0,
  CheckFailed = 1,    ///< the run ended, but its numbers differ from the reference
  UserError = 2,      ///< command line, input files, output that cannot be written
  InternalError = 3,  ///< a bug of ours, or no memory left
};

}  // namespace systole
