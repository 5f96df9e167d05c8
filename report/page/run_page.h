#pragma once

#include <string>

#include "report/run_extras.h"
#include "study/evaluate.h"
#include "study/result.h"

namespace systole {

/// One self-contained HTML page of a run. Its data, embedded as JSON, has these keys:
/// - `run`: the JSON report (report/json.h)
/// - `course`: what happened when (report/course.h); null without a record
/// - `layer_energy`: `components` (names) and `joules` (of each layer a number a component); null
///   for a chip without a technology
/// - `facts`: `sources` (texts), and `rows`: of each constant of the chip its path, value, status
///   and the index of its source, or null
/// - `meanings`: of figures of `run` by key, `total` and `layer` apart, their unit and meaning; of
///   `causes` the meaning
/// - `command`: that made the page
[[nodiscard]] std::string run_page(const Result& result, const RunExtras& extras,
                                   const RunRecord* record, const std::string& command);

}  // namespace systole
