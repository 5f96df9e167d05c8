#pragma once

#include <cstdint>
#include <optional>
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

/// What of the forward part is computed again on the way back, so that it need not be kept.
///  - none: nothing;
///  - blocks: everything but what alone leads from one block of the network to the next, such as
///  the
///    sum at the end of a residual block; the last block is kept as it is.
enum class Recompute : std::uint8_t { None, Blocks };

template <>
inline constexpr auto kEnumNames<Recompute> = std::to_array<EnumName<Recompute>>({
    {Recompute::None, "none"},
    {Recompute::Blocks, "blocks"},
});

/// What layers multiply with their weights.
///  - same: what the network is of;
///  - fp8: activations and weights in fp8_e4m3, gradients in fp8_e5m2, each tensor by a scale of
///  its
///    own (compiler/ops/narrow.h); sums are fp32, and everything else is as without.
enum class Products : std::uint8_t { Same, Fp8 };

template <>
inline constexpr auto kEnumNames<Products> = std::to_array<EnumName<Products>>({
    {Products::Same, "same"},
    {Products::Fp8, "fp8"},
});

struct TrainingOptions {
  Loss loss = Loss::CrossEntropy;
  Optimizer optimizer;
  Recompute recompute = Recompute::None;
  std::int64_t accumulate = 1;      ///< batches whose mean gradient one update takes
  double loss_scale = 1;            ///< of all gradients until the update takes them
  std::optional<double> clip_norm;  ///< the most that all gradients together may be long
  Products products = Products::Same;
  std::string loss_of = {};  ///< the output that has a loss; empty: the only one
  /// Bytes of an operand that a product needs whole (Backward::most_whole_bytes); 0: any.
  std::int64_t most_whole_bytes = 0;
};

/// Tensors of a trained parameter; all are states.
struct TrainedParameter {
  GraphTensorId source = -1;  ///< in the network's graph, a parameter or a state; -1: it has none
  double first = 0;           ///< of one without a source
  GraphTensorId master = -1;  ///< fp32
  GraphTensorId copy = -1;    ///< of the network's type, for products; none: -1
  std::vector<GraphTensorId> moments;
};

/// What a batch of the step begins with.
struct TrainingBatch {
  std::vector<GraphTensorId> inputs;  ///< by input of the network
  GraphTensorId targets = -1;         ///< of the loss, rows of the network's output
};

/// One step of training: forward, loss, backward, update.
struct TrainingGraph {
  Graph graph;
  std::vector<TrainedParameter> parameters;
  std::vector<TrainingBatch> batches;
  GraphTensorId rate = -1;  ///< of adam and adamw: an input of one number
  GraphTensorId loss = -1;  ///< the output, one number
};

/// Builds the step of a network of bf16 or fp16. States that it reads and never writes are trained,
/// like parameters of which several layers make use. Throws WorkloadError at the first layer whose
/// operator has no gradient, and names every such operator.
[[nodiscard]] TrainingGraph training_graph(const Graph& network, const TrainingOptions& options);

}  // namespace systole
