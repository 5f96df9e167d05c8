#include "reference/compare/tensor_names.h"

#include <variant>

#include "arch/diag/check.h"
#include "compiler/graph/hold.h"

namespace systole {

TensorNames::TensorNames(const Graph& graph, const Program& program)
    : graph_(graph), program_(program) {
  for (std::size_t i = 0; i < program.tensors.size(); ++i) {
    const ProgramTensor& tensor = program.tensors[i];
    if (tensor.role != TensorRole::Constant) {
      const bool fresh = ids_.emplace(tensor.name, static_cast<TensorId>(i)).second;
      SYSTOLE_CHECK(fresh, "two tensors of the program are called {}", tensor.name);
    }
  }
  for (const Node& node : graph.nodes) {
    if (const auto input = node.shared_input()) {
      viewed_[node.output()] = node.inputs.at(*input);
    } else if (is_hold(graph, node)) {
      viewed_[node.output()] = node.inputs.front();
    }
  }
  // What a fused layer computes is in the place of the result before it.
  for (std::size_t layer = 1; layer < program.layers.size(); ++layer) {
    if (program.layers[layer].fused) {
      viewed_[graph.nodes.at(layer).output()] = graph.nodes[layer - 1].output();
    }
  }
}

std::optional<TensorId> TensorNames::find(GraphTensorId tensor) const {
  const GraphTensor& wanted = graph_.tensor(tensor);
  const auto found = ids_.find(wanted.name);
  if (found == ids_.end()) {
    const auto view = viewed_.find(tensor);
    return view == viewed_.end() ? std::nullopt : find(view->second);
  }
  const ProgramTensor& kept = program_.tensors[static_cast<std::size_t>(found->second)];
  SYSTOLE_CHECK(kept.type == wanted.type.element && kept.bytes() == wanted.bytes(),
                "{}: {} bytes of {}, expected {} of {}", kept.name, kept.bytes(),
                name_of(kept.type), wanted.bytes(), name_of(wanted.type.element));
  return found->second;
}

}  // namespace systole
