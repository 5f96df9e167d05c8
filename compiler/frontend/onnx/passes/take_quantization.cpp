#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "compiler/frontend/onnx/infer_values.h"
#include "compiler/frontend/onnx/passes/passes.h"
#include "compiler/graph/file_order.h"

namespace systole {

namespace {

constexpr std::int64_t kUnsignedOffset = 128;  // of what is stored as uint8 from the same as int8

bool is_stored_type(OnnxType type) {
  return type == OnnxType::Int8 || type == OnnxType::Uint8;
}

/// Scales and zero points of integers, in the domain of int8.
struct Steps {
  std::vector<double> scales;  ///< one, or one for each index of the axis
  std::vector<std::int64_t> zero_points;
  std::size_t axis = 0;

  [[nodiscard]] bool is_one() const { return scales.size() == 1; }
  [[nodiscard]] bool is_symmetric() const {
    return std::all_of(zero_points.begin(), zero_points.end(),
                       [](std::int64_t zero_point) { return zero_point == 0; });
  }
  [[nodiscard]] Quantization quantization() const {
    return {.scale = scales.front(), .zero_point = static_cast<std::int32_t>(zero_points.front())};
  }
};

/// Operators that move or choose stored numbers and leave them as they are.
bool keeps_numbers(const ImportNode& node) {
  constexpr std::array<std::string_view, 15> kOps{
      "DepthToSpace", "Expand", "Flatten", "Gather", "Identity",  "MaxPool",   "Reshape", "Slice",
      "SpaceToDepth", "Split",  "Squeeze", "Tile",   "Transpose", "Unsqueeze", "Concat"};
  return node.domain.empty() && std::find(kOps.begin(), kOps.end(), node.op) != kOps.end();
}

/// Where an operator on stored numbers has what: indices of inputs.
struct Places {
  std::size_t number = 0;
  std::size_t scale = 0;
  std::size_t zero_point = 0;
};
struct LinearRule {
  std::string_view op;
  std::string_view becomes;
  std::string_view domain;
  std::vector<Places> operands;
  Places result;         ///< scale and zero point
  std::size_t bias = 0;  ///< integers in the products of both steps; 0: none
};

/// Operators that compute with stored numbers, scales beside them.
const std::vector<LinearRule>& linear_rules() {
  static const std::vector<LinearRule> kRules{
      {"QLinearConv", "Conv", "", {{0, 1, 2}, {3, 4, 5}}, {0, 6, 7}, 8},
      {"QGemm", "Gemm", "com.microsoft", {{0, 1, 2}, {3, 4, 5}}, {0, 7, 8}, 6},
      {"QLinearMatMul", "MatMul", "", {{0, 1, 2}, {3, 4, 5}}, {0, 6, 7}},
      {"QLinearAdd", "Add", "com.microsoft", {{0, 1, 2}, {3, 4, 5}}, {0, 6, 7}},
      {"QLinearMul", "Mul", "com.microsoft", {{0, 1, 2}, {3, 4, 5}}, {0, 6, 7}},
      {"QLinearSigmoid", "Sigmoid", "com.microsoft", {{0, 1, 2}}, {0, 3, 4}},
      {"QLinearLeakyRelu", "LeakyRelu", "com.microsoft", {{0, 1, 2}}, {0, 3, 4}},
      {"QLinearGlobalAveragePool", "GlobalAveragePool", "com.microsoft", {{0, 1, 2}}, {0, 3, 4}},
      {"QLinearAveragePool", "AveragePool", "com.microsoft", {{0, 1, 2}}, {0, 3, 4}},
      {"QLinearSoftmax", "Softmax", "com.microsoft", {{0, 1, 2}}, {0, 3, 4}},
      {"QLinearConcat", "Concat", "com.microsoft", {}, {0, 0, 1}},
  };
  return kRules;
}

std::optional<LinearRule> linear_rule_of(const ImportNode& node) {
  const auto& rules = linear_rules();
  const auto found = std::find_if(rules.begin(), rules.end(), [&](const LinearRule& rule) {
    return rule.op == node.op && rule.domain == node.domain;
  });
  if (found == rules.end()) {
    return std::nullopt;
  }
  LinearRule rule = *found;
  if (rule.operands.empty()) {  // any number of them, behind the result's
    constexpr std::size_t kEach = 3;
    for (std::size_t at = 2; at + 2 < node.inputs.size(); at += kEach) {
      rule.operands.push_back({at, at + 1, at + 2});
    }
  }
  return rule;
}

/// The axis of a constant operand along which it may have several scales: that of output channels.
std::int64_t channel_axis(const ImportNode& node) {
  const bool is_first =
      node.op == "QLinearConv" || (node.op == "QGemm" && node.integer("transB", 0) != 0);
  return is_first ? 0 : -1;
}

class QuantizationTaker {
 public:
  explicit QuantizationTaker(ImportGraph& graph)
      : graph_(graph),
        nodes_(graph.nodes),
        means_reals_(graph.values.size(), true),
        by_(graph.values.size()) {
    std::iota(by_.begin(), by_.end(), 0);
    find_reals();
  }

