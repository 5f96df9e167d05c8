#pragma once

#include <functional>
#include <optional>
#include <utility>
#include <vector>

#include "compiler/frontend/read_network.h"
#include "compiler/frontend/weight_storage.h"

namespace systole {

/// How a node with weights wants them stored; none: as the network's type.
using StorageChoice = std::function<std::optional<WeightStorage>(const Node& node)>;

/// The same network with weights that lie in memory as `choice` says and are multiplied in the
/// network's own type: weight-only quantisation (docs/numerics.md). Layers that compute in another
/// type than bf16 or fp16 keep theirs.
[[nodiscard]] Network with_stored_weights(Network real, const StorageChoice& choice);

/// All of them as the options say, if they do.
[[nodiscard]] Network with_default_storage(Network real, const NetworkOptions& options);

/// Numbers of such a network: those of `real`, whose weights are quantised when they are asked for.
class StoredNumbers final : public NetworkData {
 public:
  StoredNumbers(Network real, const Graph& stored);

  [[nodiscard]] const Network& real() const { return real_; }

  [[nodiscard]] Value value(const Graph& graph, GraphTensorId tensor) const override;
  [[nodiscard]] std::optional<FloatParameters> float_parameters(const Graph& graph,
                                                                NodeId node) const override;
  [[nodiscard]] std::optional<std::vector<float>> float_input(const Graph& graph,
                                                              GraphTensorId tensor) const override;

 private:
  Network real_;
  std::vector<GraphTensorId> weights_;  ///< by tensor: that it is, or is the scales of; -1: neither
  std::vector<NodeId> reader_;          ///< by tensor of `real`: the node whose weights it is
};

}  // namespace systole
