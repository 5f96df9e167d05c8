#pragma once

#include <nlohmann/json_fwd.hpp>

#include "study/result.h"

namespace systole {

/// The keys `energy`, `area` and `cost` of a run, null where they are not known; docs/report.md.
[[nodiscard]] nlohmann::ordered_json energy_json(const Result& result);
[[nodiscard]] nlohmann::ordered_json area_json(const Result& result);
[[nodiscard]] nlohmann::ordered_json cost_json(const Result& result);

}  // namespace systole
