#pragma once

#include <vector>

#include "compiler/graph/graph.h"
#include "compiler/graph/value.h"
#include "reference/kernels/live_tensors.h"
#include "reference/kernels/ordered_sums.h"

namespace systole::reference {

/// What one node of a bf16 network computes. Packed NHWC.
struct RealLayerValues {
  Shared<float> values;  ///< numbers of bf16
  /// Sums in binary32, with bias, before the activation; empty for operators without weights.
  std::vector<float> accumulators;
};

/// Computes a bf16 network's tensors node by node, in execution order, and its sums in the order of
/// the array that they are compared with.
class RealEvaluator {
 public:
  /// `orders`: by node; used of those with weights. All must outlive the evaluator.
  RealEvaluator(const Graph& graph, const NetworkData& data,
                const std::vector<SummationOrder>& orders);

  [[nodiscard]] bool done() const { return next_ == graph_.nodes.size(); }
  /// The node that evaluate_next() will evaluate.
  [[nodiscard]] const Node& next_node() const { return graph_.nodes[next_]; }
  [[nodiscard]] RealLayerValues evaluate_next();

 private:
  [[nodiscard]] RealLayerValues evaluate(const Node& node) const;
  [[nodiscard]] RealLayerValues evaluate_weighted(const Node& node,
                                                  const ConvolutionGeometry& geometry,
                                                  const FusedActivation& activation) const;
  [[nodiscard]] RealLayerValues evaluate_rows(const Node& node) const;
  template <class ByRows>
  [[nodiscard]] RealLayerValues evaluate_one(const Node& node, const ByRows& op) const;
  [[nodiscard]] RealLayerValues evaluate_one(const Node& node, const Conv2d& convolution) const;
  [[nodiscard]] RealLayerValues evaluate_one(const Node& node, const Dense& dense) const;
  [[nodiscard]] RealLayerValues evaluate_one(const Node& node, const Matmul& matmul) const;
  [[nodiscard]] RealLayerValues evaluate_one(const Node& node, const AddTensors& addition) const;
  [[nodiscard]] RealLayerValues evaluate_one(const Node& node, const Activate& activation) const;
  [[nodiscard]] RealLayerValues evaluate_one(const Node& node, const PoolTensor& pooling) const;
  [[nodiscard]] RealLayerValues evaluate_one(const Node& node, const Concat& concat) const;
  [[nodiscard]] RealLayerValues evaluate_one(const Node& node,
                                             const SoftmaxChannels& softmax) const;

  const Graph& graph_;
  const NetworkData& data_;
  const std::vector<SummationOrder>& orders_;
  std::size_t next_ = 0;
  LiveTensors<float> live_;
};

}  // namespace systole::reference
