#pragma once

#include <span>
#include <string>

#include "reference/measured_run.h"

namespace systole {

/// The runs as a JSON document, ending in a newline: {"runs": [...]}, a layer a line. Numbers are
/// printed with as many digits as reading them back needs. docs/reference.md has the keys.
[[nodiscard]] std::string measured_json(std::span<const MeasuredRun> runs);

/// Reads a file that measured_json() wrote; what was measured then is `recorded` now (modelled
/// energy stays modelled). Throws ConfigError with place and path.
[[nodiscard]] Recording read_recording(const std::string& file);
/// The same for a text; `file` stands in messages.
[[nodiscard]] Recording parse_recording(const std::string& text, const std::string& file);

/// Adds a run as recorded. It takes the place of an earlier one of the same device, threads,
/// network, type and batch.
void record(Recording& recording, const MeasuredRun& run);

}  // namespace systole
