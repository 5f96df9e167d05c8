#pragma once

#include <cstdint>
#include <functional>

#include "compiler/frontend/network_description.h"
#include "compiler/graph/graph.h"

namespace systole {

/// Gives the weight scales of a conv2d or dense whose shapes are known; asked in execution order.
using LayerWeightScales = std::function<WeightScales(const LayerDescription& layer,
                                                     const Graph& graph, const Node& node)>;

/// Orders the layers and infers every shape, quantisation and weight scale. `batch` 0 takes the
/// description's own. Tensors of the graph: the inputs, then each node's output in node order.
[[nodiscard]] Graph infer_graph(const NetworkDescription& description, std::int64_t batch,
                                const LayerWeightScales& weight_scales);

}  // namespace systole
