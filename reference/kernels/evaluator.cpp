#include "reference/kernels/evaluator.h"

#include <limits>
#include <type_traits>
#include <utility>
#include <variant>

#include "arch/diag/check.h"
#include "reference/kernels/activation.h"
#include "reference/kernels/dot_products.h"
#include "reference/kernels/elementwise.h"
#include "reference/kernels/matmul.h"
#include "reference/kernels/pooling.h"
#include "reference/kernels/row_kernels.h"
#include "reference/kernels/softmax.h"

namespace systole::reference {

namespace {

constexpr Quantization kSoftmaxQuantization{.scale = 1.0 / 256, .zero_point = -128};

SharedValues share(std::vector<std::int8_t> values) {
  return std::make_shared<const std::vector<std::int8_t>>(std::move(values));
}

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

}  // namespace

Evaluator::Evaluator(const Graph& graph, const NetworkData& data)
    : graph_(graph), data_(data), live_(graph) {
  for (const GraphTensorId input : graph.given()) {
    live_.keep(input, share(data.value(graph, input).bytes));
  }
}

LayerValues Evaluator::evaluate_next() {
  SYSTOLE_CHECK(!done(), "the network has no more layers");
  const Node& node = next_node();
  LayerValues result = evaluate(node);
  ++next_;
  live_.done(node);
  live_.keep(node.output(), result.values);
  return result;
}

LayerValues Evaluator::evaluate(const Node& node) const {
  if (computes_in_rows(node)) {
    return evaluate_rows(node);
  }
  if (node.is_view()) {
    return {.values = live_.input(node, 0), .accumulators = {}};
  }
  return std::visit(
      [&](const auto& attributes) -> LayerValues {
        using Kind = std::decay_t<decltype(attributes)>;
        if constexpr (std::is_same_v<Kind, Conv2d> || std::is_same_v<Kind, Dense>) {
          return evaluate_weighted(node, attributes);
        } else if constexpr (std::is_same_v<Kind, Matmul>) {
          return evaluate_matmul(node, attributes);
        } else {
          return {.values = evaluate_plain(node, attributes),
                  .accumulators = {},
                  .saturated = saturated(node)};
        }
      },
      node.op);
}

LayerValues Evaluator::evaluate_rows(const Node& node) const {
  std::vector<std::vector<float>> numbers;
  for (std::size_t i = 0; i < node.inputs.size(); ++i) {
    const GraphTensorId input = node.inputs[i];
    numbers.push_back(
        graph_.is_parameter(input)
            ? data_.value(graph_, input).numbers()
            : dequantized_row(*live_.input(node, i), input_tensor(node, i).quantization));
  }
  const std::vector<float> results = computed_rows(graph_, node, numbers);
  const Quantization& out = graph_.tensor(node.output()).quantization;
  Saturation saturation(ActivationKind::None, out);
  for (const float result : results) {
    saturation.add(result / out.scale + out.zero_point);
  }
  return {.values = share(quantized_row(results, out)),
          .accumulators = {},
          .saturated = saturation.count()};
}

template <class ByRows>
SharedValues Evaluator::evaluate_plain(const Node& node, const ByRows& /*op*/) const {
  SYSTOLE_CHECK(false, "{}: {} computes in rows", node.name, node.kind);
}

LayerValues Evaluator::evaluate_weighted(const Node& node, const Conv2d& convolution) const {
  const GraphTensor& in = input_tensor(node, 0);
  const LayerParameters parameters = layer_parameters(graph_, data_, node);
  std::vector<std::int32_t> accumulators =
      convolve({.input = in.shape(),
                .output = graph_.tensor(node.output()).shape(),
                .kernel = convolution.kernel,
                .groups = convolution.groups},
               *live_.input(node, 0), in.quantization.zero_point, parameters.weights);
  return finish_weighted(node, parameters, std::move(accumulators), convolution.activation);
}

LayerValues Evaluator::evaluate_weighted(const Node& node, const Dense& dense) const {
  const GraphTensor& in = input_tensor(node, 0);
  constexpr std::size_t kImageAxes = 4;
  SYSTOLE_CHECK(
      in.type.extents.size() < kImageAxes || (in.shape().rows == 1 && in.shape().cols == 1),
      "{}: dense over {} x {} pixels", node.name, in.shape().rows, in.shape().cols);
  const LayerParameters parameters = layer_parameters(graph_, data_, node);
  std::vector<std::int32_t> accumulators = contract(
      in.shape().pixels(), in.shape().channels, graph_.tensor(node.output()).shape().channels,
      *live_.input(node, 0), in.quantization.zero_point, parameters.weights);
  return finish_weighted(node, parameters, std::move(accumulators), dense.activation);
}

LayerValues Evaluator::finish_weighted(const Node& node, const LayerParameters& parameters,
                                       std::vector<std::int32_t> accumulators,
                                       const FusedActivation& activation) const {
  const GraphTensor& out = graph_.tensor(node.output());
  SYSTOLE_CHECK(static_cast<std::int64_t>(parameters.biases.size()) == out.shape().channels,
                "{}: {} biases, expected {}", node.name, parameters.biases.size(),
                out.shape().channels);
  add_biases(accumulators, parameters.biases);
  return finish_sums(node, input_tensor(node, 0).quantization.scale * weight_scale(graph_, node),
                     std::move(accumulators), activation);
}

LayerValues Evaluator::evaluate_matmul(const Node& node, const Matmul& matmul) const {
  const GraphTensor& a = input_tensor(node, 0);
  const GraphTensor& b = input_tensor(node, 1);
  std::vector<std::int32_t> accumulators =
      multiply(matmul_layout(graph_, node, matmul),
               {.values = *live_.input(node, 0), .zero_point = a.quantization.zero_point},
               {.values = *live_.input(node, 1), .zero_point = b.quantization.zero_point});
  return finish_sums(node, a.quantization.scale * b.quantization.scale * matmul.scale,
                     std::move(accumulators), {});
}

LayerValues Evaluator::finish_sums(const Node& node, double accumulator_scale,
                                   std::vector<std::int32_t> accumulators,
                                   const FusedActivation& activation) const {
  const GraphTensor& out = graph_.tensor(node.output());
  SharedValues values =
      share(requantize(accumulators, accumulator_scale, activation, out.quantization));
  Saturation saturation(activation.kind, out.quantization);
  if (!is_looked_up(activation.kind)) {
    const double ratio = accumulator_scale / out.quantization.scale;
    for (const std::int32_t accumulator : accumulators) {
      saturation.add(accumulator * ratio + out.quantization.zero_point);
    }
  }
  return {.values = std::move(values),
          .accumulators = std::move(accumulators),
          .saturated = saturation.count()};
}

SharedValues Evaluator::evaluate_plain(const Node& node, const AddTensors& addition) const {
  return share(add(*live_.input(node, 0), input_tensor(node, 0).quantization, *live_.input(node, 1),
                   input_tensor(node, 1).quantization, addition.activation.kind,
                   graph_.tensor(node.output()).quantization));
}

SharedValues Evaluator::evaluate_plain(const Node& node, const Activate& activation) const {
  return share(activate(*live_.input(node, 0), input_tensor(node, 0).quantization,
                        activation.activation.kind, graph_.tensor(node.output()).quantization));
}

SharedValues Evaluator::evaluate_plain(const Node& node, const PoolTensor& pooling) const {
  const GraphTensor& in = input_tensor(node, 0);
  const GraphTensor& out = graph_.tensor(node.output());
  return share(pool({.attributes = pooling,
                     .input = in.shape(),
                     .output = out.shape(),
                     .input_quantization = in.quantization,
                     .output_quantization = out.quantization},
                    *live_.input(node, 0)));
}

SharedValues Evaluator::evaluate_plain(const Node& node, const Concat& /*concat*/) const {
  const GraphTensor& out = graph_.tensor(node.output());
  std::vector<std::int8_t> values(static_cast<std::size_t>(out.shape().elements()));
  std::int64_t first_channel = 0;
  for (std::size_t i = 0; i < node.inputs.size(); ++i) {
    const GraphTensor& in = input_tensor(node, i);
    concatenate(*live_.input(node, i), in.shape().channels, in.quantization, values,
                out.shape().channels, first_channel, out.quantization);
    first_channel += in.shape().channels;
  }
  SYSTOLE_CHECK(first_channel == out.shape().channels, "{}: {} of {} channels", node.name,
                first_channel, out.shape().channels);
  return share(std::move(values));
}

SharedValues Evaluator::evaluate_plain(const Node& node, const SoftmaxChannels& /*softmax*/) const {
  const GraphTensor& in = input_tensor(node, 0);
  SYSTOLE_CHECK(graph_.tensor(node.output()).quantization == kSoftmaxQuantization,
                "{}: softmax with another quantisation than 1/256, -128", node.name);
  return share(softmax(*live_.input(node, 0), in.shape().channels, in.quantization.scale));
}

std::int64_t Evaluator::saturated(const Node& node) const {
  const Quantization& out = graph_.tensor(node.output()).quantization;
  const auto of_input = [&](std::size_t index, Saturation& saturation) {
    const Quantization& in = input_tensor(node, index).quantization;
    if (!(in == out)) {
      for (const std::int8_t q : *live_.input(node, index)) {
        saturation.add(in_steps(q, in, out) + out.zero_point);
      }
    }
  };
  if (const auto* addition = std::get_if<AddTensors>(&node.op)) {
    Saturation saturation(addition->activation.kind, out);
    const std::vector<std::int8_t>& a = *live_.input(node, 0);
    const std::vector<std::int8_t>& b = *live_.input(node, 1);
    for (std::size_t i = 0; i < a.size(); ++i) {
      saturation.add(in_steps(a[i], input_tensor(node, 0).quantization, out) +
                     in_steps(b[i], input_tensor(node, 1).quantization, out) + out.zero_point);
    }
    return saturation.count();
  }
  if (const auto* activation = std::get_if<Activate>(&node.op)) {
    Saturation saturation(activation->activation.kind, out);
    if (!is_looked_up(activation->activation.kind)) {
      of_input(0, saturation);
    }
    return saturation.count();
  }
  if (std::holds_alternative<Concat>(node.op)) {
    Saturation saturation(ActivationKind::None, out);
    for (std::size_t i = 0; i < node.inputs.size(); ++i) {
      of_input(i, saturation);
    }
    return saturation.count();
  }
  return 0;
}

const GraphTensor& Evaluator::input_tensor(const Node& node, std::size_t index) const {
  return graph_.tensor(node.inputs.at(index));
}

}  // namespace systole::reference