  std::int64_t run() {
    graph_.nodes.clear();
    for (const ImportNode& from : nodes_) {
      ImportNode node = from;
      for (ImportValueId& input : node.inputs) {
        input = real_of(input);
      }
      if (!take(node)) {
        graph_.nodes.push_back(std::move(node));
      }
    }
    if (taken_ == 0) {
      return 0;
    }
    graph_.replace(by_);
    remove_unused(graph_);
    return taken_;
  }

 private:
  [[nodiscard]] ImportValueId real_of(ImportValueId id) const {
    return id == kNoValue || static_cast<std::size_t>(id) >= by_.size()
               ? id
               : by_[static_cast<std::size_t>(id)];
  }
  void stand_for(ImportValueId id, ImportValueId real) { by_[static_cast<std::size_t>(id)] = real; }

  /// Whether the node is done with; else it stays, perhaps as another.
  bool take(ImportNode& node) {
    if (node.outputs.empty() || node.input(0) == kNoValue) {
      return false;
    }
    if (const auto rule = linear_rule_of(node)) {
      take_linear(node, *rule);
      return false;
    }
    if (!graph_.value(node.outputs.front()).shape) {
      return false;  // somebody else tells what is wrong
    }
    if (node.is("QuantizeLinear")) {
      return take_quantize(node);
    }
    if (node.is("DequantizeLinear")) {
      return take_dequantize(node);
    }
    if (node.is("Transpose") && take_transpose(node)) {
      return true;
    }
    if (node.is("Cast") && is_stored_cast(node)) {
      ++taken_;
      return replaced(node, node.input(0));
    }
    if (keeps_numbers(node)) {
      keep_stored(node);
    }
    return false;
  }

  /// PyTorch casts what is stored to the type that it has.
  [[nodiscard]] bool is_stored_cast(const ImportNode& node) const {
    const ImportValue& from = graph_.value(node.input(0));
    return from.quantization && from.stored == graph_.value(node.outputs.front()).type;
  }

  /// The scale and the zero point of an operator; empty where they are no constants or do not fit.
  [[nodiscard]] std::optional<Steps> steps_of(ImportValueId scale, ImportValueId zero_point,
                                              OnnxType type, std::int64_t axis,
                                              const OnnxShape& shape) const {
    const OnnxConstant* scales = graph_.constant(scale);
    const OnnxConstant* zeros = graph_.constant(zero_point);
    if (scales == nullptr || !is_floating(scales->type()) || scales->elements() == 0 ||
        (zero_point != kNoValue && (zeros == nullptr || !is_integral(zeros->type()) ||
                                    zeros->elements() != scales->elements()))) {
      return std::nullopt;
    }
    Steps steps;
    for (const float value : scales->floats()) {
      steps.scales.push_back(static_cast<double>(value));
      if (!(value > 0) || !std::isfinite(value)) {
        return std::nullopt;
      }
    }
    steps.zero_points.assign(steps.scales.size(), 0);
    if (zeros != nullptr) {
      steps.zero_points = zeros->integers();
    }
    if (type == OnnxType::Uint8) {
      for (std::int64_t& zero : steps.zero_points) {
        zero -= kUnsignedOffset;
      }
    }
    if (is_stored_type(type) &&
        !std::all_of(steps.zero_points.begin(), steps.zero_points.end(), [](std::int64_t zero) {
          return zero >= -kUnsignedOffset && zero < kUnsignedOffset;
        })) {
      return std::nullopt;
    }
    if (!steps.is_one() && !lies_along(steps, axis, shape)) {
      return std::nullopt;
    }
    return steps;
  }

