#pragma once

#include <string>

#include <nlohmann/json_fwd.hpp>

#include "report/run_extras.h"
#include "study/result.h"

namespace systole {

/// The report for programs: one JSON object of schema `systole.run/1`, two spaces of indentation,
/// keys in a fixed order, a newline at the end. docs/report.md describes every key and its unit.
/// Names that are not valid UTF-8 have their malformed bytes replaced by U+FFFD.
[[nodiscard]] std::string json_report(const Result& result, const RunExtras& extras = {});

/// The same object, for those who show it in another way.
[[nodiscard]] nlohmann::ordered_json run_json(const Result& result, const RunExtras& extras = {});

}  // namespace systole
