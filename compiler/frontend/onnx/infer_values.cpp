#include "compiler/frontend/onnx/infer_values.h"

#include <algorithm>
#include <stdexcept>

#include "compiler/frontend/onnx/infer/inference.h"

namespace systole {

namespace {

const onnx_inference::InferRule* rule_named(std::string_view op) {
  for (const auto rules : {onnx_inference::constant_shapes(), onnx_inference::element_shapes(),
                           onnx_inference::image_shapes(), onnx_inference::movement_shapes(),
                           onnx_inference::product_shapes(), onnx_inference::quantised_shapes(),
                           onnx_inference::row_shapes()}) {
    const auto found =
        std::find_if(rules.begin(), rules.end(),
                     [&](const onnx_inference::InferRule& rule) { return rule.op == op; });
    if (found != rules.end()) {
      return &*found;
    }
  }
  return nullptr;
}

const onnx_inference::InferRule* rule_of(const ImportNode& node) {
  return node.domain.empty() ? rule_named(node.op) : nullptr;
}

/// What a rule needs to know of inputs; Constant has none.
bool knows_inputs(const ImportGraph& graph, const ImportNode& node) {
  return std::all_of(node.inputs.begin(), node.inputs.end(), [&](ImportValueId input) {
    return input == kNoValue || graph.value(input).shape.has_value();
  });
}

}  // namespace

bool is_inferred(std::string_view op) {
  return rule_named(op) != nullptr;
}

std::optional<OnnxShape> broadcast_shape(const OnnxShape& a, const OnnxShape& b) {
  const std::size_t rank = std::max(a.size(), b.size());
  OnnxShape shape(rank, 1);
  for (std::size_t i = 0; i < rank; ++i) {
    const std::int64_t x = i < a.size() ? a[a.size() - 1 - i] : 1;
    const std::int64_t y = i < b.size() ? b[b.size() - 1 - i] : 1;
    if (x != y && x != 1 && y != 1) {
      return std::nullopt;
    }
    shape[rank - 1 - i] = x == 1 ? y : x;
  }
  return shape;
}

std::size_t axis_of(std::int64_t axis, std::size_t rank) {
  const auto size = static_cast<std::int64_t>(rank);
  if (axis < -size || axis >= size) {
    throw std::out_of_range("axis");
  }
  return static_cast<std::size_t>(axis < 0 ? axis + size : axis);
}

std::vector<ImportRefusal> infer_values(ImportGraph& graph) {
  std::vector<ImportRefusal> refusals;
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
    ImportNode& node = graph.nodes[i];
    const onnx_inference::InferRule* rule = rule_of(node);
    if (rule == nullptr || node.outputs.empty() || !knows_inputs(graph, node)) {
      continue;
    }
    onnx_inference::Inference in(graph, node);
    try {
      rule->infer(in);
    } catch (const onnx_inference::Contradiction& error) {
      refusals.push_back({.node = node.name, .op = node.full_op(), .reason = error.what()});
      for (const ImportValueId output : node.outputs) {
        graph.value(output).shape.reset();
        graph.value(output).constant.reset();
      }
    }
  }
  // What is a constant needs nobody to compute it.
  std::erase_if(graph.nodes, [&](const ImportNode& node) {
    return !node.outputs.empty() &&
           std::all_of(node.outputs.begin(), node.outputs.end(),
                       [&](ImportValueId output) { return graph.constant(output) != nullptr; });
  });
  remove_unused(graph);
  return refusals;
}

}  // namespace systole
