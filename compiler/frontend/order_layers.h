#pragma once

#include <cstddef>
#include <vector>

#include "compiler/frontend/network_description.h"

namespace systole {

/// A tensor of a description: input i is i, the output of layer j is inputs.size() + j.
using SourceIndex = std::size_t;

/// A description's names as indices, and the order in which its layers run.
struct LayerOrder {
  std::vector<std::size_t> layers;                ///< indices of layers in execution order
  std::vector<std::vector<SourceIndex>> sources;  ///< of each layer of the description
  std::vector<SourceIndex> outputs;               ///< layers only
};

/// Resolves names and sorts: a layer runs behind its inputs; where that leaves a choice, the one
/// written first runs first. Throws WorkloadError for repeated and unknown names, cycles, and
/// inputs and layers whose value nobody uses.
[[nodiscard]] LayerOrder order_layers(const NetworkDescription& description);

}  // namespace systole
