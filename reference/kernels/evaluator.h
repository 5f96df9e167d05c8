#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "compiler/graph/graph.h"
#include "compiler/graph/parameters.h"

namespace systole::reference {

using SharedValues = std::shared_ptr<const std::vector<std::int8_t>>;

/// What one node of a network computes. Packed NHWC.
struct LayerValues {
  SharedValues values;
  /// With bias, before requantisation; empty for operators without weights.
  std::vector<std::int32_t> accumulators;
};

/// Computes a network's tensors node by node, in execution order. A tensor is dropped when its last
/// consumer is done (and the caller's copies are), so the peak is a layer, not the network.
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
  [[nodiscard]] LayerValues finish_weighted(const Node& node, const LayerParameters& parameters,
                                            std::vector<std::int32_t> accumulators,
                                            const WeightInfo& weights,
                                            const FusedActivation& activation) const;
  [[nodiscard]] SharedValues evaluate_plain(const Node& node, const AddTensors& addition) const;
  [[nodiscard]] SharedValues evaluate_plain(const Node& node, const Activate& activation) const;
  [[nodiscard]] SharedValues evaluate_plain(const Node& node, const PoolTensor& pooling) const;
  [[nodiscard]] SharedValues evaluate_plain(const Node& node, const Concat& concat) const;
  [[nodiscard]] SharedValues evaluate_plain(const Node& node, const Flatten& flatten) const;
  [[nodiscard]] SharedValues evaluate_plain(const Node& node, const SoftmaxChannels& softmax) const;

  [[nodiscard]] const GraphTensor& input_tensor(const Node& node, std::size_t index) const;
  [[nodiscard]] const SharedValues& input_values(const Node& node, std::size_t index) const;
  void keep(GraphTensorId tensor, SharedValues values);

  const Graph& graph_;
  const NetworkData& data_;
  std::size_t next_ = 0;
  std::vector<SharedValues> live_;        ///< by tensor; empty where not yet or no longer there
  std::vector<std::int64_t> uses_ahead_;  ///< by tensor: inputs of nodes still to come
};

}  // namespace systole::reference
