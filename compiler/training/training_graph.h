#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "arch/enum_names.h"
#include "compiler/graph/graph.h"

namespace systole {

enum class Loss : std::uint8_t { CrossEntropy, MeanSquaredError };

template <>
inline constexpr auto kEnumNames<Loss> = std::to_array<EnumName<Loss>>({
    {Loss::CrossEntropy, "cross_entropy"},
    {Loss::MeanSquaredError, "mse"},
});

enum class OptimizerKind : std::uint8_t { Sgd, Adam, AdamW };

template <>
inline constexpr auto kEnumNames<OptimizerKind> = std::to_array<EnumName<OptimizerKind>>({
    {OptimizerKind::Sgd, "sgd"},
    {OptimizerKind::Adam, "adam"},
    {OptimizerKind::AdamW, "adamw"},
});

/// How parameters w follow from their gradients g, step t = 1, 2, ...:
///  - sgd: v' = momentum v + g; w' = w - rate v'
///  - adam: m' = beta1 m + (1 - beta1) g; v' = beta2 v + (1 - beta2) g^2;
///    w' = w - r m' / (sqrt(v') + epsilon), r = rate sqrt(1 - beta2^t) / (1 - beta1^t)
///  - adamw: the same with w - rate decay w in place of w.
/// Sources: Kingma and Ba, arXiv:1412.6980, end of section 2; Loshchilov and Hutter,
/// arXiv:1711.05101.
struct Optimizer {
  OptimizerKind kind = OptimizerKind::Sgd;
  double rate = 0.01;
  double momentum = 0.9;  ///< 0: sgd keeps no moment
  double beta1 = 0.9;
  double beta2 = 0.999;
  double epsilon = 1e-8;
  double decay = 0.01;

  /// What the product with the moment has in a step, counted from 1.
  [[nodiscard]] double rate_at(std::int64_t step) const;
};

struct TrainingOptions {
  Loss loss = Loss::CrossEntropy;
  Optimizer optimizer;
};

/// Tensors of a trained parameter; all are states.
struct TrainedParameter {
  GraphTensorId source = -1;  ///< in the network's graph; -1: it has none
  double first = 0;           ///< of one without a source
  GraphTensorId master = -1;  ///< fp32
  GraphTensorId copy = -1;    ///< bf16, for products; none: -1
  std::vector<GraphTensorId> moments;
};

/// One step of training: forward, loss, backward, update.
struct TrainingGraph {
  Graph graph;
  std::vector<TrainedParameter> parameters;
  std::vector<GraphTensorId> inputs;  ///< by input of the network
  GraphTensorId targets = -1;         ///< of the loss, rows of the network's output
  GraphTensorId rate = -1;            ///< of adam and adamw: an input of one number
  GraphTensorId loss = -1;            ///< the output, one number
};

/// Builds the step of a network of bf16. Throws WorkloadError at the first layer whose operator has
/// no gradient, and names every such operator.
[[nodiscard]] TrainingGraph training_graph(const Graph& network, const TrainingOptions& options);

}  // namespace systole
