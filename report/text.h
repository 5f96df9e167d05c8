#pragma once

#include <string>

#include "report/run_extras.h"
#include "report/text_options.h"
#include "study/result.h"

namespace systole {

/// The report for people: a summary in ten lines at most, a row per layer, totals, where the matrix
/// unit's cycles went, what each engine did, and the outcome of the check. docs/report.md explains
/// every figure.
[[nodiscard]] std::string text_report(const Result& result, const TextOptions& options = {},
                                      const RunExtras& extras = {});

/// One line on the outcome of a check: `check: 54 tensors compared with ...`.
[[nodiscard]] std::string check_line(const CheckResult& check);

}  // namespace systole
