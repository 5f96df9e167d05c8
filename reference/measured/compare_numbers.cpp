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

constexpr int kLargest = 256;  // steps from any zero point
constexpr double kHalfStep = 0.5 + 0x1p-12;

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
    SYSTOLE_CHECK(graph.input_type() == type, "a network of {} measured in {}",
                  name_of(graph.input_type()), name_of(type));
    for (const GraphTensorId input : graph.inputs) {
      if (type == DataType::Int8) {
        const std::vector<std::int8_t> stored = data.value(graph, input).bytes;
        values_[input] = {stored.begin(), stored.end()};
      } else {
        values_[input] = data.value(graph, input).numbers();
      }
    }
  }

  MeasuredNumerics run() {
    if (type_ == DataType::Int8) {
      run_integers();
    } else {
      run_reals();
    }
    numerics_.bound = bound();
    return numerics_;
  }

 private:
  /// Each layer on the reference's values, so that nothing adds up.
  void run_integers() {
    Evaluator evaluator(graph_, data_);
    for (NodeId id = 0; !evaluator.done(); ++id) {
      const Node& node = graph_.node(id);
      const LayerValues expected = evaluator.evaluate_next();
      compare_integers(node, expected, run_layer(id, node));
      note_first(id, node);
      values_[node.output()] = {expected.values->begin(), expected.values->end()};
      forget_inputs(id);
    }
  }

  /// Each layer on what the device itself computed, from which the expected values follow.
  void run_reals() {
    for (NodeId id = 0; static_cast<std::size_t>(id) < graph_.nodes.size(); ++id) {
      const Node& node = graph_.node(id);
      std::vector<float> actual = run_layer(id, node);
      compare_reals(node, actual);
      note_first(id, node);
      values_[node.output()] = std::move(actual);
      forget_inputs(id);
    }
  }

  [[nodiscard]] std::vector<float> run_layer(NodeId id, const Node& node) {
    for (const GraphTensorId input : graph_.data_inputs(node)) {
      network_.write(input, values_.at(input));
    }
    poison(node);
    network_.run(id);
    std::vector<float> actual = network_.read(node.output());
    const std::int64_t elements = graph_.tensor(node.output()).shape().elements();
    SYSTOLE_CHECK(static_cast<std::int64_t>(actual.size()) == elements,
                  "{}: {} values, expected {}", node.name, actual.size(), elements);
    return actual;
  }

  void note_first(NodeId id, const Node& node) {
    if (numerics_.outside > 0 && numerics_.first_outside.empty()) {
      numerics_.first_outside = fmt::format("{} ({})", node.name, network_.kernel(id));
    }
  }

  /// So that an element that the layer does not write is not right from a pass before. A view
  /// may share the memory of its input.
  void poison(const Node& node) {
    if (node.is_view()) {
      return;
    }
    const auto size = static_cast<std::size_t>(graph_.tensor(node.output()).shape().elements());
    constexpr float kUnlikely = 99;
    network_.write(node.output(), std::vector<float>(size, kUnlikely));
  }

  void compare_integers(const Node& node, const LayerValues& expected,
                        const std::vector<float>& actual) {
    const FusedActivation activation = node.activation();
    const bool near_exact = !network_.requantises_exactly() && has_weights(node) &&
                            !reference::is_looked_up(activation.kind);
    const double steps = allowed_steps(node);
    const WeightScales units =
        near_exact ? weight_scales(graph_, node) * graph_.tensor(node.inputs[0]).quantization.scale
                   : WeightScales(1);
    const auto channels = static_cast<std::size_t>(graph_.tensor(node.output()).shape().channels);
    for (std::size_t i = 0; i < actual.size(); ++i) {
      const double q = (*expected.values)[i];
      const bool equal = actual[i] == q;
      if (near_exact) {
        const double exact = exact_result(node, activation.kind, expected.accumulators[i],
                                          units.at(static_cast<std::int64_t>(i % channels)));
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
    const FusedActivation activation = node.activation();
    if (!reference::is_looked_up(activation.kind)) {
      return 1;
    }
    // Half a step before the function moves its result by half of what a whole one may.
    double most = 0;
    for (int q = -kLargest; q < kLargest; ++q) {
      const double x = activation.before.scale * q;
      const double moved =
          reference::exact_activation(x + activation.before.scale, activation.kind) -
          reference::exact_activation(x, activation.kind);
      most = std::max(most, std::isfinite(moved) ? std::fabs(moved) : 0);
    }
    return 1 + std::ceil(most / 2 / graph_.tensor(node.output()).quantization.scale);
  }

  /// In steps of the output, clamped, not rounded.
  [[nodiscard]] double exact_result(const Node& node, ActivationKind activation,
                                    std::int32_t accumulator, double unit) const {
    const Quantization& out = graph_.tensor(node.output()).quantization;
    const double ratio = unit / out.scale;
    const reference::Range range = reference::activation_range(activation, out);
    return std::clamp<double>(out.zero_point + accumulator * ratio, range.low, range.high);
  }

  void compare_reals(const Node& node, const std::vector<float>& actual) {
    RealParameters parameters;
    if (has_weights(node)) {
      parameters = real_parameters(graph_, data_, node);
      for (float& bias : parameters.biases) {
        bias = reference::held_as(network_.bias_type(), bias);
      }
    }
    reference::RealOperands operands{
        .inputs = {}, .weights = parameters.weights, .biases = parameters.biases};
    for (const GraphTensorId input : graph_.data_inputs(node)) {
      operands.inputs.emplace_back(values_.at(input));
    }
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
    if (!is_held(expected.value)) {
      return;
    }
    constexpr double kSubnormal = 0x1p-25;  // half the least step of fp16
    const int roundings = std::holds_alternative<SoftmaxWork>(node.work()) ? 2 : 1;
    const double allowed =
        expected.slack + roundings * (reference::unit_roundoff(type_) *
                                          (std::fabs(expected.value) + expected.slack) +
                                      (type_ == DataType::Fp16 ? kSubnormal : 0));
    const double value = actual[static_cast<std::size_t>(element)];
    note(numerics_, std::fabs(value - expected.value), allowed,
         value == reference::held_as(type_, expected.value));
  }

  /// What lies beyond the type's range, or follows from it, is not compared.
  [[nodiscard]] bool is_held(double value) const {
    constexpr double kLargestHalf = 65'504;
    return std::isfinite(value) && (type_ != DataType::Fp16 || std::fabs(value) <= kLargestHalf);
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
  std::map<GraphTensorId, std::vector<float>> values_;  // as the device holds them
  MeasuredNumerics numerics_;
};

}  // namespace

MeasuredNumerics compare_numbers(const Graph& graph, const NetworkData& data, DataType type,
                                 DeviceNetwork& network) {
  return Comparison(graph, data, type, network).run();
}

}  // namespace systole
