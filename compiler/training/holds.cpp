#include "compiler/training/holds.h"

#include <algorithm>
#include <numeric>
#include <set>

namespace systole {

namespace {

/// Nodes with work of their own between two that touch a tensor, from which on it is kept. Fewer
/// are what an operator is made of, or its neighbours.
constexpr std::size_t kLong = 24;

bool multiplies(const Graph& graph, std::size_t node) {
  return gemm_shape(graph, graph.nodes[node]).has_value();
}

/// Behind a product what reads its result stays, so that it can be done on the way out.
std::size_t place_before(const Graph& graph, std::size_t reader) {
  const std::vector<GraphTensorId>& inputs = graph.nodes[reader].inputs;
  std::size_t before = reader;
  while (before > 0 && (before == reader || graph.nodes[before].is_view())) {
    --before;
  }
  const bool follows =
      multiplies(graph, before) &&
      std::find(inputs.begin(), inputs.end(), graph.nodes[before].output()) != inputs.end();
  return follows ? before : reader;
}

}  // namespace

std::vector<KeptTensor> kept_tensors(const Graph& graph, std::int64_t most_bytes) {
  const std::size_t tensors = graph.tensors.size();
  std::vector<GraphTensorId> roots(tensors);
  std::iota(roots.begin(), roots.end(), 0);
  std::vector<KeptTensor> kept(tensors);         // by root
  std::vector<std::size_t> touched(tensors, 0);  // by root: when last, in nodes with work
  std::set<GraphTensorId> made;                  // by nodes
  std::size_t now = 0;
  for (std::size_t index = 0; index < graph.nodes.size(); ++index) {
    const Node& node = graph.nodes[index];
    const auto output = static_cast<std::size_t>(node.output());
    if (const auto shared = node.shared_input()) {
      roots[output] = roots[static_cast<std::size_t>(node.inputs[*shared])];
    }
    if (node.is_view()) {
      continue;
    }
    ++now;
    for (std::size_t input = 0; input < node.inputs.size(); ++input) {
      const GraphTensorId root = roots[static_cast<std::size_t>(node.inputs[input])];
      if (made.count(root) == 0) {
        continue;
      }
      KeptTensor& tensor = kept[static_cast<std::size_t>(root)];
      std::size_t& last = touched[static_cast<std::size_t>(root)];
      if (now - last > kLong) {
        tensor.returns.push_back({.before = place_before(graph, index), .readers = {}});
      }
      if (!tensor.returns.empty()) {
        tensor.returns.back().readers.push_back({.node = index, .input = input});
      }
      last = now;
    }
    const GraphTensor& tensor = graph.tensor(node.output());
    if (!node.shared_input() && tensor.type.bytes() <= most_bytes) {
      made.insert(node.output());
      kept[output] = {.tensor = node.output(), .made_by = index, .returns = {}};
      touched[output] = now;
    }
  }
  kept.erase(std::remove_if(kept.begin(), kept.end(),
                            [](const KeptTensor& tensor) { return tensor.returns.empty(); }),
             kept.end());
  std::stable_sort(kept.begin(), kept.end(),
                   [](const KeptTensor& a, const KeptTensor& b) { return a.made_by < b.made_by; });
  return kept;
}

}  // namespace systole
