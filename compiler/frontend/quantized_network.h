#pragma once

#include <map>
#include <memory>
#include <vector>

#include "compiler/frontend/read_network.h"

namespace systole {

/// How the tensors of a network of reals become int8.
struct QuantizationChoice {
  /// Of inputs, states and what nodes make, where the operator leaves it open.
  std::map<GraphTensorId, Quantization> tensors;
  /// In front of a fused function that is looked up, by the tensor that its node makes.
  std::map<GraphTensorId, Quantization> before;
  /// Of weights, by their tensor; of others they follow from the numbers, channel by channel.
  std::map<GraphTensorId, WeightScales> weights;

  /// Adds what is said of tensors that this says nothing of.
  void complete(const QuantizationChoice& other);
};

/// Whether the operator leaves numbers as they are stored: its output is quantised as its inputs,
/// whatever is said of it.
[[nodiscard]] bool keeps_quantization(const Graph& graph, const Node& node);

/// The quantisation whose 256 steps hold the numbers from `low` to `high`, and 0 exactly.
[[nodiscard]] Quantization quantization_of_range(double low, double high);

/// Numbers of a network of reals as an int8 network stores them; as reals they are its own, so that
/// a check can say what quantisation costs.
class QuantizedNumbers final : public NetworkData {
 public:
  /// `reals`: of each tensor of the int8 network, that of the network of reals.
  QuantizedNumbers(Network real, std::vector<GraphTensorId> reals);

  [[nodiscard]] const Network& real() const { return real_; }

  [[nodiscard]] Value value(const Graph& graph, GraphTensorId tensor) const override;
  [[nodiscard]] std::optional<FloatParameters> float_parameters(const Graph& graph,
                                                                NodeId node) const override;
  [[nodiscard]] std::optional<std::vector<float>> float_input(const Graph& graph,
                                                              GraphTensorId tensor) const override;

 private:
  [[nodiscard]] GraphTensorId real_of(GraphTensorId tensor) const {
    return reals_[static_cast<std::size_t>(tensor)];
  }
  [[nodiscard]] std::vector<float> numbers(GraphTensorId tensor) const {
    return real_.data->value(real_.graph, real_of(tensor)).numbers();
  }

  Network real_;
  std::vector<GraphTensorId> reals_;
  std::vector<NodeId> reader_;  ///< by tensor of the int8 network: a node that reads it
};

/// The int8 network of a network of reals (docs/numerics.md). Throws WorkloadError at an input or a
/// node of whose tensor the choice says nothing, and where a bias does not fit. `numbers`: false
/// where nobody will see the network's; weights of which the choice says nothing then have any
/// scale.
[[nodiscard]] Network quantized_network(const Network& real, const QuantizationChoice& choice,
                                        bool numbers = true);

}  // namespace systole
