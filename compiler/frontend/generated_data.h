#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "compiler/graph/graph.h"
#include "compiler/graph/value.h"

namespace systole {

/// The weight scale that makes the standard deviation of uniform int8 weights the real number
/// gain * sqrt(2 / reduction): with gain 1 the variance of activations survives a ReLU layer.
/// Source: He et al., Delving Deep into Rectifiers, ICCV 2015.
[[nodiscard]] double generated_weight_scale(std::int64_t reduction, double gain);

/// Of a layer whose output channels have a scale each: `scale` times a factor, uniform within 1/2
/// and 3/2.
[[nodiscard]] WeightScales generated_channel_scales(double scale, std::int64_t channels,
                                                    const std::string& layer, std::uint64_t seed);

/// Weights uniform in -127..127; biases uniform within 16 steps of what the accumulators are
/// requantised to, so that they matter without drowning the products.
[[nodiscard]] LayerParameters generated_parameters(const Graph& graph, const Node& node,
                                                   std::uint64_t seed);

/// Of a parameter that rows take by feature: uniform within an eighth of what they lie around (of 1
/// where that is 0).
[[nodiscard]] std::vector<float> generated_by_feature(const Graph& graph, const Node& node,
                                                      GraphTensorId parameter, std::uint64_t seed);

/// Values uniform in -127..127. Image i is the same at every batch.
[[nodiscard]] std::vector<std::int8_t> generated_input(const Graph& graph, GraphTensorId tensor,
                                                       std::uint64_t seed);

}  // namespace systole
