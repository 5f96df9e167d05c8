#pragma once

#include <string>
#include <string_view>

#include "study/result.h"

namespace systole {

/// One row per layer under a header row; fields quoted as in RFC 4180 where they need it, lines
/// ending in a line feed alone. docs/report.md describes the columns.
[[nodiscard]] std::string csv_report(const Result& result);

/// A field as RFC 4180 wants it: in quotes, quotes doubled, where it holds a comma, quote, line
/// break, or blanks at its ends.
[[nodiscard]] std::string csv_field(std::string_view text);

}  // namespace systole
