#include <algorithm>
#include <optional>
#include <vector>

#include "compiler/frontend/onnx/passes/passes.h"
#include "compiler/frontend/onnx/passes/pattern.h"

namespace systole {

namespace {

constexpr std::size_t kTokens = 2;  // axis of [batch, heads, tokens, features]

class CacheTaker {
 public:
  explicit CacheTaker(ImportGraph& graph) : graph_(graph), pattern_(graph) {}

  std::int64_t run() {
    std::vector<std::size_t> found;
    for (std::size_t i = 0; i < graph_.nodes.size(); ++i) {
      if (grows(graph_.nodes[i])) {
        found.push_back(i);
      }
    }
    if (found.size() == graph_.outputs.size()) {
      return 0;  // something has to come out
    }
    for (const std::size_t index : found) {
      ImportNode& node = graph_.nodes[index];
      graph_.value(node.inputs[0]).cache = graph_.value(node.outputs.front()).shape;
      node.op = "Append";
      node.domain = "systole";
      node.attributes.clear();
    }
    return static_cast<std::int64_t>(found.size());
  }

 private:
  /// Whether the node puts tokens behind an input that nobody else reads, for an output and for the
  /// right side of products.
  [[nodiscard]] bool grows(const ImportNode& node) const {
    if (!node.is("Concat") || node.inputs.size() != 2 || !is_cache(node.input(0))) {
      return false;
    }
    const ImportValueId made = node.outputs.front();
    const std::int64_t axis = node.integer("axis", 0);
    return (axis == static_cast<std::int64_t>(kTokens) || axis == -2) && graph_.is_output(made) &&
           graph_.constant(node.input(1)) == nullptr && !graph_.value(made).quantization &&
           is_multiplied(made);
  }

  [[nodiscard]] bool is_cache(ImportValueId id) const {
    const ImportValue& value = graph_.value(id);
    return std::find(graph_.inputs.begin(), graph_.inputs.end(), id) != graph_.inputs.end() &&
           pattern_.uses().count(id) == 1 && value.shape && value.shape->size() == 4 &&
           is_floating(value.type) && !value.quantization;
  }

  /// By all that read it, at least one: products have it on their right, transposed or not.
  [[nodiscard]] bool is_multiplied(ImportValueId id) const {
    const std::vector<std::size_t>& readers = pattern_.uses().readers(id);
    return !readers.empty() && std::all_of(readers.begin(), readers.end(), [&](std::size_t reader) {
      const ImportNode& node = graph_.nodes[reader];
      if (node.is("MatMul") || node.full_op() == "systole.MatMul") {
        return node.input(0) != id && node.input(1) == id &&
               graph_.value(node.input(0)).shape->size() == 4;
      }
      const auto order = node.integers("perm");
      return node.is("Transpose") && order == std::vector<std::int64_t>{0, 1, 3, 2} &&
             !graph_.is_output(node.outputs.front()) && is_multiplied(node.outputs.front());
    });
  }

  ImportGraph& graph_;
  Pattern pattern_;
};

}  // namespace

std::int64_t take_caches(ImportGraph& graph) {
  return CacheTaker(graph).run();
}

}  // namespace systole
