#include "compiler/graph/hold.h"

#include "compiler/graph/kept_work.h"

namespace systole {

bool is_hold(const Graph& graph, const Node& node) {
  if (!graph.step || node.fused || node.inputs.size() != 1) {
    return false;
  }
  const auto work = kept_work(node);
  const auto* rows = std::get_if<RowWork>(work.get());
  if (rows == nullptr || rows->in_place || rows->pieces.size() != 1 ||
      rows->pieces.front().stages.size() != 1) {
    return false;
  }
  const RowPiece& piece = rows->pieces.front();
  const auto* load = std::get_if<LoadStage>(&piece.stages.front());
  const TensorType& from = graph.tensor(node.inputs.front()).type;
  const TensorType& to = graph.tensor(node.output()).type;
  return load != nullptr && !load->single && !load->swapped &&
         piece.sources.front() == RowSource{.input = 0, .first_column = 0} &&
         from.element == to.element && from.extents == to.extents;
}

std::vector<bool> held_in_dram(const Graph& graph) {
  std::vector<bool> made(graph.tensors.size(), false);
  std::vector<bool> held(graph.tensors.size(), false);
  for (const Node& node : graph.nodes) {
    if (is_hold(graph, node)) {
      const auto input = static_cast<std::size_t>(node.inputs.front());
      held[input] = held[input] || made[input];
      made[static_cast<std::size_t>(node.output())] = true;
    }
  }
  return held;
}

}  // namespace systole
