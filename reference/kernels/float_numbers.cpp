#include "reference/kernels/float_numbers.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "arch/diag/check.h"
#include "reference/kernels/activation.h"
#include "reference/kernels/bf16_numbers.h"
#include "reference/kernels/convolution.h"
#include "reference/kernels/matmul.h"
#include "reference/kernels/ordered_sums.h"
#include "reference/kernels/row_kernels.h"

namespace systole::reference {

namespace {

using Layer = FloatNumbers::Layer;
using Values = std::vector<float>;

std::vector<float> dequantized(const std::vector<std::int8_t>& stored, double scale,
                               std::int32_t zero_point) {
  std::vector<float> reals(stored.size());
  std::transform(stored.begin(), stored.end(), reals.begin(), [&](std::int8_t q) {
    return static_cast<float>(scale * (static_cast<double>(q) - zero_point));
  });
  return reals;
}

/// A layer with its weights in the order of LayerParameters, and what follows its sums: a bias,
/// then v * factor + offset.
struct FloatLayer {
  std::vector<float> weights;
  std::vector<double> biases;
  std::vector<double> factors;
  std::vector<double> offsets;

  [[nodiscard]] double finished(double sum, std::size_t channel) const {
    const double biased = sum + biases[channel];
    return factors.empty() ? biased : biased * factors[channel] + offsets[channel];
  }
};

/// From files: element [out][channel][ky][kx] is needed at [group][ky][kx][channel][out of group].
std::vector<float> in_order_of_products(const std::vector<float>& file, const Kernel& kernel,
                                        std::int64_t channels, std::int64_t columns) {
  const std::int64_t taps = kernel.rows * kernel.cols;
  const std::int64_t outputs = static_cast<std::int64_t>(file.size()) / (channels * taps);
  std::vector<float> ordered(file.size());
  for (std::int64_t out = 0; out < outputs; ++out) {
    for (std::int64_t c = 0; c < channels; ++c) {
      for (std::int64_t tap = 0; tap < taps; ++tap) {
        const std::int64_t row = (out / columns * taps + tap) * channels + c;
        ordered[static_cast<std::size_t>(row * columns + out % columns)] =
            file[static_cast<std::size_t>((out * channels + c) * taps + tap)];
      }
    }
  }
  return ordered;
}

FloatLayer from_files(const FloatParameters& files, const Kernel& kernel, std::int64_t channels,
                      std::int64_t outputs, std::int64_t groups) {
  FloatLayer layer;
  layer.weights = in_order_of_products(files.weights, kernel, channels, outputs / groups);
  layer.biases.assign(static_cast<std::size_t>(outputs), 0.0);
  std::copy(files.biases.begin(), files.biases.end(), layer.biases.begin());
  if (files.batch_norm) {
    const FloatParameters::BatchNorm& norm = *files.batch_norm;
    for (std::size_t channel = 0; channel < norm.gamma.size(); ++channel) {
      const double deviation =
          std::sqrt(static_cast<double>(norm.variance[channel]) + norm.epsilon);
      layer.factors.push_back(norm.gamma[channel] / deviation);
      layer.offsets.push_back(norm.beta[channel] - norm.mean[channel] * layer.factors.back());
    }
  }
  return layer;
}

/// Of a layer whose numbers are those of an int8 or bf16 network.
FloatLayer from_parameters(const Graph& graph, const NetworkData& data, const Node& node) {
  FloatLayer layer;
  if (is_float(graph.input_type())) {
    RealParameters reals = real_parameters(graph, data, node);
    layer.weights = std::move(reals.weights);
    layer.biases.assign(reals.biases.begin(), reals.biases.end());
    return layer;
  }
  const LayerParameters stored = layer_parameters(graph, data, node);
  const GemmShape gemm = *gemm_shape(graph, node);
  const WeightScales scales = weight_scales(graph, node);
  const double input_scale = graph.tensor(node.inputs.front()).quantization.scale;
  layer.weights.reserve(stored.weights.size());
  for (std::size_t i = 0; i < stored.weights.size(); ++i) {
    const auto at = static_cast<std::int64_t>(i);
    const double scale = scales.at(scales.by_channel() ? gemm.channel_of(at) : 0);
    layer.weights.push_back(static_cast<float>(scale * stored.weight(i)));
  }
  for (const std::int32_t bias : stored.biases) {
    const auto channel = static_cast<std::int64_t>(layer.biases.size());
    layer.biases.push_back(input_scale * scales.at(channel) * bias);
  }
  return layer;
}

/// Chains of 64 products, so that rounding errors of long reductions stay small.
SummationOrder short_chains(std::int64_t k) {
  constexpr std::int64_t kChain = 64;
  SummationOrder order;
  for (std::int64_t first = 0; first < k; first += kChain) {
    order.parts.push_back(std::min(kChain, k - first));
  }
  return order;
}

/// One channel of one output pixel of a pooling.
double pooled(const PoolTensor& pooling, const Shape& in, const std::vector<float>& values,
              std::int64_t image, std::int64_t top, std::int64_t left, std::int64_t channel) {
  const Kernel& kernel = pooling.kernel;
  double largest = -std::numeric_limits<double>::infinity();
  double sum = 0;
  std::int64_t inside = 0;
  for (std::int64_t row = std::max<std::int64_t>(top, 0);
       row < std::min(top + kernel.rows, in.rows); ++row) {
    for (std::int64_t col = std::max<std::int64_t>(left, 0);
         col < std::min(left + kernel.cols, in.cols); ++col) {
      const double value = values[static_cast<std::size_t>(
          ((image * in.rows + row) * in.cols + col) * in.channels + channel)];
      largest = std::max(largest, value);
      sum += value;
      ++inside;
    }
  }
  if (pooling.kind == PoolKind::Max) {
    return largest;
  }
  return sum / static_cast<double>(pooling.count_padding ? kernel.rows * kernel.cols : inside);
}

}  // namespace

bool has_float_files(const Graph& graph, const NetworkData& data) {
  const auto is_float_input = [&](GraphTensorId input) {
    return data.float_input(graph, input).has_value();
  };
  if (std::any_of(graph.inputs.begin(), graph.inputs.end(), is_float_input)) {
    return true;
  }
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
    if (has_weights(graph.nodes[i]) && data.float_parameters(graph, static_cast<NodeId>(i))) {
      return true;
    }
  }
  return false;
}

