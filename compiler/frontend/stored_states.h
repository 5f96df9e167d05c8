#pragma once

#include <functional>

#include "compiler/frontend/weight_storage.h"
#include "compiler/graph/graph.h"

namespace systole {

/// How a state, by its name, is stored.
using StateChoice = std::function<StateType(const std::string& name)>;

/// Stores states of a network of bf16 or fp16 in fewer bits (docs/numerics.md): of int8 they are
/// quantised as those of `quantized`, the same network of int8. Throws WorkloadError at the first
/// operator that changes or reads one in a network of another type.
void store_states(Graph& reals, const Graph& quantized, const StateChoice& choice);

}  // namespace systole
