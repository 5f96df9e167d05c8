#include "reference/kernels/integer_numbers.h"

#include <limits>
#include <utility>
#include <variant>

#include "arch/diag/check.h"
#include "reference/kernels/activation.h"
#include "reference/kernels/elementwise.h"
#include "reference/kernels/matmul.h"
#include "reference/kernels/pooling.h"
#include "reference/kernels/row_kernels.h"
#include "reference/kernels/softmax.h"

namespace systole::reference {

namespace {

using At = IntegerNumbers::At;
using IntegerLayer = IntegerNumbers::Layer;

constexpr Quantization kSoftmaxQuantization{.scale = 1.0 / 256, .zero_point = -128};

/// Modulo 2^32, as the accumulators themselves.
void add_biases(std::vector<std::int32_t>& accumulators, const std::vector<std::int32_t>& biases) {
  for (std::size_t first = 0; first < accumulators.size(); first += biases.size()) {
    for (std::size_t channel = 0; channel < biases.size(); ++channel) {
      std::int32_t& accumulator = accumulators[first + channel];
      accumulator = static_cast<std::int32_t>(static_cast<std::uint32_t>(accumulator) +
                                              static_cast<std::uint32_t>(biases[channel]));
    }
  }
}

/// Of weights of 16 bits: 256 times the sums of their upper bytes and those of the lower ones,
/// modulo 2^32.
void add_low_bytes(std::vector<std::int32_t>& high, const std::vector<std::int32_t>& low) {
  constexpr std::uint32_t kHigh = 256;
  for (std::size_t i = 0; i < high.size(); ++i) {
    high[i] = static_cast<std::int32_t>(static_cast<std::uint32_t>(high[i]) * kHigh +
                                        static_cast<std::uint32_t>(low[i]));
  }
}

/// Counts results that leave int8 although their activation lets them.
class Saturation {
 public:
  Saturation(ActivationKind kind, const Quantization& output) {
    if (kind == ActivationKind::Relu || kind == ActivationKind::Relu6) {
      least_ = -std::numeric_limits<double>::infinity();
    }
    if (kind == ActivationKind::Relu6 && activation_range(kind, output).high < kHighest) {
      most_ = std::numeric_limits<double>::infinity();
    }
  }

  /// `value` in steps of the output, its zero point added, not rounded.
  void add(double value) { count_ += value >= most_ || value <= least_ ? 1 : 0; }
  [[nodiscard]] std::int64_t count() const { return count_; }

