#pragma once

#include <nlohmann/json_fwd.hpp>

#include "arch/chip_spec.h"
#include "study/evaluate.h"

namespace systole {

/// The course of a run for a page's charts, in at most kCourseSamples equal intervals each:
/// - `cycles`: elapsed
/// - `buffer`: `capacity_bytes`, and `moments`: of each interval `[cycle, bytes, [[layer, bytes],
///   ...]]` when the unified buffer held most (buffer_levels.h), layers by their index
/// - `dram`: `seconds` of an interval, bytes that the data buses carried in each: `read`, `write`
/// - `engines`: `cycles` of an interval, and `busy`: by engine the share of each interval, 0..1, in
///   which it worked; an engine without instructions is left out
inline constexpr std::int64_t kCourseSamples = 400;
[[nodiscard]] nlohmann::ordered_json course_json(const ChipSpec& chip, const RunRecord& record);

}  // namespace systole
