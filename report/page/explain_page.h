#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "study/explain.h"

namespace systole {

/// One self-contained HTML page of how a network is mapped: what each layer loses, the loop nest
/// and the other ways of the one that is clicked, the unified buffer over time, what more hardware
/// would win. `layer` is open from the start. Its data, embedded as JSON, has these keys:
/// - `explanation`: the JSON of `systole explain` (report/explain.h), with all layers
/// - `opened`: the index of `layer`, or null
/// - `command`: that made the page
[[nodiscard]] std::string explain_page(const Explanation& explanation,
                                       std::optional<std::size_t> layer,
                                       const std::string& command);

}  // namespace systole
