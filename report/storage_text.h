#pragma once

#include <string>

#include "compiler/graph/graph.h"

namespace systole {

/// How weights are stored where that is not in the network's own type, as the option --weights
/// says it: `int4:128`, or `int8` with a scale for each channel; several of them in the order of
/// the layers. Empty where all are stored as they are multiplied.
[[nodiscard]] std::string storage_text(const Graph& graph);

/// The same of states, as --cache says it.
[[nodiscard]] std::string state_storage_text(const Graph& graph);

}  // namespace systole
