#include "compiler/frontend/real_network.h"

#include <algorithm>
#include <utility>

#include "arch/diag/check.h"
#include "arch/isa/float_format.h"

namespace systole {

namespace {

template <class Integer>
std::vector<float> scaled(const std::vector<Integer>& integers, double scale,
                          std::int32_t zero_point) {
  std::vector<float> reals(integers.size());
  std::transform(integers.begin(), integers.end(), reals.begin(), [&](Integer q) {
    return static_cast<float>(scale * (static_cast<double>(q) - zero_point));
  });
  return reals;
}

}  // namespace

Graph with_reals(Graph quantized, DataType type) {
  SYSTOLE_CHECK(is_float(type), "{} is no floating type", name_of(type));
  for (GraphTensor& tensor : quantized.tensors) {
    if (is_float(tensor.type.element)) {
      continue;  // numbers by feature
    }
    const bool holds_sums = tensor.type.element == DataType::Int32;  // biases
    tensor.type.element = holds_sums ? DataType::Fp32 : type;
    tensor.quantization = {};
    tensor.blocks = {};
  }
  for (Node& node : quantized.nodes) {
    std::visit(
        [](auto& attributes) {
          if constexpr (requires { attributes.activation; }) {
            attributes.activation.before = {};
          }
        },
        node.op);
  }
  return quantized;
}

RealParameters dequantized(const LayerParameters& parameters, const Graph& quantized,
                           const Node& node) {
  const WeightScales scales = weight_scales(quantized, node);
  const GemmShape gemm = *gemm_shape(quantized, node);
  const double input_scale = quantized.tensor(node.inputs.front()).quantization.scale;
  if (!scales.by_channel()) {
    return {.weights = scaled(parameters.weights, scales.at(0), 0),
            .biases = scaled(parameters.biases, input_scale * scales.at(0), 0)};
  }
  RealParameters reals;
  for (std::size_t i = 0; i < parameters.weights.size(); ++i) {
    const std::int64_t channel = gemm.channel_of(static_cast<std::int64_t>(i));
    reals.weights.push_back(static_cast<float>(scales.at(channel) * parameters.weights[i]));
  }
  for (std::size_t channel = 0; channel < parameters.biases.size(); ++channel) {
    const double step = input_scale * scales.at(static_cast<std::int64_t>(channel));
    reals.biases.push_back(static_cast<float>(step * parameters.biases[channel]));
  }
  return reals;
}

std::vector<float> dequantized(const std::vector<std::int8_t>& values,
                               const Quantization& quantization) {
  return scaled(values, quantization.scale, quantization.zero_point);
}

void round_to(DataType type, std::vector<float>& numbers) {
  const FloatFormat format = float_format(type);
  std::transform(numbers.begin(), numbers.end(), numbers.begin(),
                 [&](float number) { return decoded(format, rounded(format, number)); });
}

}  // namespace systole
