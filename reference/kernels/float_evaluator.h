#pragma once

#include <optional>
#include <vector>

#include "compiler/graph/graph.h"
#include "compiler/graph/value.h"
#include "reference/kernels/live_tensors.h"

namespace systole::reference {

/// True where some layer's weights or some input come from files of floats: there is a float
/// network to compare with.
[[nodiscard]] bool has_float_files(const Graph& graph, const NetworkData& data);

/// Computes the network that the user's float files mean, node by node, in execution order: nothing
/// is quantised, nothing folded, no scale of the graph is looked at. Layers and inputs without
/// float files stand for the real numbers that their int8 ones mean, scale * (q - zero_point). Sums
/// are binary32 in a fixed order, biases, batch normalisations and functions double, results
/// binary32; far below the error of int8 or bf16. The graph may be of any type.
class FloatEvaluator {
 public:
  /// Both must outlive the evaluator.
  FloatEvaluator(const Graph& graph, const NetworkData& data);

  [[nodiscard]] bool done() const { return next_ == graph_.nodes.size(); }
  /// Packed NHWC.
  [[nodiscard]] Shared<float> evaluate_next();
  /// What an input holds, before the first layer is evaluated.
  [[nodiscard]] static std::vector<float> input(const Graph& graph, const NetworkData& data,
                                                GraphTensorId tensor);

 private:
  using Values = std::vector<float>;
  [[nodiscard]] Values evaluate_rows(const Node& node) const;
  template <class ByRows>
  [[nodiscard]] Values evaluate(const Node& node, const ByRows& op) const;
  [[nodiscard]] Values evaluate(const Node& node, const Conv2d& convolution) const;
  [[nodiscard]] Values evaluate(const Node& node, const Dense& dense) const;
  [[nodiscard]] Values evaluate(const Node& node, const Matmul& matmul) const;
  [[nodiscard]] Values evaluate(const Node& node, const AddTensors& addition) const;
  [[nodiscard]] Values evaluate(const Node& node, const Activate& activation) const;
  [[nodiscard]] Values evaluate(const Node& node, const PoolTensor& pooling) const;
  [[nodiscard]] Values evaluate(const Node& node, const Concat& concat) const;
  [[nodiscard]] Values evaluate(const Node& node, const SoftmaxChannels& softmax) const;
  [[nodiscard]] Values weighted(const Node& node, const Kernel& kernel, std::int64_t groups,
                                ActivationKind activation) const;
  [[nodiscard]] Shape shape(GraphTensorId tensor) const;

  const Graph& graph_;
  const NetworkData& data_;
  std::size_t next_ = 0;
  LiveTensors<float> live_;
};

}  // namespace systole::reference
