#pragma once

#include <cstddef>
#include <string>

#include "report/run_extras.h"
#include "study/result.h"

namespace systole {

struct TextOptions {
  bool colour = false;  ///< escape sequences of a terminal; the words are the same without
};

/// No line of a text report is longer than this.
inline constexpr std::size_t kReportWidth = 100;

/// The report for people: a row per layer, totals, where the matrix unit's cycles went, what each
/// engine did, and the outcome of the check. docs/report.md explains every figure.
[[nodiscard]] std::string text_report(const Result& result, const TextOptions& options = {},
                                      const RunExtras& extras = {});

/// One line on the outcome of a check: `check: 54 tensors compared with ...`.
[[nodiscard]] std::string check_line(const CheckResult& check);

}  // namespace systole
