#pragma once

#include <string>

#include <nlohmann/json_fwd.hpp>

#include "reference/user_numbers.h"

namespace systole {

/// A row for each tensor that was compared with the user's numbers, files of other names, and the
/// line below.
[[nodiscard]] std::string comparison_text(const UserComparison& comparison, bool colour);

/// `comparison: 3 tensors compared with 'DIR', ...: passed`, or FAILED with the first that did not.
[[nodiscard]] std::string comparison_line(const UserComparison& comparison);

/// docs/report.md has the keys.
[[nodiscard]] nlohmann::ordered_json comparison_json(const UserComparison& comparison);

}  // namespace systole