std::vector<float> FloatNumbers::input(const Graph& graph, const NetworkData& data,
                                       GraphTensorId tensor) {
  if (auto floats = data.float_input(graph, tensor)) {
    return *std::move(floats);
  }
  if (is_float(graph.tensor(tensor).type.element)) {
    return data.value(graph, tensor).numbers();
  }
  const auto [scale, zero_point] = graph.tensor(tensor).quantization;
  return dequantized(data.value(graph, tensor).bytes, scale, zero_point);
}

Layer FloatNumbers::rows(const At& at) const {
  std::vector<std::vector<double>> numbers;
  for (std::size_t i = 0; i < at.node.inputs.size(); ++i) {
    const Values values = at.is_parameter(i) ? at.parameter(i) : at.input(i);
    numbers.emplace_back(values.begin(), values.end());
  }
  const std::vector<double> results = computed_rows(at.graph, at.node, numbers);
  return plain({results.begin(), results.end()});
}

Layer FloatNumbers::product(const At& at, const ConvolutionGeometry& geometry,
                            const FusedActivation& activation) const {
  const Kernel& kernel = geometry.kernel;
  const std::int64_t channels = geometry.input.channels / geometry.groups;
  const auto outputs = static_cast<std::size_t>(geometry.output.channels);
  const auto files = at.data.float_parameters(at.graph, at.id);
  const FloatLayer layer =
      files ? from_files(*files, kernel, channels, geometry.output.channels, geometry.groups)
            : from_parameters(at.graph, at.data, at.node);
  SYSTOLE_CHECK(layer.biases.size() == outputs, "{}: {} biases", at.node.name, layer.biases.size());
  Values values = ordered_sums(geometry, at.input(0), layer.weights,
                               short_chains(kernel.rows * kernel.cols * channels));
  for (std::size_t i = 0; i < values.size(); ++i) {
    values[i] = static_cast<float>(
        exact_activation(layer.finished(values[i], i % outputs), activation.kind));
  }
  return plain(std::move(values));
}

Layer FloatNumbers::matmul(const At& at, const Matmul& attributes) const {
  const MatmulLayout layout = matmul_layout(at.graph, at.node, attributes);
  Values values = multiply(layout, at.input(0), at.input(1), short_chains(layout.a.cols));
  for (float& value : values) {
    value = static_cast<float>(value * attributes.scale);
  }
  return plain(std::move(values));
}

Layer FloatNumbers::convolution(const At& at, const ConvolveTensors& op) const {
  const Shape image = at.tensor(0).shape();
  return plain(convolution_sums(op, image, at.output().type.extents.back(), at.input(0),
                                at.input(1), short_chains(convolution_reduction(op, image))));
}

Layer FloatNumbers::add(const At& at, ActivationKind activation) const {
  const Values& a = at.input(0);
  const Values& b = at.input(1);
  Values sums(a.size());
  std::transform(a.begin(), a.end(), b.begin(), sums.begin(), [&](float x, float y) {
    return static_cast<float>(exact_activation(static_cast<double>(x) + y, activation));
  });
  return plain(std::move(sums));
}

Layer FloatNumbers::activate(const At& at, ActivationKind activation) const {
  Values values = at.input(0);
  for (float& value : values) {
    value = static_cast<float>(exact_activation(value, activation));
  }
  return plain(std::move(values));
}

Layer FloatNumbers::pool(const At& at, const PoolTensor& pooling) const {
  const Shape in = at.tensor(0).shape();
  const Shape out = at.output().shape();
  const Values& from = at.input(0);
  Values values;
  values.reserve(static_cast<std::size_t>(out.elements()));
  for (std::int64_t pixel = 0; pixel < out.pixels(); ++pixel) {
    const std::int64_t top =
        pixel / out.cols % out.rows * pooling.kernel.stride_rows - pooling.kernel.pad_top;
    const std::int64_t left =
        pixel % out.cols * pooling.kernel.stride_cols - pooling.kernel.pad_left;
    for (std::int64_t channel = 0; channel < out.channels; ++channel) {
      values.push_back(static_cast<float>(
          pooled(pooling, in, from, pixel / (out.rows * out.cols), top, left, channel)));
    }
  }
  return plain(std::move(values));
}

Layer FloatNumbers::concatenate(const At& at) const {
  return plain(side_by_side(at));
}

Layer FloatNumbers::softmax(const At& at) const {
  const std::int64_t channels = at.output().shape().channels;
  Values values = at.input(0);
  for (auto first = values.begin(); first != values.end(); first += channels) {
    const double largest = *std::max_element(first, first + channels);
    double sum = 0;
    std::for_each(first, first + channels, [&](float x) { sum += std::exp(x - largest); });
    std::transform(first, first + channels, first,
                   [&](float x) { return static_cast<float>(std::exp(x - largest) / sum); });
  }
  return plain(std::move(values));
}

}  // namespace systole::reference
