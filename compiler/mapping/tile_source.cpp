#include "compiler/mapping/tile_source.h"

#include <algorithm>

namespace systole {

bool takes_tiles(const Node& node, std::size_t input) {
  return input == kRightInput && std::holds_alternative<MatmulWork>(node.work());
}

bool stays_away(const Node& node, std::size_t input) {
  if (takes_tiles(node, input)) {
    return true;
  }
  if (node.shared_input() != input || node.is_view()) {
    return false;
  }
  const Work work = node.work();
  const auto* rows = std::get_if<RowWork>(&work);
  return rows == nullptr || !rows->in_place->is_read;
}

bool has_home_in_dram(const ChipSpec& chip, const Graph& graph, const TensorLives& lives,
                      GraphTensorId tensor) {
  const auto has = [&](const std::vector<GraphTensorId>& tensors) {
    return std::any_of(tensors.begin(), tensors.end(), [&](GraphTensorId other) {
      return lives.root(other) == lives.root(tensor);
    });
  };
  return chip.io == IoMemory::Device || !(has(graph.inputs) || has(graph.outputs));
}

}  // namespace systole
