#pragma once

#include <string>

#include "reference/measured_run.h"

namespace systole {

struct MeasuredTextOptions {
  bool colour = false;
};

/// A run on a CPU or GPU for people: what ran where, a row a layer with the median and the
/// interquartile range of its time, its share of all layers' medians and its rate, then the whole
/// pass, energy and how the numbers compared.
[[nodiscard]] std::string measured_text(const MeasuredRun& run, const MeasuredTextOptions& options);

}  // namespace systole
