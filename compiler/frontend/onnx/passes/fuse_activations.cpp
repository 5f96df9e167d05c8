#include <limits>
#include <optional>

#include "compiler/frontend/onnx/operator_names.h"
#include "compiler/frontend/onnx/passes/passes.h"
#include "compiler/ops/functions.h"

namespace systole {

namespace {

bool can_fuse(const ImportNode& node, ActivationKind kind) {
  const bool weighted = node.is("Conv") || (node.domain == "systole" && node.op == "Dense");
  // Behind a sum of two tensors there is a clamp at most (compiler/ops/add.cpp).
  const bool sum = node.is("Add") && !function_of(kind).is_looked_up();
  return (weighted || sum) && node.attribute("activation") == nullptr;
}

}  // namespace

std::int64_t fuse_activations(ImportGraph& graph) {
  std::int64_t fused = 0;
  const ImportUses uses(graph);
  for (ImportNode& node : graph.nodes) {
    if (node.outputs.size() != 1 || uses.readers(node.outputs.front()).size() != 1 ||
        graph.is_output(node.outputs.front())) {
      continue;
    }
    const ImportValue& between = graph.value(node.outputs.front());
    ImportNode& next = graph.nodes[uses.readers(node.outputs.front()).front()];
    const auto kind = number_function_of(graph, next);
    if (!kind || !can_fuse(node, *kind)) {
      continue;
    }
    // What is rounded to int8 in between is looked up, or it stays.
    if (between.quantization && !function_of(*kind).is_looked_up()) {
      continue;
    }
    // A sum of a constant is none of two tensors.
    if (node.is("Add") &&
        (graph.constant(node.input(0)) != nullptr || graph.constant(node.input(1)) != nullptr)) {
      continue;
    }
    OnnxAttribute attribute{.kind = OnnxAttribute::Kind::String};
    attribute.text = std::string(name_of(*kind));
    node.attributes.insert_or_assign("activation", std::move(attribute));
    node.before = between.quantization;
    node.outputs = next.outputs;
    next.outputs.clear();
    next.op = "Folded";
    ++fused;
  }
  std::erase_if(graph.nodes, [](const ImportNode& node) { return node.outputs.empty(); });
  return fused;
}

}  // namespace systole
