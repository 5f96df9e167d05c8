#include <cmath>
#include <numeric>
#include <optional>
#include <vector>

#include "compiler/frontend/onnx/passes/passes.h"
#include "compiler/frontend/onnx/passes/pattern.h"

namespace systole {

namespace {

/// What a node multiplies its other input by.
struct Scaled {
  ImportValueId value = kNoValue;
  double factor = 1;
};

std::optional<Scaled> scaled(const ImportGraph& graph, const ImportNode& node) {
  for (const std::size_t side : kSides) {
    const auto number = graph.scalar(node.input(1 - side));
    const bool fits =
        number && std::isfinite(*number) && *number > 0 &&
        graph.constant(node.input(side)) == nullptr && !node.outputs.empty() &&
        graph.value(node.input(side)).shape == graph.value(node.outputs.front()).shape;
    if (fits && node.is("Mul")) {
      return Scaled{.value = node.input(side), .factor = static_cast<double>(*number)};
    }
    if (fits && node.is("Div") && side == 0) {
      return Scaled{.value = node.input(0), .factor = 1 / static_cast<double>(*number)};
    }
  }
  return std::nullopt;
}

bool moves_elements(const ImportNode& node) {
  return node.is("Transpose") || node.is("Reshape") || node.is("Flatten") || node.is("Squeeze") ||
         node.is("Unsqueeze");
}

class ScaleFolder {
 public:
  explicit ScaleFolder(ImportGraph& graph)
      : graph_(graph), pattern_(graph), by_(graph.values.size()) {
    std::iota(by_.begin(), by_.end(), 0);
  }

  std::int64_t run() {
    for (ImportNode& node : graph_.nodes) {
      if (is_product(node)) {
        double factor = static_cast<double>(node.number("scale", 1.0F));
        take_before(node.input(0), factor);
        take_before(node.input(1), factor);
        take_behind(node, factor);
        if (factor != 1) {
          node.set("scale", static_cast<float>(factor));
        }
      }
    }
    if (folded_ > 0) {
      graph_.replace(by_);
      remove_unused(graph_);
    }
    return folded_;
  }

 private:
  /// Of two tensors that depend on inputs.
  [[nodiscard]] bool is_product(const ImportNode& node) const {
    return (node.is("MatMul") || node.full_op() == "systole.MatMul") && node.inputs.size() == 2 &&
           graph_.constant(node.input(0)) == nullptr && graph_.constant(node.input(1)) == nullptr;
  }

  /// A factor of an operand, seen through what moves its elements.
  void take_before(ImportValueId value, double& factor) {
    const ImportNode* node = pattern_.maker(value);
    while (node != nullptr && pattern_.is_read_once(value) && moves_elements(*node)) {
      value = node->input(0);
      node = pattern_.maker(value);
    }
    if (node == nullptr || !pattern_.is_read_once(value)) {
      return;
    }
    if (const auto found = scaled(graph_, *node)) {
      by_[static_cast<std::size_t>(value)] = by_[static_cast<std::size_t>(found->value)];
      factor *= found->factor;
      ++folded_;
    }
  }

  void take_behind(const ImportNode& product, double& factor) {
    const ImportValueId made = product.outputs.front();
    const std::ptrdiff_t reader = pattern_.only_reader(made);
    if (reader < 0) {
      return;
    }
    const ImportNode& next = graph_.nodes[static_cast<std::size_t>(reader)];
    const auto found = scaled(graph_, next);
    if (found && found->value == made && !graph_.is_output(next.outputs.front())) {
      by_[static_cast<std::size_t>(next.outputs.front())] = made;
      factor *= found->factor;
      ++folded_;
    }
  }

  ImportGraph& graph_;
  Pattern pattern_;
  std::vector<ImportValueId> by_;
  std::int64_t folded_ = 0;
};

}  // namespace

std::int64_t fold_scales(ImportGraph& graph) {
  return ScaleFolder(graph).run();
}

}  // namespace systole
