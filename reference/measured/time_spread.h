#pragma once

#include <vector>

#include "reference/measured_run.h"

namespace systole {

/// Of at least one sample. With n samples in order, the quantile p lies at position p * (n - 1),
/// counted from 0; between two samples it is interpolated linearly.
[[nodiscard]] TimeSpread spread_of(std::vector<double> seconds);

}  // namespace systole
