#pragma once

#include <string>

#include <nlohmann/json_fwd.hpp>

#include "report/text.h"
#include "study/explore/study_view.h"

namespace systole {

/// A study's front as a table, with the best of each objective, what became of all points and which
/// axis matters most. docs/studies.md explains every figure.
[[nodiscard]] std::string study_text(const StudyView& view, const TextOptions& options);

/// `systole.study/1`: `front[]`, `points` (all of them), `failed[]`, counts, importance.
[[nodiscard]] std::string study_json(const StudyView& view);

/// A row a point: number, outcome, axes, objectives, then every figure of its runs.
[[nodiscard]] std::string study_csv(const StudyView& view, const StudyStore& store);
/// The same as a JSON list of objects.
[[nodiscard]] std::string study_export_json(const StudyView& view, const StudyStore& store);

/// What report/page/study_page.h draws.
[[nodiscard]] nlohmann::ordered_json study_page_json(const StudyView& view, const StudyStore& store,
                                                     const std::string& made_by);

/// Where a study stands: how many points of how many, and how they ended.
[[nodiscard]] std::string study_status(const StudyView& view, std::int64_t planned);

/// Two studies side by side: sizes, the best of each objective that both have, and how much of each
/// front the other dominates. Throws UserError where they share no objective.
[[nodiscard]] std::string compare_studies(const StudyView& a, const StudyView& b,
                                          const TextOptions& options);

/// Why a point is on the front, or what dominates it, or why it has no result.
[[nodiscard]] std::string explain_point(const StudyView& view, PointId point);

}  // namespace systole
