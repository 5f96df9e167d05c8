#pragma once

#include <vector>

#include "compiler/frontend/network_description.h"
#include "compiler/graph/graph.h"

namespace systole {

/// The quantisation of a layer's output: what the layer says, over what its operator implies
/// (docs/workloads.md has the table).
[[nodiscard]] Quantization infer_output(const LayerDescription& layer,
                                        const NetworkDefaults& defaults,
                                        const std::vector<Quantization>& inputs);

/// The activation behind a layer, or the layer itself where it is one.
[[nodiscard]] FusedActivation infer_activation(const LayerDescription& layer,
                                               const NetworkDefaults& defaults,
                                               const Quantization& input);

/// Throws unless `ratio`, by which values are scaled on their way to the output, can be held as a
/// fixed-point multiplier with all its bits: 2^-32 <= ratio < 2^30.
void check_ratio(double ratio, const Node& node);

}  // namespace systole