  /// Whether an axis, that it remembers then, has as many indices as there are steps.
  static bool lies_along(Steps& steps, std::int64_t axis, const OnnxShape& shape) {
    const std::int64_t rank = std::ssize(shape);
    const std::int64_t counted = axis < 0 ? axis + rank : axis;
    if (counted < 0 || counted >= rank ||
        shape[static_cast<std::size_t>(counted)] != std::ssize(steps.scales)) {
      return false;
    }
    steps.axis = static_cast<std::size_t>(counted);
    return true;
  }

  /// Where whoever rounds the number to int8 may write how.
  bool take_quantize(ImportNode& node) {
    const ImportValueId from = node.input(0);
    const OnnxType type = graph_.value(node.outputs.front()).type;
    const auto steps =
        steps_of(node.input(1), node.input(2), type, node.integer("axis", 1), shape_of(from));
    if (!steps || !steps->is_one() || !is_stored_type(type) || graph_.constant(from) != nullptr ||
        !is_floating(graph_.value(from).type) || !means_reals(node.outputs.front())) {
      return false;
    }
    ++taken_;
    const ImportValueId real = with_quantization(from, *steps, node);
    graph_.value(real).stored = type;
    return replaced(node, real);
  }

  /// The node's output is this value. An output that is an input stays one by a name of its own.
  bool replaced(ImportNode& node, ImportValueId real) {
    const ImportValueId to = node.outputs.front();
    if (!graph_.is_output(to) || !is_input(real)) {
      stand_for(to, real);
      return true;
    }
    ImportValue& output = graph_.value(to);
    output.type = OnnxType::Float;
    output.quantization = graph_.value(real).quantization;
    output.stored = graph_.value(real).stored;
    node.op = "Identity";
    node.inputs = {real};
    node.attributes.clear();
    return false;
  }

  [[nodiscard]] bool is_input(ImportValueId id) const {
    return std::find(graph_.inputs.begin(), graph_.inputs.end(), id) != graph_.inputs.end();
  }

  /// The value, quantised so: itself, or a copy where it is quantised otherwise already.
  ImportValueId with_quantization(ImportValueId from, const Steps& steps, const ImportNode& node) {
    ImportValue& value = graph_.value(from);
    if (!value.quantization) {
      value.quantization = steps.quantization();
    }
    if (*value.quantization == steps.quantization()) {
      return from;
    }
    ImportValue copy{.name = graph_.value(node.outputs.front()).name,
                     .type = OnnxType::Float,
                     .shape = value.shape};
    copy.quantization = steps.quantization();
    const ImportValueId id = graph_.add_value(std::move(copy));
    by_.push_back(id);
    graph_.nodes.push_back({.name = node.name,
                            .op = "Requantize",
                            .domain = "systole",
                            .inputs = {from},
                            .outputs = {id},
                            .attributes = {}});
    return id;
  }

  bool take_dequantize(ImportNode& node) {
    const ImportValueId from = node.input(0);
    ImportValue& value = graph_.value(from);
    const ImportValueId to = node.outputs.front();
    if (const OnnxConstant* constant = graph_.constant(from)) {
      const auto steps = steps_of(node.input(1), node.input(2), constant->type(),
                                  node.integer("axis", 1), constant->shape());
      if (!steps || !is_integral(constant->type())) {
        return false;
      }
      ++taken_;
      stand_for(to, real_constant(graph_.value(from).name, *constant, *steps));
      return true;
    }
    // Of a number that was quantised, the type is that of the reals by now.
    const OnnxType type = value.stored.value_or(value.type);
    const auto steps = steps_of(node.input(1), node.input(2), type, 0, shape_of(from));
    if (!steps || !steps->is_one() || !is_stored_type(type)) {
      return false;
    }
    if (!value.quantization && is_input(from) && means_reals(from)) {
      make_real(from, *steps);
    }
    if (!value.quantization || !(*value.quantization == steps->quantization())) {
      return false;
    }
    ++taken_;
    return replaced(node, from);
  }

  /// A stored tensor becomes the reals that it means.
  void make_real(ImportValueId id, const Steps& steps) {
    ImportValue& value = graph_.value(id);
    value.stored = value.type;
    value.is_stored_input = true;
    value.type = OnnxType::Float;
    value.quantization = steps.quantization();
  }

  /// Whether all that reads a stored tensor reads the reals that it means: nobody computes with
  /// integers as such.
  [[nodiscard]] bool means_reals(ImportValueId stored) const {
    return static_cast<std::size_t>(stored) < means_reals_.size() &&
           means_reals_[static_cast<std::size_t>(stored)];
  }

