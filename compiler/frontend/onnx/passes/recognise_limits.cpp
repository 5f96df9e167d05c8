#include <limits>
#include <optional>
#include <utility>

#include "compiler/frontend/onnx/passes/passes.h"
#include "compiler/frontend/onnx/passes/pattern.h"

namespace systole {

namespace {

constexpr float kLargest = std::numeric_limits<float>::max();

/// x and the number, of an operator of the two.
struct WithNumber {
  ImportValueId x = kNoValue;
  ImportValueId limit = kNoValue;
  float number = 0;
};

std::optional<WithNumber> with_number(const ImportGraph& graph, const ImportNode& node) {
  if (node.inputs.size() != 2) {
    return std::nullopt;
  }
  for (const std::size_t side : kSides) {
    const ImportValueId limit = node.input(side);
    const ImportValueId x = node.input(1 - side);
    const auto number = graph.scalar(limit);
    // The number changes no shape.
    if (number && is_floating(graph.value(x).type) && graph.constant(x) == nullptr &&
        graph.value(x).shape == graph.value(node.outputs.front()).shape) {
      return WithNumber{.x = x, .limit = limit, .number = *number};
    }
  }
  return std::nullopt;
}

void become(ImportNode& node, std::string_view op, std::vector<ImportValueId> inputs) {
  node.op = std::string(op);
  node.inputs = std::move(inputs);
  node.attributes.clear();
}

/// Numbers below the limit become it.
void limit_below(ImportNode& node, const WithNumber& found) {
  if (found.number <= -kLargest) {
    become(node, "Identity", {found.x});
  } else if (found.number == 0) {
    become(node, "Relu", {found.x});
  } else {
    become(node, "Clip", {found.x, found.limit});
  }
}

/// Numbers above it do, those below another one if that is how x is made.
void limit_above(ImportGraph& graph, const Pattern& pattern, ImportNode& node,
                 const WithNumber& found) {
  if (found.number >= kLargest) {
    become(node, "Identity", {found.x});
    return;
  }
  const ImportNode* before = pattern.maker(found.x);
  if (before != nullptr && pattern.is_read_once(found.x)) {
    if (before->is("Relu")) {
      const ImportValueId from = before->input(0);
      const ImportValueId zero = graph.add_constant("zero", OnnxConstant::of_floats({}, {0}));
      become(node, "Clip", {from, zero, found.limit});
      return;
    }
    if (before->is("Clip") && before->input(1) != kNoValue && before->input(2) == kNoValue) {
      become(node, "Clip", {before->input(0), before->input(1), found.limit});
      return;
    }
  }
  become(node, "Clip", {found.x, kNoValue, found.limit});
}

}  // namespace

std::int64_t recognise_limits(ImportGraph& graph) {
  std::int64_t recognised = 0;
  const Pattern pattern(graph);
  for (ImportNode& node : graph.nodes) {
    const bool below = node.is("Max");
    if (!below && !node.is("Min")) {
      continue;
    }
    const auto found = with_number(graph, node);
    if (!found) {
      continue;
    }
    ++recognised;
    if (below) {
      limit_below(node, *found);
    } else {
      limit_above(graph, pattern, node, *found);
    }
  }
  remove_unused(graph);
  return recognised;
}

}  // namespace systole
