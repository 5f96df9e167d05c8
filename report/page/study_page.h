#pragma once

#include <string>

#include <nlohmann/json.hpp>

namespace systole {

/// One self-contained HTML page of a study: the front, every point, what each run came to. Opens
/// from a disk, without a network; light and dark. The data stands in the page as JSON, so that
/// the page is an archive too.
///
/// `study` has these keys:
/// - `study`: `name`, `description`, `sampler`, `seed`, `base` (chip), `networks` (names)
/// - `axes`: of each its `path` and `unit` (empty for words)
/// - `objectives`: of each its `key`, `name`, `unit` and `direction` (`min` or `max`)
/// - `constraints`: texts
/// - `points`: of each its `id`, `axes` (a value each), `status` (`ok`, `failed`, `infeasible` or
///   `pruned`), `reason`, `front` (true or false), `objectives` (a number each; null unless `ok`)
///   and `figures` (numbers by their key in the JSON report)
/// - `units`: the unit of each figure by its key
/// - `importance`: of each axis its `axis` (path) and `shares` (0..1, one an objective)
/// - `made_by`: the line at the page's end
/// Throws InternalError where one of these is missing.
[[nodiscard]] std::string study_page(const nlohmann::ordered_json& study);

}  // namespace systole
