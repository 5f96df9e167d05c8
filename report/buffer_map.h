#pragma once

#include <string>

#include "study/explain.h"
#include "study/result.h"

namespace systole {

/// The unified buffer of the first core over time, as it was planned: what lies at which address
/// from when to when. A block begins with the first instruction of its first layer and ends with
/// the last of its last one; of layers that run in parts of the batch, which take turns, the later
/// one is shown. Only addresses that are used are shown.
///
/// As letters, a column for an equal part of the run, a row for an equal part of the addresses:
/// each tensor that stays has a letter (they begin again behind `z`), `~` is a band of what
/// streams, `#` constants, `.` nothing. Below it the tensors by letter, at most `most` of them, the
/// largest.
[[nodiscard]] std::string buffer_map_text(const Result& result, const MemoryPlan& plan,
                                          std::size_t width, std::size_t most = 20);

/// The same as a picture: an SVG document.
[[nodiscard]] std::string buffer_map_svg(const Result& result, const MemoryPlan& plan);

}  // namespace systole
