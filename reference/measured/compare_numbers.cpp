#include "reference/measured/compare_numbers.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <map>
#include <span>
#include <utility>
#include <variant>

#include <fmt/format.h>

#include "arch/diag/check.h"
#include "reference/kernels/activation.h"
#include "reference/kernels/evaluator.h"
#include "reference/kernels/real_value.h"

namespace systole {

namespace {

using reference::Evaluator;
using reference::LayerValues;
using reference::SharedValues;

constexpr double kHalfStep = 0.5 + 0x1p-12;

struct Weighted {
  const WeightInfo* weights = nullptr;
  const FusedActivation* activation = nullptr;
};

Weighted weighted(const Node& node) {
  if (const auto* convolution = std::get_if<Conv2d>(&node.op)) {
    return {.weights = &convolution->weights, .activation = &convolution->activation};
  }
  if (const auto* dense = std::get_if<Dense>(&node.op)) {
    return {.weights = &dense->weights, .activation = &dense->activation};
  }
  return {};
}

const FusedActivation* activation_of(const Node& node) {
  if (const auto* alone = std::get_if<Activate>(&node.op)) {
    return &alone->activation;
  }
  return weighted(node).activation;
}

/// Adds up what one element showed.
void note(MeasuredNumerics& numerics, double error, double allowed, bool equal) {
  ++numerics.elements;
  numerics.different += equal ? 0 : 1;
  const bool within = error <= allowed;  // false for a NaN
  numerics.outside += within ? 0 : 1;
  if (within && allowed > 0) {
    numerics.largest_error = std::max(numerics.largest_error, error / allowed);
  }
}

class Comparison {
 public:
  Comparison(const Graph& graph, const NetworkData& data, DataType type, DeviceNetwork& network)
      : graph_(graph), data_(data), type_(type), network_(network) {
    for (const GraphTensorId input : graph.inputs) {
      values_[input] = std::make_shared<const std::vector<std::int8_t>>(data.input(graph, input));
    }
  }

  MeasuredNumerics run() {
    Evaluator evaluator(graph_, data_);
    for (NodeId id = 0; !evaluator.done(); ++id) {
      const Node& node = graph_.node(id);
      const LayerValues expected = evaluator.evaluate_next();
      compare(id, node, expected);
      values_[node.output()] = expected.values;
      forget_inputs(id);
    }
    numerics_.bound = bound();
    return numerics_;
  }

 private:
  void compare(NodeId id, const Node& node, const LayerValues& expected) {
    std::vector<std::vector<float>> inputs;
    for (const GraphTensorId input : node.inputs) {
      inputs.push_back(device_values(input));
      network_.write(input, inputs.back());
    }
    poison(node);
    network_.run(id);
    const std::vector<float> actual = network_.read(node.output());
    SYSTOLE_CHECK(actual.size() == expected.values->size(), "{}: {} values, expected {}", node.name,
                  actual.size(), expected.values->size());
    if (type_ == DataType::Int8) {
      compare_integers(node, expected, actual);
    } else {
      compare_reals(id, node, inputs, actual);
    }
    if (numerics_.outside > 0 && numerics_.first_outside.empty()) {
      numerics_.first_outside = fmt::format("{} ({})", node.name, network_.kernel(id));
    }
  }

  /// So that an element that the layer does not write is not right from a pass before. A view
  /// may share the memory of its input.
  void poison(const Node& node) {
    if (std::holds_alternative<Flatten>(node.op)) {
      return;
    }
    const auto size = static_cast<std::size_t>(graph_.tensor(node.output()).shape().elements());
    constexpr float kUnlikely = 99;
    network_.write(node.output(), std::vector<float>(size, kUnlikely));
  }

  [[nodiscard]] std::vector<float> device_values(GraphTensorId tensor) const {
    const std::vector<std::int8_t>& stored = *values_.at(tensor);
    const Quantization& quantization = graph_.tensor(tensor).quantization;
    std::vector<float> values(stored.size());
    std::transform(stored.begin(), stored.end(), values.begin(), [&](std::int8_t q) {
      return type_ == DataType::Int8
                 ? static_cast<float>(q)
                 : reference::held_as(type_, quantization.scale * (q - quantization.zero_point));
    });
    return values;
  }

  void compare_integers(const Node& node, const LayerValues& expected,
                        const std::vector<float>& actual) {
    const Weighted layer = weighted(node);
    const bool near_exact = !network_.requantises_exactly() && layer.weights != nullptr &&
                            !reference::is_looked_up(layer.activation->kind);
    const double steps = allowed_steps(node);
    for (std::size_t i = 0; i < actual.size(); ++i) {
      const double q = (*expected.values)[i];
      const bool equal = actual[i] == q;
      if (near_exact) {
        const double exact = exact_result(node, layer, expected.accumulators[i]);
        note(numerics_, std::fabs(actual[i] - exact), kHalfStep, equal);
      } else {
        note(numerics_, std::fabs(actual[i] - q), steps, equal);
      }
    }
  }

