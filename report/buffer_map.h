#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "study/explain.h"
#include "study/result.h"

namespace systole {

/// What lies at some addresses of the unified buffer, from when to when.
struct BufferBlock {
  PlannedBlock planned;
  std::int64_t begin = 0;  ///< cycles
  std::int64_t end = 0;
  std::string name;  ///< its tensor's, with the layer that it is a band of
};

/// The unified buffer of the first core over time, as it was planned, in the order of the layers
/// that the blocks begin with. A block begins with the first instruction of its first layer and
/// ends with the last of its last one; of layers that run in parts of the batch, which take turns,
/// the later one counts.
[[nodiscard]] std::vector<BufferBlock> buffer_blocks(const Result& result, const MemoryPlan& plan);

/// These, as far up as addresses are used.
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
