#pragma once

#include <optional>
#include <vector>

#include "compiler/graph/graph.h"
#include "compiler/graph/value.h"
#include "reference/check.h"
#include "reference/kernels/evaluator.h"

namespace systole {

/// Judges the numbers of an int8 or bf16 network, layer by layer beside its reference kernels:
/// counts what int8 cuts off, and where files of floats are given compares with the network that
/// they mean. A constant that compiler and reference share (a scale, a folded bias) is wrong on
/// both sides of a check; here it shows.
class QualityCheck {
 public:
  /// Both must outlive it.
  QualityCheck(const Graph& graph, const NetworkData& data);

  /// What the next node, in execution order, computes.
  void add(const Node& node, const reference::LayerValues& layer);
  void add(const Node& node, const reference::RealLayerValues& layer);

  [[nodiscard]] std::vector<TensorQuality> result() && { return std::move(quality_); }

 private:
  void add_input(GraphTensorId input);
  [[nodiscard]] std::int64_t clipped_weights(const Node& node, NodeId id) const;
  template <class RealAt>
  void add_layer(const Node& node, std::int64_t saturated, RealAt real_at);

  const Graph& graph_;
  const NetworkData& data_;
  std::optional<reference::FloatEvaluator> floats_;
  NodeId next_ = 0;
  std::vector<TensorQuality> quality_;
};

}  // namespace systole
