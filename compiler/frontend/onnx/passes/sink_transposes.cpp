#include <algorithm>
#include <array>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "compiler/frontend/onnx/passes/passes.h"
#include "compiler/graph/file_order.h"

namespace systole {

namespace {

using Order = std::vector<std::int64_t>;

/// Operators that do the same to each element, wherever it stands.
bool works_by_element(const ImportNode& node) {
  static constexpr auto kOperators = std::to_array<std::string_view>(
      {"Abs",   "Add",     "Cast", "Ceil", "Clip", "Cos", "Div", "Erf",  "Exp",
       "Floor", "Log",     "Max",  "Min",  "Mul",  "Neg", "Pow", "Relu", "Reciprocal",
       "Round", "Sigmoid", "Sign", "Sin",  "Sqrt", "Sub", "Tanh"});
  return node.domain.empty() &&
         std::find(kOperators.begin(), kOperators.end(), node.op) != kOperators.end() &&
         node.outputs.size() == 1;
}

class Sinking {
 public:
  explicit Sinking(ImportGraph& graph) : graph_(graph), makers_(graph.values.size(), -1) {}

  std::int64_t run() {
    std::int64_t moved = 0;
    std::vector<ImportNode> old = std::exchange(graph_.nodes, {});
    for (ImportNode& node : old) {
      const auto order = works_by_element(node) ? common_order(node) : std::nullopt;
      if (!order) {
        add(std::move(node));
        continue;
      }
      sink(std::move(node), *order);
      ++moved;
    }
    remove_unused(graph_);
    return moved;
  }

 private:
  void add(ImportNode node) {
    makers_.resize(graph_.values.size(), -1);
    for (const ImportValueId output : node.outputs) {
      makers_[static_cast<std::size_t>(output)] = static_cast<std::ptrdiff_t>(graph_.nodes.size());
    }
    graph_.nodes.push_back(std::move(node));
  }

  const ImportNode* transpose_of(ImportValueId value) const {
    const auto place = static_cast<std::size_t>(value);
    const std::ptrdiff_t index = place < makers_.size() ? makers_[place] : -1;
    const ImportNode* node = index < 0 ? nullptr : &graph_.nodes[static_cast<std::size_t>(index)];
    return node != nullptr && node->is("Transpose") ? node : nullptr;
  }

  /// The order that all inputs are transposed in; others are numbers or constants that can be, too.
  std::optional<Order> common_order(const ImportNode& node) const {
    std::optional<Order> order;
    const auto& shape = graph_.value(node.outputs.front()).shape;
    for (const ImportValueId input : node.inputs) {
      if (input == kNoValue || graph_.constant(input) != nullptr) {
        continue;
      }
      const ImportNode* transpose = transpose_of(input);
      const auto perm = transpose == nullptr ? std::nullopt : transpose->integers("perm");
      if (!perm || (order && *order != *perm) || graph_.value(input).quantization ||
          graph_.value(input).shape != shape) {
        return std::nullopt;
      }
      order = perm;
    }
    return graph_.value(node.outputs.front()).quantization ? std::nullopt : order;
  }

  /// As it stands beside the tensor before that was transposed.
  ImportValueId turned_back(ImportValueId input, const Order& order) {
    if (const ImportNode* transpose = transpose_of(input)) {
      return transpose->input(0);
    }
    if (input == kNoValue || graph_.constant(input)->elements() == 1) {
      return input;
    }
    const OnnxConstant from = *graph_.constant(input);
    OnnxShape shape = from.shape();
    shape.insert(shape.begin(), order.size() - shape.size(), 1);
    OnnxShape to(shape.size());
    std::vector<std::size_t> inverse(order.size());
    for (std::size_t axis = 0; axis < order.size(); ++axis) {
      to[static_cast<std::size_t>(order[axis])] = shape[axis];
      inverse[static_cast<std::size_t>(order[axis])] = axis;
    }
    const OnnxType type = graph_.value(input).type;
    const std::int64_t size = bytes_of(from.type());
    const ImportValueId made = graph_.add_constant(
        graph_.value(input).name,
        OnnxConstant::deferred(from.type(), to, [from, shape, inverse, size] {
          return permuted(from.bytes(), shape, inverse, static_cast<std::size_t>(size));
        }));
    graph_.value(made).type = type;
    return made;
  }

  void sink(ImportNode node, const Order& order) {
    const ImportValueId output = node.outputs.front();
    const ImportValue wanted = graph_.value(output);
    OnnxShape before(order.size());
    for (std::size_t axis = 0; axis < order.size(); ++axis) {
      before[static_cast<std::size_t>(order[axis])] = (*wanted.shape)[axis];
    }
    for (ImportValueId& input : node.inputs) {
      input = turned_back(input, order);
    }
    const ImportValueId made =
        graph_.add_value({.name = wanted.name, .type = wanted.type, .shape = before});
    ImportNode transpose{.name = node.name + ".transpose",
                         .op = "Transpose",
                         .domain = {},
                         .inputs = {made},
                         .outputs = {output},
                         .attributes = {}};
    transpose.set("perm", order);
    node.outputs = {made};
    add(std::move(node));
    add(std::move(transpose));
  }

  ImportGraph& graph_;
  std::vector<std::ptrdiff_t> makers_;  ///< by value
};

}  // namespace

std::int64_t sink_transposes(ImportGraph& graph) {
  return Sinking(graph).run();
}

}  // namespace systole
