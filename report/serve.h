#pragma once

#include <string>

#include "report/text_options.h"
#include "study/serve_report.h"

namespace systole {

/// As lines for people.
[[nodiscard]] std::string serve_text(const ServeReport& report, const TextOptions& options = {});
/// Schema `systole.serve/1`, the keys of docs/serving.md.
[[nodiscard]] std::string serve_json(const ServeReport& report);

}  // namespace systole
