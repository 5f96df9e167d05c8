#include "compiler/frontend/wide_weights.h"

#include <algorithm>
#include <cmath>
#include <set>

#include <fmt/format.h>

#include "arch/diag/error.h"

namespace systole {

namespace {

constexpr double kLargestNarrow = 127;
/// Of a sum: 30 bits for products (255 steps of an input, at most, times a weight) and as many for
/// the bias are no more than the 31 of int32.
constexpr std::int64_t kMostOfWeights = std::int64_t{1} << 22;
constexpr double kMostBias = 0x1p30;

/// The largest weight of a reduction of so many products.
std::int64_t largest_weight(std::int64_t products) {
  return std::min<std::int64_t>(kLargestWide, kMostOfWeights / products);
}

void refine(GraphTensor& tensor, double factor) {
  tensor.quantization.scale /= factor;
  for (double& scale : tensor.blocks.scales) {
    scale /= factor;
  }
}

}  // namespace

void widen_weights(Graph& graph, const std::function<bool(const Node& node)>& is_wide) {
  for (const Node& node : graph.nodes) {
    if (!has_weights(node) || node.shares_parameters || !is_wide(node)) {
      continue;
    }
    const std::int64_t largest = largest_weight(gemm_shape(graph, node)->k);
    const double factor = static_cast<double>(largest) / kLargestNarrow;
    if (factor <= 1) {
      continue;
    }
    GraphTensor& weights = graph.tensor(node.inputs.at(kWeightsInput));
    weights.type.element = DataType::Int16;
    refine(weights, factor);
    if (has_biases(node)) {
      refine(graph.tensor(node.inputs.at(kBiasesInput)), factor);
    }
  }
}

Value wide_value(const Graph& graph, const Node& node, const RealParameters& reals,
                 GraphTensorId parameter) {
  const GraphTensor& asked = graph.tensor(parameter);
  const WeightScales scales = weight_scales(graph, node);
  const GemmShape gemm = *gemm_shape(graph, node);
  if (parameter == node.inputs.at(kWeightsInput)) {
    const double largest = static_cast<double>(largest_weight(gemm.k));
    std::vector<std::int16_t> weights;
    for (std::size_t i = 0; i < reals.weights.size(); ++i) {
      const std::int64_t channel =
          scales.by_channel() ? gemm.channel_of(static_cast<std::int64_t>(i)) : 0;
      weights.push_back(static_cast<std::int16_t>(
          std::clamp(std::round(static_cast<double>(reals.weights[i]) / scales.at(channel)),
                     -largest, largest)));
    }
    return Value::of(asked.type, weights);
  }
  const double input_scale = graph.tensor(node.inputs.front()).quantization.scale;
  std::vector<std::int32_t> biases;
  for (const float bias : reals.biases) {
    const auto channel = static_cast<std::int64_t>(biases.size());
    const double steps = std::round(static_cast<double>(bias) / (input_scale * scales.at(channel)));
    if (std::abs(steps) > kMostBias) {
      throw WorkloadError(
          node.location, node.name,
          fmt::format("expected biases within 2^30 steps of input scale times weight "
                      "scale, which weights of int16 make finer, got {} at channel {}",
                      steps, channel));
    }
    biases.push_back(static_cast<std::int32_t>(steps));
  }
  return Value::of(asked.type, biases);
}

}  // namespace systole
