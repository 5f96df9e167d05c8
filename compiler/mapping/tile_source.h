#pragma once

#include <cstddef>

#include "arch/chip_spec.h"
#include "compiler/allocation/lifetimes.h"
#include "compiler/graph/graph.h"

namespace systole {

/// Whether an input of a node (an index into node.inputs) is a tensor that the array takes tile by
/// tile.
[[nodiscard]] bool takes_tiles(const Node& node, std::size_t input);

/// Whether an input is never brought to the unified buffer where it has its home in DRAM: the array
/// takes it tile by tile, or rows are written over it without a look at it.
[[nodiscard]] bool stays_away(const Node& node, std::size_t input);

/// Whether a tensor that does not stay in the unified buffer is in DRAM: all are, but inputs and
/// outputs of the network that are in host memory. Its tiles come straight from there then; else it
/// has to come to the buffer first, and tiles from there, where the chip has that way.
[[nodiscard]] bool has_home_in_dram(const ChipSpec& chip, const Graph& graph,
                                    const TensorLives& lives, GraphTensorId tensor);

}  // namespace systole
