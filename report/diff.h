#pragma once

#include <string>

#include <nlohmann/json_fwd.hpp>

#include "report/text_options.h"

namespace systole {

/// The JSON report of a run in `text`: the report itself, or a page of a run, which holds it.
/// `file` is what messages call it. Throws UserError `FILE: expected a run's report (JSON or HTML),
/// got ...`.
[[nodiscard]] nlohmann::ordered_json report_in(const std::string& text, const std::string& file);

/// What changed from run `before` to run `after`, two reports: what made them, figures of the
/// whole, where the matrix unit's cycles went, and layers of one name, those first that changed the
/// time most. Layers that only one has are named. Throws UserError where a report lacks a figure.
[[nodiscard]] std::string diff_text(const nlohmann::ordered_json& before,
                                    const nlohmann::ordered_json& after,
                                    const TextOptions& options);

/// The same for programs, schema `systole.diff/1`: `total`, `energy`, `cost` and `matrix_cycles`
/// with `before` and `after` of each figure, and `layers` in the order of the text; `before` or
/// `after` is null where only one has the layer.
[[nodiscard]] nlohmann::ordered_json diff_json(const nlohmann::ordered_json& before,
                                               const nlohmann::ordered_json& after);

}  // namespace systole
