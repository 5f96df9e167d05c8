#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "arch/diag/check.h"
#include "compiler/graph/graph.h"

namespace systole::reference {

template <class Value>
using Shared = std::shared_ptr<const std::vector<Value>>;

/// The tensors of a network that are still to be read, packed NHWC. A tensor is dropped when its
/// last consumer is done (and other copies are), so the peak is a layer, not the network.
template <class Value>
class LiveTensors {
 public:
  explicit LiveTensors(const Graph& graph)
      : graph_(graph), live_(graph.tensors.size()), uses_ahead_(graph.tensors.size()) {
    for (const Node& node : graph.nodes) {
      for (const GraphTensorId input : node.inputs) {
        ++uses_ahead_[index_of(input)];
      }
    }
  }

  void keep(GraphTensorId tensor, Shared<Value> values) {
    const GraphTensor& description = graph_.tensor(tensor);
    SYSTOLE_CHECK(static_cast<std::int64_t>(values->size()) == description.shape().elements(),
                  "{}: {} values, expected {}", description.name, values->size(),
                  description.shape().elements());
    if (uses_ahead_[index_of(tensor)] > 0) {
      live_[index_of(tensor)] = std::move(values);
    }
  }

  [[nodiscard]] const Shared<Value>& input(const Node& node, std::size_t index) const {
    const Shared<Value>& values = live_[index_of(node.inputs.at(index))];
    SYSTOLE_CHECK(values != nullptr, "{}: input {} is not there", node.name, index);
    return values;
  }

  /// The node has been evaluated.
  void done(const Node& node) {
    for (const GraphTensorId input : node.inputs) {
      if (--uses_ahead_[index_of(input)] == 0) {
        live_[index_of(input)].reset();
      }
    }
  }

 private:
  static std::size_t index_of(GraphTensorId tensor) { return static_cast<std::size_t>(tensor); }

  const Graph& graph_;
  std::vector<Shared<Value>> live_;       ///< by tensor; empty where not yet or no longer there
  std::vector<std::int64_t> uses_ahead_;  ///< by tensor: inputs of nodes still to come
};

}  // namespace systole::reference
