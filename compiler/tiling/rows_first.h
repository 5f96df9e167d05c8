#pragma once

#include <cstdint>

#include "compiler/graph/graph.h"
#include "compiler/tiling/band.h"

namespace systole {

/// Whether a node is a max pooling that may be done rows first. Of k x k elements the larger of the
/// rows that a window covers is taken element by element, over whole rows of the image, which fill
/// the lanes of the vector unit however few channels there are; of these rows of maxima a window is
/// one row of k, so a position takes k slots of its channels in place of k * k. A maximum is the
/// same in any order (row_loop.h). In between lie the maxima of some rows, in the unified buffer.
[[nodiscard]] bool may_pool_rows_first(const Graph& graph, const Node& node);

/// The maxima of all rows: an image of the input's columns and the output's rows.
[[nodiscard]] Shape shape_of_maxima(const Graph& graph, const Node& node);

/// Output rows that are done together, at most: as many positions as other vector layers have in an
/// instruction.
[[nodiscard]] std::int64_t rows_at_once(const Graph& graph, const Node& node);

/// Bytes of the unified buffer that the maxima of these rows take in bands of a size.
[[nodiscard]] std::int64_t maxima_bytes(const Graph& graph, const Node& node, const BandSize& size);

}  // namespace systole
