#include "compiler/mapping/tile_source.h"

#include <algorithm>

#include "compiler/graph/kept_work.h"

namespace systole {

bool takes_tiles(const Node& node, std::size_t input) {
  return input == kRightInput && node.does<MatmulWork>();
}

bool stays_away(const Node& node, std::size_t input) {
  if (takes_tiles(node, input)) {
    return true;
  }
  if (node.shared_input() != input || node.is_view()) {
    return false;
  }
  const auto kept = kept_work(node);
  const Work& work = *kept;
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