 private:
  static constexpr int kHighest = 127;
  double least_ = -128.5;
  double most_ = 127.5;
  std::int64_t count_ = 0;
};

/// A stored value in steps of another quantisation, not rounded.
double in_steps(std::int8_t stored, const Quantization& from, const Quantization& to) {
  return (static_cast<double>(stored) - from.zero_point) * from.scale / to.scale;
}

/// Adds the values of an input that are requantised.
void add_input(const At& at, std::size_t index, Saturation& saturation) {
  const Quantization& in = at.tensor(index).quantization;
  const Quantization& out = at.output().quantization;
  if (!(in == out)) {
    for (const std::int8_t q : at.input(index)) {
      saturation.add(in_steps(q, in, out) + out.zero_point);
    }
  }
}

IntegerLayer finished(const At& at, const WeightScales& units,
                      std::vector<std::int32_t> accumulators, const FusedActivation& activation) {
  const GraphTensor& out = at.output();
  auto values = share(requantize(accumulators, units, activation, out.quantization));
  Saturation saturation(activation.kind, out.quantization);
  if (!is_looked_up(activation.kind)) {
    const auto channels = static_cast<std::size_t>(out.shape().channels);
    for (std::size_t i = 0; i < accumulators.size(); ++i) {
      const double unit = units.at(static_cast<std::int64_t>(i % channels));
      const double ratio = unit / out.quantization.scale;
      saturation.add(accumulators[i] * ratio + out.quantization.zero_point);
    }
  }
  return {.values = std::move(values),
          .accumulators = std::move(accumulators),
          .saturated = saturation.count()};
}

std::vector<std::int32_t> sums(const At& at, const ConvolutionGeometry& geometry,
                               const std::vector<std::int8_t>& weights) {
  const std::int32_t zero_point = at.tensor(0).quantization.zero_point;
  if (std::holds_alternative<Dense>(at.node.op)) {
    return contract(geometry.input.pixels(), geometry.input.channels, geometry.output.channels,
                    at.input(0), zero_point, weights);
  }
  return convolve(geometry, at.input(0), zero_point, weights);
}

}  // namespace

std::vector<std::int8_t> IntegerNumbers::input(const Graph& graph, const NetworkData& data,
                                               GraphTensorId tensor) {
  return data.value(graph, tensor).bytes;
}

IntegerLayer IntegerNumbers::product(const At& at, const ConvolutionGeometry& geometry,
                                     const FusedActivation& activation) const {
  const LayerParameters parameters = layer_parameters(at.graph, at.data, at.node);
  const std::int64_t channels = geometry.output.channels;
  SYSTOLE_CHECK(static_cast<std::int64_t>(parameters.biases.size()) == channels,
                "{}: {} biases, expected {}", at.node.name, parameters.biases.size(), channels);
  std::vector<std::int32_t> accumulators = sums(at, geometry, parameters.weights);
  if (!parameters.low.empty()) {
    add_low_bytes(accumulators, sums(at, geometry, parameters.low));
  }
  add_biases(accumulators, parameters.biases);
  return finished(at, weight_scales(at.graph, at.node) * at.tensor(0).quantization.scale,
                  std::move(accumulators), activation);
}

IntegerLayer IntegerNumbers::matmul(const At& at, const Matmul& attributes) const {
  const Quantization& a = at.tensor(0).quantization;
  const Quantization& b = at.tensor(1).quantization;
  std::vector<std::int32_t> accumulators =
      multiply(matmul_layout(at.graph, at.node, attributes),
               {.values = at.input(0), .zero_point = a.zero_point},
               {.values = at.input(1), .zero_point = b.zero_point});
  return finished(at, a.scale * b.scale * attributes.scale, std::move(accumulators), {});
}

IntegerLayer IntegerNumbers::convolution(const At& at, const ConvolveTensors& /*op*/) const {
  SYSTOLE_CHECK(false, "{}: training is of floating types", at.node.name);
  return {};
}

IntegerLayer IntegerNumbers::add(const At& at, ActivationKind activation) const {
  const std::vector<std::int8_t>& a = at.input(0);
  const std::vector<std::int8_t>& b = at.input(1);
  const Quantization& of_a = at.tensor(0).quantization;
  const Quantization& of_b = at.tensor(1).quantization;
  const Quantization& out = at.output().quantization;
  Saturation saturation(activation, out);
  for (std::size_t i = 0; i < a.size(); ++i) {
    saturation.add(in_steps(a[i], of_a, out) + in_steps(b[i], of_b, out) + out.zero_point);
  }
  return {.values = share(reference::add(a, of_a, b, of_b, activation, out)),
          .accumulators = {},
          .saturated = saturation.count()};
}

IntegerLayer IntegerNumbers::activate(const At& at, ActivationKind activation) const {
  const Quantization& out = at.output().quantization;
  Saturation saturation(activation, out);
  if (!is_looked_up(activation)) {
    add_input(at, 0, saturation);
  }
  return {
      .values = share(reference::activate(at.input(0), at.tensor(0).quantization, activation, out)),
      .accumulators = {},
      .saturated = saturation.count()};
}

IntegerLayer IntegerNumbers::pool(const At& at, const PoolTensor& pooling) const {
  const GraphTensor& in = at.tensor(0);
  const GraphTensor& out = at.output();
  return {.values = share(reference::pool({.attributes = pooling,
                                           .input = in.shape(),
                                           .output = out.shape(),
                                           .input_quantization = in.quantization,
                                           .output_quantization = out.quantization},
                                          at.input(0))),
          .accumulators = {}};
}

IntegerLayer IntegerNumbers::concatenate(const At& at) const {
  const GraphTensor& out = at.output();
  std::vector<std::int8_t> values(static_cast<std::size_t>(out.shape().elements()));
  Saturation saturation(ActivationKind::None, out.quantization);
  std::int64_t first_channel = 0;
  for (std::size_t i = 0; i < at.node.inputs.size(); ++i) {
    const GraphTensor& in = at.tensor(i);
    reference::concatenate(at.input(i), in.shape().channels, in.quantization, values,
                           out.shape().channels, first_channel, out.quantization);
    add_input(at, i, saturation);
    first_channel += in.shape().channels;
  }
  SYSTOLE_CHECK(first_channel == out.shape().channels, "{}: {} of {} channels", at.node.name,
                first_channel, out.shape().channels);
  return {.values = share(std::move(values)), .accumulators = {}, .saturated = saturation.count()};
}

IntegerLayer IntegerNumbers::softmax(const At& at) const {
  const GraphTensor& in = at.tensor(0);
  SYSTOLE_CHECK(at.output().quantization == kSoftmaxQuantization,
                "{}: softmax with another quantisation than 1/256, -128", at.node.name);
  return {
      .values = share(reference::softmax(at.input(0), in.shape().channels, in.quantization.scale)),
      .accumulators = {}};
}

IntegerLayer IntegerNumbers::rows(const At& at) const {
  std::vector<std::vector<float>> numbers;
  for (std::size_t i = 0; i < at.node.inputs.size(); ++i) {
    numbers.push_back(at.is_parameter(i) ? at.parameter(i)
                                         : dequantized_row(at.input(i), at.tensor(i).quantization));
  }
  const std::vector<float> results = computed_rows(at.graph, at.node, numbers);
  const Quantization& out = at.output().quantization;
  Saturation saturation(ActivationKind::None, out);
  for (const float result : results) {
    saturation.add(result / out.scale + out.zero_point);
  }
  return {.values = share(quantized_row(results, out)),
          .accumulators = {},
          .saturated = saturation.count()};
}

}  // namespace systole::reference
