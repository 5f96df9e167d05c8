#pragma once

#include <map>
#include <string>
#include <vector>

#include "compiler/graph/graph.h"

namespace systole {

using DoubleValues = std::map<GraphTensorId, std::vector<double>>;

/// Evaluates a graph in double precision with plain loops, nothing rounded: every tensor. `given`:
/// its inputs and states.
[[nodiscard]] DoubleValues evaluated_in_double(const Graph& graph, const DoubleValues& given);

/// Numbers in -1..1 that depend on the name alone, none nearer to zero than 1/64.
[[nodiscard]] std::vector<double> some_numbers(const std::string& name, std::int64_t count);

[[nodiscard]] GraphTensorId tensor_named(const Graph& graph, const std::string& name);

}  // namespace systole
