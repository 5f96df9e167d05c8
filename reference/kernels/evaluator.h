#pragma once

#include <cstdint>
#include <vector>

#include "compiler/graph/graph.h"
#include "compiler/graph/value.h"
#include "reference/kernels/live_tensors.h"

namespace systole::reference {

using SharedValues = Shared<std::int8_t>;

/// What one node of a network computes. Packed NHWC.
struct LayerValues {
  SharedValues values;
  /// With bias, before requantisation; empty for operators without weights.
  std::vector<std::int32_t> accumulators;
  /// Values that int8 cut off: their real result lies half a step or more beyond an end of the
  /// range. What an activation cuts off on purpose is none. Not counted: results of tables and of
  /// pooling.
  std::int64_t saturated = 0;
};

/// Computes an int8 network's tensors node by node, in execution order.
class Evaluator {
 public:
  /// Reads the network's inputs. Both must outlive the evaluator.
  Evaluator(const Graph& graph, const NetworkData& data);

  [[nodiscard]] bool done() const { return next_ == graph_.nodes.size(); }
  /// The node that evaluate_next() will evaluate.
  [[nodiscard]] const Node& next_node() const { return graph_.nodes[next_]; }
  [[nodiscard]] LayerValues evaluate_next();

 private:
  [[nodiscard]] LayerValues evaluate(const Node& node) const;
  [[nodiscard]] LayerValues evaluate_weighted(const Node& node, const Conv2d& convolution) const;
  [[nodiscard]] LayerValues evaluate_weighted(const Node& node, const Dense& dense) const;
  [[nodiscard]] LayerValues evaluate_matmul(const Node& node, const Matmul& matmul) const;
  [[nodiscard]] LayerValues finish_weighted(const Node& node, const LayerParameters& parameters,
                                            std::vector<std::int32_t> accumulators,
                                            const FusedActivation& activation) const;
  [[nodiscard]] LayerValues finish_sums(const Node& node, double accumulator_scale,
                                        std::vector<std::int32_t> accumulators,
                                        const FusedActivation& activation) const;
  [[nodiscard]] LayerValues evaluate_rows(const Node& node) const;
  template <class ByRows>
  [[nodiscard]] SharedValues evaluate_plain(const Node& node, const ByRows& op) const;
  [[nodiscard]] SharedValues evaluate_plain(const Node& node, const AddTensors& addition) const;
  [[nodiscard]] SharedValues evaluate_plain(const Node& node, const Activate& activation) const;
  [[nodiscard]] SharedValues evaluate_plain(const Node& node, const PoolTensor& pooling) const;
  [[nodiscard]] SharedValues evaluate_plain(const Node& node, const Concat& concat) const;
  [[nodiscard]] SharedValues evaluate_plain(const Node& node, const SoftmaxChannels& softmax) const;

  [[nodiscard]] std::int64_t saturated(const Node& node) const;
  [[nodiscard]] const GraphTensor& input_tensor(const Node& node, std::size_t index) const;

  const Graph& graph_;
  const NetworkData& data_;
  std::size_t next_ = 0;
  LiveTensors<std::int8_t> live_;
};

}  // namespace systole::reference
