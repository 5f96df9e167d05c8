#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <numeric>
#include <string_view>
#include <vector>

#include "compiler/frontend/onnx/passes/passes.h"

namespace systole {

namespace {

bool is_one_of(const ImportNode& node, std::initializer_list<std::string_view> ops) {
  return node.domain.empty() && std::find(ops.begin(), ops.end(), node.op) != ops.end();
}

bool passes_on(const ImportGraph& graph, const ImportNode& node) {
  const ImportValueId input = node.input(0);
  if (input == kNoValue || node.outputs.empty()) {
    return false;
  }
  const ImportValue& from = graph.value(input);
  const ImportValue& to = graph.value(node.outputs.front());
  if (to.quantization && from.quantization != to.quantization) {
    return false;  // rounded on its way
  }
  if (is_one_of(node, {"Identity", "Dropout"})) {
    return true;
  }
  if (!from.shape || from.shape != to.shape) {
    return false;
  }
  if (is_one_of(node, {"Cast", "CastLike"})) {
    return from.type == to.type || (is_floating(from.type) && is_floating(to.type));
  }
  if (is_one_of(node, {"Sum", "Max", "Min", "Mean", "Concat"})) {
    return node.inputs.size() == 1;
  }
  if (node.is("Pad")) {
    const auto pads = node.integers("pads");
    return pads && std::all_of(pads->begin(), pads->end(), [](std::int64_t p) { return p == 0; });
  }
  const std::vector<std::int64_t> steps = node.integers("by").value_or(std::vector<std::int64_t>{});
  const bool turns = std::any_of(steps.begin(), steps.end(), [](std::int64_t s) { return s < 0; });
  return !turns && is_one_of(node, {"Expand", "Reshape", "Tile", "Slice", "Flatten", "Squeeze"});
}

/// Parts of a Concat that have no elements.
void drop_empty_parts(const ImportGraph& graph, ImportNode& node) {
  if (!node.is("Concat")) {
    return;
  }
  std::vector<ImportValueId> parts;
  for (const ImportValueId input : node.inputs) {
    const OnnxConstant* constant = graph.constant(input);
    if (constant == nullptr || constant->elements() > 0) {
      parts.push_back(input);
    }
  }
  if (!parts.empty()) {
    node.inputs = std::move(parts);
  }
}

bool is_input(const ImportGraph& graph, ImportValueId id) {
  return std::find(graph.inputs.begin(), graph.inputs.end(), id) != graph.inputs.end();
}

}  // namespace

std::int64_t remove_identities(ImportGraph& graph) {
  std::int64_t removed = 0;
  const ImportUses uses(graph);
  std::vector<ImportValueId> by(graph.values.size());
  std::iota(by.begin(), by.end(), 0);
  for (ImportNode& node : graph.nodes) {  // in order: what an input became is known
    const bool others_unread =
        std::all_of(node.outputs.begin() + (node.outputs.empty() ? 0 : 1), node.outputs.end(),
                    [&](ImportValueId output) { return uses.count(output) == 0; });
    drop_empty_parts(graph, node);
    if (!others_unread || !passes_on(graph, node)) {
      continue;
    }
    const ImportValueId from = by[static_cast<std::size_t>(node.inputs.front())];
    if (graph.is_output(node.outputs.front()) && is_input(graph, from)) {
      node.op = "Identity";  // an output by a name of its own
      node.domain.clear();
      node.attributes.clear();
      node.inputs = {from};
    } else {
      by[static_cast<std::size_t>(node.outputs.front())] = from;
      ++removed;
    }
  }
  graph.replace(by);
  remove_unused(graph);
  return removed;
}

}  // namespace systole
