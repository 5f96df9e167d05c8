#include "reference/kernels/bf16_numbers.h"

#include <algorithm>
#include <cmath>
#include <span>
#include <utility>

#include "arch/diag/check.h"
#include "reference/kernels/convolution.h"
#include "reference/kernels/matmul.h"
#include "reference/kernels/pooling.h"
#include "reference/kernels/real_functions.h"
#include "reference/kernels/real_type.h"
#include "reference/kernels/row_kernels.h"

namespace systole::reference {

namespace {

using Layer = Bf16Numbers::Layer;

/// As the output's type holds them: fp32 as they are.
std::vector<float> held(const Bf16Numbers::At& at, std::vector<float> numbers) {
  const DataType type = at.output().type.element;
  if (type != DataType::Fp32) {
    std::transform(numbers.begin(), numbers.end(), numbers.begin(),
                   [type](float number) { return nearest(type, number); });
  }
  return numbers;
}

/// The stored integers of what is written into a state of int8: as reals are in int8 networks.
std::vector<float> stored(const GraphTensor& state, const std::vector<float>& numbers) {
  const auto steps = static_cast<float>(1 / state.quantization.scale);
  std::vector<float> integers;
  for (const float number : numbers) {
    const float scaled = number * steps;
    const double rounded = std::isnan(scaled) ? 0 : std::round(static_cast<double>(scaled));
    integers.push_back(
        static_cast<float>(std::clamp(rounded + state.quantization.zero_point, -128.0, 127.0)));
  }
  return integers;
}

/// The right operand of a product as the array gets it: what is stored in fewer bits than the left
/// one is scaled and rounded to its type.
std::vector<float> right_operand(const Bf16Numbers::At& at) {
  std::vector<float> numbers = at.input(1);
  const GraphTensor& tensor = at.tensor(1);
  const DataType left = at.tensor(0).type.element;
  if (bits_of(tensor.type.element) == 8 && bits_of(left) == 16) {
    const auto scale = static_cast<float>(tensor.quantization.scale);
    const auto zero = static_cast<float>(tensor.quantization.zero_point);
    for (float& number : numbers) {
      number = nearest(left, (number - zero) * scale);
    }
  }
  return numbers;
}

}  // namespace

void Bf16Numbers::check(const Graph& graph) const {
  SYSTOLE_CHECK(is_float(graph.input_type()), "a network of {}", name_of(graph.input_type()));
  SYSTOLE_CHECK(orders_.size() == graph.nodes.size(), "{} orders of addition for {} layers",
                orders_.size(), graph.nodes.size());
}

std::vector<float> Bf16Numbers::input(const Graph& graph, const NetworkData& data,
                                      GraphTensorId tensor) {
  return stored_numbers(data.value(graph, tensor));
}

Layer Bf16Numbers::product(const At& at, const ConvolutionGeometry& geometry,
                           const FusedActivation& activation) const {
  const RealParameters parameters = systole::real_parameters(at.graph, at.data, at.node);
  const auto channels = static_cast<std::size_t>(geometry.output.channels);
  SYSTOLE_CHECK(parameters.biases.size() == channels, "{}: {} biases, expected {}", at.node.name,
                parameters.biases.size(), channels);
  std::vector<float> sums = ordered_sums(geometry, at.input(0), parameters.weights, order(at));
  for (std::size_t first = 0; first < sums.size(); first += channels) {
    for (std::size_t channel = 0; channel < channels; ++channel) {
      sums[first + channel] = sums[first + channel] + parameters.biases[channel];
    }
  }
  auto values = share(reference::activate(sums, activation.kind, at.output().type.element));
  return {.values = std::move(values), .accumulators = std::move(sums)};
}

Layer Bf16Numbers::matmul(const At& at, const Matmul& attributes) const {
  std::vector<float> sums = multiply(matmul_layout(at.graph, at.node, attributes), at.input(0),
                                     right_operand(at), order(at));
  std::vector<float> scaled;
  scaled.reserve(sums.size());
  for (float& sum : sums) {
    sum = sum + 0.0F;  // as if a bias were added: -0 becomes 0
    scaled.push_back(sum * static_cast<float>(attributes.scale));
  }
  return {.values = share(held(at, std::move(scaled))), .accumulators = std::move(sums)};
}

Layer Bf16Numbers::convolution(const At& at, const ConvolveTensors& op) const {
  std::vector<float> sums =
      convolution_sums(op, at.tensor(0).shape(), at.output().type.extents.back(), at.input(0),
                       at.input(1), order(at));
  for (float& sum : sums) {
    sum = sum + 0.0F;  // as if a bias were added: -0 becomes 0
  }
  return {.values = share(held(at, sums)), .accumulators = std::move(sums)};
}

Layer Bf16Numbers::add(const At& at, ActivationKind activation) const {
  return plain(reference::add(at.input(0), at.input(1), activation, at.output().type.element));
}

Layer Bf16Numbers::activate(const At& at, ActivationKind activation) const {
  return plain(reference::activate(at.input(0), activation, at.output().type.element));
}

Layer Bf16Numbers::pool(const At& at, const PoolTensor& pooling) const {
  return plain(reference::pool({.attributes = pooling,
                                .input = at.tensor(0).shape(),
                                .output = at.output().shape(),
                                .input_quantization = {},
                                .output_quantization = {},
                                .type = at.output().type.element},
                               std::span<const float>(at.input(0))));
}

Layer Bf16Numbers::concatenate(const At& at) const {
  return plain(side_by_side(at));
}

Layer Bf16Numbers::softmax(const At& at) const {
  return plain(
      reference::softmax(at.input(0), at.tensor(0).shape().channels, at.output().type.element));
}

Layer Bf16Numbers::rows(const At& at) const {
  std::vector<std::vector<float>> numbers;
  for (std::size_t i = 0; i < at.node.inputs.size(); ++i) {
    numbers.push_back(at.is_parameter(i) ? at.parameter(i) : at.input(i));
  }
  if (at.output().type.element == DataType::Int8) {  // a state, of which some rows are written
    numbers.front() = stored(at.output(), numbers.front());
    return plain(computed_rows(at.graph, at.node, numbers));
  }
  return plain(held(at, computed_rows(at.graph, at.node, numbers)));
}

std::vector<float> side_by_side(const NodeInputs<float>& at) {
  const Shape out = at.output().shape();
  std::vector<float> values(static_cast<std::size_t>(out.elements()));
  std::int64_t first_channel = 0;
  for (std::size_t i = 0; i < at.node.inputs.size(); ++i) {
    const std::int64_t channels = at.tensor(i).shape().channels;
    const float* from = at.input(i).data();
    for (std::int64_t pixel = 0; pixel < out.pixels(); ++pixel, from += channels) {
      std::copy_n(from, channels, values.data() + pixel * out.channels + first_channel);
    }
    first_channel += channels;
  }
  SYSTOLE_CHECK(first_channel == out.channels, "{}: {} of {} channels", at.node.name, first_channel,
                out.channels);
  return values;
}

}  // namespace systole::reference
