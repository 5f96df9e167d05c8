#pragma once

#include <string>

#include "arch/diag/error.h"

namespace systole {

/// A value that stands in place of the one in a file: of a design point, of the command line.
/// ConfigNode::with() applies it. Messages about the value name the place where it was written, be
/// it a study's line or `--set matrix_unit.rows=64` (a place without a line).
struct ConfigOverride {
  std::string path;  ///< keys from the file's top with dots between: `matrix_unit.rows`
  std::string text;  ///< as it would be written in the file: `24 MiB`
  SourceLocation where;
};

}  // namespace systole
