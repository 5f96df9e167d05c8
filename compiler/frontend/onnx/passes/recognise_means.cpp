#include <cmath>
#include <optional>
#include <vector>

#include "compiler/frontend/onnx/passes/passes.h"
#include "compiler/frontend/onnx/passes/pattern.h"

namespace systole {

namespace {

bool cancels(double product) {
  constexpr double kAlmost = 1e-6;
  return std::abs(product - 1) <= kAlmost;
}

/// A value times a number.
struct Scaling {
  ImportValueId x = kNoValue;
  double factor = 1;
};

std::optional<Scaling> scaling_of(const ImportGraph& graph, const ImportNode& node) {
  if (!node.is("Mul") && !node.is("Div")) {
    return std::nullopt;
  }
  for (const std::size_t side : kSides) {
    const auto number = graph.scalar(node.input(side));
    const ImportValueId x = node.input(1 - side);
    const bool fits = number && *number != 0 && (node.is("Mul") || side == 1) &&
                      is_floating(graph.value(x).type) && graph.constant(x) == nullptr &&
                      graph.value(x).shape == graph.value(node.outputs.front()).shape;
    if (fits) {
      const auto factor = static_cast<double>(*number);
      return Scaling{.x = x, .factor = node.is("Mul") ? factor : 1 / factor};
    }
  }
  return std::nullopt;
}

/// The number of elements that a sum adds up.
std::int64_t summands(const ImportGraph& graph, const ImportNode& sum) {
  const auto& from = graph.value(sum.input(0)).shape;
  const auto& to = graph.value(sum.outputs.front()).shape;
  return from && to && elements_of(*to) > 0 ? elements_of(*from) / elements_of(*to) : 0;
}

bool recognise_mean(const Pattern& pattern, ImportNode& node) {
  const ImportGraph& graph = pattern.graph();
  const auto found = scaling_of(graph, node);
  const ImportNode* before = found ? pattern.maker(found->x) : nullptr;
  if (before == nullptr) {
    return false;
  }
  if (before->is("ReduceSum") &&
      cancels(found->factor * static_cast<double>(summands(graph, *before)))) {
    node.op = "ReduceMean";
    node.inputs = before->inputs;
    node.attributes = before->attributes;
    return true;
  }
  const auto inner = scaling_of(graph, *before);
  if (inner && cancels(inner->factor * found->factor)) {
    node.op = "Identity";
    node.inputs = {inner->x};
    node.attributes.clear();
    return true;
  }
  return false;
}

}  // namespace

std::int64_t recognise_means(ImportGraph& graph) {
  std::int64_t recognised = 0;
  const Pattern pattern(graph);
  for (ImportNode& node : graph.nodes) {
    recognised += recognise_mean(pattern, node) ? 1 : 0;
  }
  remove_unused(graph);
  return recognised;
}

}  // namespace systole
