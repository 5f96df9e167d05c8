#pragma once

namespace systole {

/// What the `systole` command tells its caller; documented in its help.
enum ExitCode : int {
  kOk = 0,
  kCheckFailed = 1,    ///< the run ended, but its numbers differ from the reference
  kUserError = 2,      ///< command line, input files, output that cannot be written
  kInternalError = 3,  ///< a bug of ours, or no memory left
};

}  // namespace systole