  /// From the outputs on.
  void find_reals() {
    for (std::size_t i = nodes_.size(); i-- > 0;) {
      const ImportNode& node = nodes_[i];
      if (node.is("DequantizeLinear") || linear_rule_of(node)) {
        continue;
      }
      const bool outputs_mean_reals =
          std::all_of(node.outputs.begin(), node.outputs.end(),
                      [&](ImportValueId output) { return means_reals(output); });
      for (const ImportValueId input : node.inputs) {
        if (input != kNoValue) {
          const bool same = node.is("Cast") && !node.outputs.empty() &&
                            graph_.value(node.outputs.front()).type == graph_.value(input).type;
          const bool passes_on = (same || keeps_numbers(node)) && outputs_mean_reals;
          means_reals_[static_cast<std::size_t>(input)] =
              means_reals_[static_cast<std::size_t>(input)] && passes_on;
        }
      }
    }
  }

  [[nodiscard]] OnnxShape shape_of(ImportValueId id) const {
    return graph_.value(id).shape.value_or(OnnxShape{});
  }

  // NOLINTNEXTLINE(performance-unnecessary-value-param): the graph's own moves
  ImportValueId real_constant(const std::string& name, OnnxConstant stored, const Steps& steps) {
    const OnnxShape& shape = stored.shape();
    std::int64_t inner = 1;
    if (!steps.is_one()) {
      inner = std::accumulate(shape.begin() + static_cast<std::ptrdiff_t>(steps.axis) + 1,
                              shape.end(), std::int64_t{1}, std::multiplies<>());
    }
    const std::int64_t offset = stored.type() == OnnxType::Uint8 ? kUnsignedOffset : 0;
    auto make = [stored, steps, inner, offset] {
      const std::vector<std::int64_t> integers = stored.integers();
      std::vector<float> reals(integers.size());
      const auto count = static_cast<std::int64_t>(steps.scales.size());
      for (std::size_t i = 0; i < integers.size(); ++i) {
        const auto index = static_cast<std::size_t>(static_cast<std::int64_t>(i) / inner % count);
        const std::int64_t number = integers[i] - offset - steps.zero_points[index];
        reals[i] = static_cast<float>(steps.scales[index] * static_cast<double>(number));
      }
      return OnnxConstant::of_floats(stored.shape(), reals).bytes();
    };
    const ImportValueId id =
        add_constant(name, OnnxConstant::deferred(OnnxType::Float, shape, std::move(make)));
    if (is_stored_type(stored.type()) && steps.is_symmetric()) {
      graph_.value(id).scales = ImportScales{.axis = steps.axis, .scales = steps.scales};
    }
    return id;
  }

  ImportValueId add_constant(const std::string& name, OnnxConstant constant) {
    const ImportValueId id = graph_.add_constant(name, std::move(constant));
    by_.push_back(id);
    return id;
  }

  /// Of weights: their scales stay.
  bool take_transpose(const ImportNode& node) {
    const ImportValueId from = node.input(0);
    const OnnxConstant* constant = graph_.constant(from);
    const auto perm = node.integers("perm");
    if (constant == nullptr || !graph_.value(from).scales || !perm) {
      return false;
    }
    OnnxShape shape;
    const std::vector<std::size_t> order(perm->begin(), perm->end());
    for (const std::size_t axis : order) {
      shape.push_back(constant->shape()[axis]);
    }
    ImportScales scales = *graph_.value(from).scales;
    scales.axis = static_cast<std::size_t>(std::find(order.begin(), order.end(), scales.axis) -
                                           order.begin());
    const ImportValueId id =
        add_constant(graph_.value(from).name,
                     OnnxConstant::deferred(OnnxType::Float, shape, [stored = *constant, order] {
                       return permuted(stored.bytes(), stored.shape(), order, sizeof(float));
                     }));
    graph_.value(id).scales = std::move(scales);
    stand_for(node.outputs.front(), id);
    return true;
  }

  /// An operator that moves numbers of which some are stored: its results are quantised as they.
  void keep_stored(const ImportNode& node) {
    const ImportValueId from = node.input(0);
    if (from == kNoValue || !graph_.value(from).quantization || !graph_.value(from).stored) {
      return;
    }
    const bool alike =
        !node.is("Concat") ||
        std::all_of(node.inputs.begin(), node.inputs.end(), [&](ImportValueId other) {
          return graph_.value(other).quantization == graph_.value(from).quantization;
        });
    if (!alike) {
      return;
    }
    for (const ImportValueId output : node.outputs) {
      ImportValue& to = graph_.value(output);
      if (is_stored_type(to.type)) {  // of a real number it is not said
        to.quantization = graph_.value(from).quantization;
        to.stored = to.type;
        to.type = OnnxType::Float;
      }
    }
  }

