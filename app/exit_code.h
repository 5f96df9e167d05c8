#pragma once

namespace systole {

/// What the `systole` command tells its caller; documented in its help.
enum class ExitCode : int {
  Ok = 0,
  CheckFailed = 1,  ///< the run ended, but its numbers differ from the reference, or the user's
  /// Command line, input files; what the machine refuses: output that cannot be written, no memory,
  /// process or descriptor left.
  UserError = 2,
  InternalError = 3,  ///< a bug of ours
};

}  // namespace systole
