#pragma once

#include <string>

#include "report/run_extras.h"
#include "report/text_options.h"
#include "study/result.h"

namespace systole {

/// What to know first, in ten lines of figures at most: how long it took and how far that is from
/// the bound, what made it wait and what would help, the three layers that lose most, energy,
/// dollars, and whether the numbers are right.
[[nodiscard]] std::string summary(const Result& result, const RunExtras& extras,
                                  const TextOptions& options);

}  // namespace systole
