#include <cstddef>
#include <optional>
#include <vector>

#include "compiler/frontend/onnx/passes/passes.h"
#include "compiler/frontend/onnx/passes/pattern.h"

namespace systole {

namespace {

/// The only axis that a sum adds up, and keeps.
std::optional<std::int64_t> axis_of_sum(const ImportNode& sum) {
  const auto axes = sum.integers("axes");
  return axes && axes->size() == 1 && sum.integer("keepdims", 1) != 0 ? std::optional((*axes)[0])
                                                                      : std::nullopt;
}

/// x, where the value is x less something that is the same along the axis.
ImportValueId unshifted(const Pattern& pattern, ImportValueId value, std::int64_t axis) {
  const ImportNode* node = pattern.maker(value, "Sub");
  if (node == nullptr) {
    return value;
  }
  const ImportGraph& graph = pattern.graph();
  const auto& shape = graph.value(value).shape;
  const auto& from = graph.value(node->input(0)).shape;
  const auto& shift = graph.value(node->input(1)).shape;
  if (!shape || !from || !shift || *from != *shape) {
    return value;
  }
  const std::ptrdiff_t place = axis - std::ssize(*shape) + std::ssize(*shift);
  const bool is_same = place < 0 || (*shift)[static_cast<std::size_t>(place)] == 1;
  return is_same ? node->input(0) : value;
}

struct Found {
  ImportValueId x = kNoValue;
  std::int64_t axis = 0;
};

/// e / sum(e), or e * (1 / sum(e)), of e = exp(x - m).
std::optional<Found> softmax(const Pattern& pattern, const ImportNode& node) {
  const bool divides = node.is("Div");
  if (!divides && !node.is("Mul")) {
    return std::nullopt;
  }
  for (const std::size_t side : kSides) {
    if (divides && side == 1) {
      break;
    }
    const ImportValueId numerator = node.input(side);
    ImportValueId total = node.input(1 - side);
    if (!divides) {
      const ImportNode* inverse = pattern.maker(total, "Reciprocal");
      total = inverse == nullptr ? kNoValue : inverse->input(0);
    }
    const ImportNode* sum = pattern.maker(total, "ReduceSum");
    const ImportNode* power = pattern.maker(numerator, "Exp");
    const auto axis = sum == nullptr ? std::nullopt : axis_of_sum(*sum);
    if (axis && power != nullptr && sum->input(0) == numerator) {
      return Found{.x = unshifted(pattern, power->input(0), *axis), .axis = *axis};
    }
  }
  return std::nullopt;
}

/// d - log(sum(exp(d))) of d = x - m.
std::optional<Found> log_softmax(const Pattern& pattern, const ImportNode& node) {
  const ImportNode* log = node.is("Sub") ? pattern.maker(node.input(1), "Log") : nullptr;
  const ImportNode* sum = log == nullptr ? nullptr : pattern.maker(log->input(0), "ReduceSum");
  const ImportNode* power = sum == nullptr ? nullptr : pattern.maker(sum->input(0), "Exp");
  const auto axis = sum == nullptr ? std::nullopt : axis_of_sum(*sum);
  if (!axis || power == nullptr || power->input(0) != node.input(0)) {
    return std::nullopt;
  }
  return Found{.x = unshifted(pattern, node.input(0), *axis), .axis = *axis};
}

}  // namespace

std::int64_t recognise_softmax(ImportGraph& graph) {
  std::int64_t recognised = 0;
  const Pattern pattern(graph);
  for (ImportNode& node : graph.nodes) {
    const auto found = softmax(pattern, node);
    const auto logarithm = found ? std::nullopt : log_softmax(pattern, node);
    if (!found && !logarithm) {
      continue;
    }
    node.op = found ? "Softmax" : "LogSoftmax";
    node.inputs = {found ? found->x : logarithm->x};
    node.attributes.clear();
    node.set("axis", found ? found->axis : logarithm->axis);
    ++recognised;
  }
  remove_unused(graph);
  return recognised;
}

}  // namespace systole