  [[nodiscard]] double allowed_steps(const Node& node) const {
    if (network_.requantises_exactly()) {
      return 0;
    }
    const FusedActivation* activation = activation_of(node);
    if (activation == nullptr || !reference::is_looked_up(activation->kind)) {
      return 1;
    }
    const double slope = activation->kind == ActivationKind::Sigmoid ? 0.25 : 1;
    return 1 + std::ceil(slope * activation->before.scale / 2 /
                         graph_.tensor(node.output()).quantization.scale);
  }

  /// In steps of the output, clamped, not rounded.
  [[nodiscard]] double exact_result(const Node& node, const Weighted& layer,
                                    std::int32_t accumulator) const {
    const Quantization& out = graph_.tensor(node.output()).quantization;
    const double ratio =
        graph_.tensor(node.inputs[0]).quantization.scale * layer.weights->scale / out.scale;
    const reference::Range range = reference::activation_range(layer.activation->kind, out);
    return std::clamp<double>(out.zero_point + accumulator * ratio, range.low, range.high);
  }

  void compare_reals(NodeId id, const Node& node, const std::vector<std::vector<float>>& inputs,
                     const std::vector<float>& actual) {
    std::vector<float> weights;
    std::vector<float> biases;
    if (const Weighted layer = weighted(node); layer.weights != nullptr) {
      const LayerParameters parameters = data_.parameters(graph_, id);
      const double scale = layer.weights->scale;
      const double bias_scale = scale * graph_.tensor(node.inputs[0]).quantization.scale;
      for (const std::int8_t weight : parameters.weights) {
        weights.push_back(reference::held_as(type_, static_cast<float>(scale * weight)));
      }
      for (const std::int32_t bias : parameters.biases) {
        biases.push_back(
            reference::held_as(network_.bias_type(), static_cast<float>(bias_scale * bias)));
      }
    }
    const reference::RealOperands operands{
        .inputs = {inputs.begin(), inputs.end()}, .weights = weights, .biases = biases};
    const Shape shape = graph_.tensor(node.output()).shape();
    const std::int64_t samples = std::min(shape.elements(), kComparedElements);
    for (std::int64_t sample = 0; sample < samples; ++sample) {
      const std::int64_t element = sample * shape.elements() / samples + sample % 2;
      compare_real(node, operands, shape, std::min(element, shape.elements() - 1), actual);
    }
  }

  void compare_real(const Node& node, const reference::RealOperands& operands, const Shape& shape,
                    std::int64_t element, const std::vector<float>& actual) {
    const std::int64_t pixel = element / shape.channels;
    const reference::RealValue expected = real_value(graph_, node, operands,
                                                     {.batch = pixel / shape.cols / shape.rows,
                                                      .row = pixel / shape.cols % shape.rows,
                                                      .col = pixel % shape.cols,
                                                      .channel = element % shape.channels});
    constexpr double kSubnormal = 0x1p-25;  // half the least step of fp16
    const int roundings = std::holds_alternative<SoftmaxChannels>(node.op) ? 2 : 1;
    const double allowed =
        expected.slack + roundings * (reference::unit_roundoff(type_) *
                                          (std::fabs(expected.value) + expected.slack) +
                                      (type_ == DataType::Fp16 ? kSubnormal : 0));
    const double value = actual[static_cast<std::size_t>(element)];
    note(numerics_, std::fabs(value - expected.value), allowed,
         value == reference::held_as(type_, expected.value));
  }

  /// Drops inputs that no later node reads.
  void forget_inputs(NodeId id) {
    for (const GraphTensorId input : graph_.node(id).inputs) {
      const auto later = graph_.nodes.begin() + id + 1;
      const bool needed = std::any_of(later, graph_.nodes.end(), [&](const Node& node) {
        return std::find(node.inputs.begin(), node.inputs.end(), input) != node.inputs.end();
      });
      if (!needed) {
        values_.erase(input);
      }
    }
  }

  [[nodiscard]] std::string bound() const {
    if (type_ != DataType::Int8) {
      return "binary32 arithmetic on the operands as the type holds them, one rounding to the type "
             "(softmax two)";
    }
    return network_.requantises_exactly()
               ? "equal bit for bit"
               : "weighted layers half a step + 2^-12 from the exact result, others one step";
  }

  const Graph& graph_;
  const NetworkData& data_;
  DataType type_;
  DeviceNetwork& network_;
  std::map<GraphTensorId, SharedValues> values_;
  MeasuredNumerics numerics_;
};

}  // namespace

MeasuredNumerics compare_numbers(const Graph& graph, const NetworkData& data, DataType type,
                                 DeviceNetwork& network) {
  return Comparison(graph, data, type, network).run();
}

}  // namespace systole