  void take_linear(ImportNode& node, const LinearRule& rule) {
    const ImportValueId to = node.outputs.front();
    const auto result = steps_of(node.input(rule.result.scale), node.input(rule.result.zero_point),
                                 graph_.value(to).type == OnnxType::Undefined
                                     ? type_of_zero(node.input(rule.result.zero_point))
                                     : graph_.value(to).type,
                                 0, {});
    std::vector<ImportValueId> inputs;
    std::optional<Steps> first;
    std::optional<Steps> weights;
    for (const Places& place : rule.operands) {
      const auto operand = operand_of(node, place);
      if (!operand) {
        return;
      }
      inputs.push_back(operand->first);
      (first ? weights : first) = operand->second;
    }
    if (!result || !result->is_one() || !first || !first->is_one() ||
        node.integer("channels_last", 0) != 0 || !means_reals(to)) {
      return;
    }
    if (rule.bias > 0 && node.input(rule.bias) != kNoValue) {
      const OnnxConstant* bias = graph_.constant(node.input(rule.bias));
      if (bias == nullptr) {
        return;
      }
      Steps units = *weights;
      const auto alpha = static_cast<double>(node.number("alpha", 1.0F));
      for (double& scale : units.scales) {
        scale *= alpha * first->scales.front();
      }
      std::fill(units.zero_points.begin(), units.zero_points.end(), 0);
      units.axis = 0;
      inputs.push_back(real_constant(graph_.value(node.input(rule.bias)).name, *bias, units));
    }
    ++taken_;
    node.op = std::string(rule.becomes);
    node.domain.clear();
    node.inputs = std::move(inputs);
    ImportValue& value = graph_.value(to);
    value.stored = value.type == OnnxType::Undefined ? OnnxType::Uint8 : value.type;
    value.type = OnnxType::Float;
    value.quantization = result->quantization();
    if (!value.shape) {
      infer_result(node);
    }
  }

  [[nodiscard]] OnnxType type_of_zero(ImportValueId zero_point) const {
    return zero_point == kNoValue ? OnnxType::Uint8 : graph_.value(zero_point).type;
  }

  /// Operators of other domains have no shapes yet.
  void infer_result(const ImportNode& node) {
    ImportGraph one;
    one.opset = graph_.opset;
    one.values = graph_.values;
    one.nodes = {node};
    one.outputs = {node.outputs.front()};
    if (infer_values(one).empty()) {
      graph_.value(node.outputs.front()).shape = one.value(node.outputs.front()).shape;
    }
  }

  /// A stored operand as reals, and its steps.
  std::optional<std::pair<ImportValueId, Steps>> operand_of(const ImportNode& node,
                                                            const Places& place) {
    const ImportValueId from = node.input(place.number);
    if (from == kNoValue) {
      return std::nullopt;
    }
    const OnnxConstant* constant = graph_.constant(from);
    const ImportValue& value = graph_.value(from);
    const OnnxType type =
        constant != nullptr ? constant->type() : value.stored.value_or(value.type);
    const std::int64_t axis = channel_axis(node);
    const auto steps = steps_of(node.input(place.scale), node.input(place.zero_point), type, axis,
                                constant != nullptr ? constant->shape() : shape_of(from));
    if (!steps || !is_stored_type(type)) {
      return std::nullopt;
    }
    if (constant != nullptr) {
      return std::pair(real_constant(value.name, *constant, *steps), *steps);
    }
    if (!steps->is_one()) {
      return std::nullopt;
    }
    if (!value.quantization && is_stored_type(value.type) && is_input(from) && means_reals(from)) {
      make_real(from, *steps);
    }
    if (!graph_.value(from).quantization ||
        !(*graph_.value(from).quantization == steps->quantization())) {
      return std::nullopt;
    }
    return std::pair(from, *steps);
  }

  ImportGraph& graph_;
  std::vector<ImportNode> nodes_;  ///< of the file
  std::vector<bool> means_reals_;  ///< by value of the file
  std::vector<ImportValueId> by_;  ///< by value: the reals that it stands for, or itself
  std::int64_t taken_ = 0;
};

}  // namespace

std::int64_t take_quantization(ImportGraph& graph) {
  return QuantizationTaker(graph).run();
}

}  // namespace systole
