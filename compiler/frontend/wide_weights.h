#pragma once

#include <functional>

#include "compiler/graph/graph.h"
#include "compiler/graph/value.h"

namespace systole {

/// Gives nodes of an int8 network that `is_wide` names weights of int16 (docs/numerics.md), whose
/// scales are as much finer as their largest one is larger: 32,639, or less where products of a
/// long reduction would leave the 31 bits that sums have for them. A node whose reduction leaves no
/// more than int8 has keeps its weights.
void widen_weights(Graph& graph, const std::function<bool(const Node& node)>& is_wide);

/// Of the parameters of such a node: the nearest weights or biases of what is real. Throws
/// WorkloadError where a bias takes more than 30 bits.
[[nodiscard]] Value wide_value(const Graph& graph, const Node& node, const RealParameters& reals,
                               GraphTensorId parameter);

}  // namespace systole
