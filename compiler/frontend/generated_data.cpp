#include "compiler/frontend/generated_data.h"

#include <algorithm>
#include <cmath>

#include "arch/diag/check.h"
#include "compiler/frontend/random_stream.h"

namespace systole {

namespace {

constexpr double kBiasSteps = 16.0;
constexpr double kMaxBias = 0x1p24;

/// In units of input scale * weight scale.
std::int64_t bias_limit(const Graph& graph, const Node& node) {
  const double unit =
      graph.tensor(node.inputs.front()).quantization.scale * weight_scale(graph, node);
  return std::llround(std::min(kBiasSteps * result_scale(graph, node) / unit, kMaxBias));
}

}  // namespace

double generated_weight_scale(std::int64_t reduction, double gain) {
  return gain * std::sqrt(2.0 / static_cast<double>(reduction)) / std::sqrt(kInt8Variance);
}

LayerParameters generated_parameters(const Graph& graph, const Node& node, std::uint64_t seed) {
  const auto gemm = gemm_shape(graph, node);
  SYSTOLE_CHECK(gemm.has_value(), "{} has no weights", node.name);
  LayerParameters parameters;
  parameters.weights.resize(static_cast<std::size_t>(gemm->groups * gemm->k * gemm->n));
  RandomStream(seed, node.name + ".weight").fill_int8(parameters.weights);
  parameters.biases.resize(static_cast<std::size_t>(gemm->groups * gemm->n));
  if (has_biases(node)) {
    const RandomStream stream(seed, node.name + ".bias");
    const std::int64_t limit = bias_limit(graph, node);
    std::uint64_t index = 0;
    for (std::int32_t& bias : parameters.biases) {
      bias = static_cast<std::int32_t>(stream.symmetric(index++, limit));
    }
  }
  return parameters;
}

std::vector<std::int8_t> generated_input(const Graph& graph, GraphTensorId tensor,
                                         std::uint64_t seed) {
  const GraphTensor& input = graph.tensor(tensor);
  std::vector<std::int8_t> values(static_cast<std::size_t>(input.shape().elements()));
  RandomStream(seed, input.name + ".input").fill_int8(values);
  return values;
}

}  // namespace systole
