#pragma once

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "compiler/graph/graph.h"
#include "compiler/graph/value.h"
#include "reference/kernels/live_tensors.h"

namespace systole::reference {

/// What one node of a network computes. Packed NHWC.
template <class Element, class Sum>
struct NodeNumbers {
  Shared<Element> values;
  /// With bias, before requantisation or activation; empty for operators without products.
  std::vector<Sum> accumulators;
  /// Values that int8 cut off: their real result lies half a step or more beyond an end of the
  /// range. What an activation cuts off on purpose is none. Not counted: results of tables and of
  /// pooling.
  std::int64_t saturated = 0;
};

/// A node that is evaluated, and what it reads.
template <class Element>
struct NodeInputs {
  const Graph& graph;
  const NetworkData& data;
  const Node& node;
  NodeId id;
  const LiveTensors<Element>& live;

  [[nodiscard]] const std::vector<Element>& input(std::size_t index) const {
    return *live.input(node, index);
  }
  [[nodiscard]] const GraphTensor& tensor(std::size_t index) const {
    return graph.tensor(node.inputs.at(index));
  }
  [[nodiscard]] const GraphTensor& output() const { return graph.tensor(node.output()); }
  [[nodiscard]] bool is_parameter(std::size_t index) const {
    return graph.is_parameter(node.inputs.at(index));
  }
  [[nodiscard]] std::vector<float> parameter(std::size_t index) const {
    return data.value(graph, node.inputs.at(index)).numbers();
  }
};

template <class Element>
[[nodiscard]] Shared<Element> share(std::vector<Element> values) {
  return std::make_shared<const std::vector<Element>>(std::move(values));
}

}  // namespace systole::reference
