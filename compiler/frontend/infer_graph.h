#pragma once

#include <cstdint>
#include <functional>

#include "compiler/frontend/network_description.h"
#include "compiler/graph/graph.h"

namespace systole {

/// Gives the weight scale of a conv2d or dense whose shapes are known; asked in execution order.
using WeightScale =
    std::function<double(const LayerDescription& layer, const Graph& graph, const Node& node)>;

/// Orders the layers and infers every shape, quantisation and weight scale. `batch` 0 takes the
/// description's own. Tensors of the graph: the inputs, then each node's output in node order.
[[nodiscard]] Graph infer_graph(const NetworkDescription& description, std::int64_t batch,
                                const WeightScale& weight_scale);

/// Throws at the first layer of an int8 network whose scales are too far apart (check_ratio).
void check_ratios(const Graph& graph);

}  // namespace systole
