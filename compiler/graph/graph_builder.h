#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/graph/graph.h"

namespace systole {

/// Gives the weight scales of a node whose shapes are known.
using NodeWeightScales = std::function<WeightScales(const Graph& graph, const Node& node)>;

/// A node as a front end asks for it.
struct NodeRequest {
  std::string name;
  std::string kind;  ///< as the file calls the operator
  Op op;
  std::vector<GraphTensorId> inputs;  ///< without parameters
  PartialQuantization before;         ///< what the file says of a fused function's
  PartialQuantization output;
  std::string output_name;  ///< of its tensor; empty: the node's
  /// Of an earlier node of the same products, in place of parameters of its own.
  std::vector<GraphTensorId> shared = {};
};

/// Where all front ends meet: infers types and quantisations, adds weights and biases, and checks
/// what networks must keep to. Messages stand at `where`.
class GraphBuilder {
 public:
  GraphBuilder(std::string name, std::string file, std::int64_t batch,
               const QuantizationDefaults& defaults);

  [[nodiscard]] const Graph& graph() const { return graph_; }

  GraphTensorId add_input(const std::string& name, TensorType type,
                          const Quantization& quantization, const Place& where);
  /// In memory before and after a run. Read by products, on their right, and changed by `append`.
  GraphTensorId add_state(const std::string& name, TensorType type,
                          const Quantization& quantization, const Place& where);
  /// Tensors of a node: its output, then its weights and biases. Of an operator that is made of
  /// others (compiler/ops/composer.h) the nodes that it is made of.
  GraphTensorId add(NodeRequest request, const OpPlace& where,
                    const NodeWeightScales& weight_scales);
  /// A tensor that a node computes; a view of an input is none.
  void add_output(GraphTensorId tensor);

  [[nodiscard]] Graph take() && { return std::move(graph_); }

 private:
  class Parts;

  GraphTensorId add_tensor(const std::string& name, TensorType type, GraphTensorRole role,
                           const Quantization& quantization, const Place& where);
  [[nodiscard]] const Node* producer_of(GraphTensorId tensor) const;
  /// `shared`: parameters of an earlier node, where it has none of its own.
  void add_weights(Node& node, const std::vector<GraphTensorId>& shared, const OpPlace& where,
                   const NodeWeightScales& weight_scales);

  Graph graph_;
  QuantizationDefaults defaults_;
  std::int64_t macs_ = 0;
};

/// Throws at the first node that does with a state what states are not for: one append each, and
/// behind it, or without any, products that have it on their right.
void check_states(const Graph& graph);

/// Throws at the first node of an int8 network whose scales are too far apart (check_ratio).
void check_ratios(const Graph& graph);

}  // namespace systole
