#include "compiler/allocation/lifetimes.h"

#include <algorithm>
#include <numeric>

namespace systole {

void Lifetime::touch(std::int32_t layer) {
  first = first < 0 ? layer : std::min(first, layer);
  last = std::max(last, layer);
}

TensorLives tensor_lives(const Graph& graph) {
  TensorLives lives;
  lives.roots.resize(graph.tensors.size());
  std::iota(lives.roots.begin(), lives.roots.end(), GraphTensorId{0});
  for (const Node& node : graph.nodes) {
    if (const auto input = node.shared_input()) {
      lives.roots[static_cast<std::size_t>(node.output())] = lives.root(node.inputs[*input]);
    }
  }
  lives.lifetimes.resize(graph.tensors.size());
  for (std::size_t layer = 0; layer < graph.nodes.size(); ++layer) {
    const Node& node = graph.nodes[layer];
    // What is fused is done by the layer before.
    const std::size_t at = node.fused ? layer - 1 : layer;
    const auto touch = [&](GraphTensorId tensor) {
      lives.lifetimes[static_cast<std::size_t>(lives.root(tensor))].touch(
          static_cast<std::int32_t>(at));
    };
    const auto inputs = graph.data_inputs(node);
    std::for_each(inputs.begin(), inputs.end(), touch);
    touch(node.output());
  }
  return lives;
}

}  // namespace systole
