#pragma once

#include <vector>

#include "compiler/graph/graph.h"
#include "compiler/lowering/tiles.h"

namespace systole {

/// Whether every tensor but parameters has the batch as its first axis.
[[nodiscard]] bool can_be_split(const Graph& graph);

/// The images of the batch that each core of `cores` works on: neighbours, as evenly as it goes, so
/// that with fewer images than cores the last ones have none. A graph in which some tensor's first
/// axis is not the batch, or some product takes all images at once, is all the first core's.
[[nodiscard]] std::vector<Slice> images_of_cores(std::int64_t cores, const Graph& graph);

/// The same network for a part of its batch: what a core computes.
[[nodiscard]] Graph with_batch(Graph graph, std::int64_t images);

}  // namespace systole
