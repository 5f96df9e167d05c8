#include "compiler/frontend/generated_data.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "arch/diag/check.h"
#include "compiler/frontend/random_stream.h"
#include "compiler/graph/kept_work.h"

namespace systole {

namespace {

constexpr double kBiasSteps = 16.0;
constexpr double kMostSteps = 0x1p24;

/// In units of input scale * weight scale.
std::int64_t bias_limit(const Graph& graph, const Node& node, double weight_scale) {
  const double unit = graph.tensor(node.inputs.front()).quantization.scale * weight_scale;
  return std::llround(std::min(kBiasSteps * result_scale(graph, node) / unit, kMostSteps));
}

}  // namespace

double generated_weight_scale(std::int64_t reduction, double gain) {
  return gain * std::sqrt(2.0 / static_cast<double>(reduction)) / std::sqrt(kInt8Variance);
}

WeightScales generated_channel_scales(double scale, std::int64_t channels, const std::string& layer,
                                      std::uint64_t seed) {
  constexpr std::int64_t kLimit = 1 << 20;
  const RandomStream stream(seed, layer + ".scale");
  std::vector<double> scales;
  for (std::int64_t channel = 0; channel < channels; ++channel) {
    const std::int64_t number = stream.symmetric(static_cast<std::uint64_t>(channel), kLimit);
    scales.push_back(scale * (1 + static_cast<double>(number) / (2 * kLimit)));
  }
  return WeightScales(std::move(scales));
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
    const WeightScales scales = weight_scales(graph, node);
    std::int64_t channel = 0;
    for (std::int32_t& bias : parameters.biases) {
      const std::int64_t limit = bias_limit(graph, node, scales.at(channel));
      bias =
          static_cast<std::int32_t>(stream.symmetric(static_cast<std::uint64_t>(channel), limit));
      ++channel;
    }
  }
  return parameters;
}

std::vector<float> generated_by_feature(const Graph& graph, const Node& node,
                                        GraphTensorId parameter, std::uint64_t seed) {
  constexpr std::int64_t kLimit = 1 << 20;
  const GraphTensor& tensor = graph.tensor(parameter);
  const auto kept = kept_work(node);
  const Work& work = *kept;
  const auto& rows = std::get<RowWork>(work);
  const auto found = std::find(node.inputs.begin(), node.inputs.end(), parameter);
  const auto index = static_cast<std::size_t>(found - node.inputs.begin());
  const double middle = rows.parameters.at(index - graph.data_inputs(node).size()).middle;
  const double step = (middle == 0 ? 1 : middle) / 8 / kLimit;
  const RandomStream stream(seed, tensor.name);
  std::vector<float> numbers(static_cast<std::size_t>(tensor.type.elements()));
  std::uint64_t at = 0;
  for (float& number : numbers) {
    number =
        static_cast<float>(middle + step * static_cast<double>(stream.symmetric(at++, kLimit)));
  }
  return numbers;
}

std::vector<std::int8_t> generated_input(const Graph& graph, GraphTensorId tensor,
                                         std::uint64_t seed) {
  const GraphTensor& input = graph.tensor(tensor);
  std::vector<std::int8_t> values(static_cast<std::size_t>(input.shape().elements()));
  RandomStream(seed, input.name + ".input").fill_int8(values);
  return values;
}

}  // namespace systole
