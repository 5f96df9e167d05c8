#include <optional>
#include <utility>
#include <vector>

#include "compiler/frontend/onnx/passes/passes.h"
#include "compiler/frontend/onnx/passes/pattern.h"

namespace systole {

namespace {

/// Columns first..first + size of a matrix, or numbers of a vector.
OnnxConstant columns(const OnnxConstant& from, std::int64_t first, std::int64_t size) {
  OnnxShape shape = from.shape();
  const std::int64_t width = shape.back();
  shape.back() = size;
  const auto make = [from, first, size, width] {
    const std::vector<float> numbers = from.floats();
    std::vector<float> part;
    for (std::int64_t row = 0; row < from.elements() / width; ++row) {
      const auto at = numbers.begin() + row * width + first;
      part.insert(part.end(), at, at + size);
    }
    return OnnxConstant::of_floats({static_cast<std::int64_t>(part.size())}, part).bytes();
  };
  return OnnxConstant::deferred(OnnxType::Float, shape, make);
}

/// Sizes of the parts, if the node cuts the last axis of a dense layer's results.
std::optional<std::vector<std::int64_t>> parts_of(const ImportGraph& graph, const ImportNode& dense,
                                                  const ImportNode& split) {
  const ImportValueId made = dense.outputs.front();
  const auto& shape = graph.value(made).shape;
  const auto parts = split.integers("parts");
  if (!split.is("Split") || split.input(0) != made || !shape || !parts ||
      parts->size() != split.outputs.size()) {
    return std::nullopt;
  }
  const std::int64_t axis = split.integer("axis", 0);
  const auto last = static_cast<std::int64_t>(shape->size()) - 1;
  const bool has_scales = graph.value(dense.input(1)).scales.has_value();
  bool some = true;
  for (const std::int64_t size : *parts) {
    some = some && size > 0;
  }
  return (axis == -1 || axis == last) && some && !has_scales ? parts : std::nullopt;
}

}  // namespace

std::int64_t split_dense(ImportGraph& graph) {
  std::int64_t changed = 0;
  const Pattern pattern(graph);
  std::vector<ImportNode> nodes;
  for (ImportNode& node : graph.nodes) {
    const ImportNode* dense = node.is("Split") ? pattern.maker(node.input(0)) : nullptr;
    const auto parts = dense != nullptr && dense->full_op() == "systole.Dense" &&
                               pattern.is_read_once(node.input(0))
                           ? parts_of(graph, *dense, node)
                           : std::nullopt;
    if (!parts) {
      nodes.push_back(node);
      continue;
    }
    ++changed;
    std::int64_t first = 0;
    for (std::size_t i = 0; i < parts->size(); ++i) {
      ImportNode part{.name = node.name + "." + std::to_string(i),
                      .op = "Dense",
                      .domain = "systole",
                      .inputs = {dense->input(0)},
                      .outputs = {node.outputs[i]},
                      .attributes = dense->attributes};
      for (std::size_t input = 1; input < dense->inputs.size(); ++input) {
        const ImportValueId from = dense->inputs[input];
        const std::string name = graph.value(from).name;
        part.inputs.push_back(
            graph.add_constant(name, columns(*graph.constant(from), first, (*parts)[i])));
      }
      nodes.push_back(std::move(part));
      first += (*parts)[i];
    }
  }
  if (changed > 0) {
    graph.nodes = std::move(nodes);
    remove_unused(graph);
  }
  return changed;
}

}  // namespace systole
