#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "arch/diag/error.h"
#include "arch/isa/data_type.h"
#include "compiler/graph/tensor.h"
#include "compiler/graph/weight_scales.h"
#include "compiler/ops/op.h"

namespace systole {

using NodeId = std::int32_t;

struct Node {
  std::string name;
  std::string kind;  ///< as written in the network file: conv2d, dense, add, relu, max_pool, ...
  std::vector<GraphTensorId> inputs;
  std::vector<GraphTensorId> outputs;
  Op op;
  SourceLocation location;  ///< in the network file, for messages of later stages
  /// Computed on the way out of the accumulators by the layer before (mapping/fusion.h): of that
  /// input only this result is ever in memory, in its place.
  std::optional<std::size_t> fused;
  /// Of the layer before: what its results meet there, element by element.
  std::optional<GraphTensorId> added;
  /// What `op` does, kept by the graph's builder because everybody asks; none behind a change of
  /// `op`.
  std::shared_ptr<const Work> kept_work = nullptr;
  /// Its parameters are those of an earlier node, which has counted them.
  bool shares_parameters = false;

  /// Of a node with a single one, as all of today's are.
  [[nodiscard]] GraphTensorId output() const { return outputs.front(); }
  /// What it does, whatever it is called.
  [[nodiscard]] Work work() const { return kept_work ? *kept_work : work_of(op); }
  /// Has no instructions of its own.
  [[nodiscard]] bool is_view() const { return fused.has_value() || does<ViewWork>(); }
  /// Whether that is what it does.
  template <class Kind>
  [[nodiscard]] bool does() const {
    return kept_work ? std::holds_alternative<Kind>(*kept_work)
                     : std::holds_alternative<Kind>(work_of(op));
  }
  /// The input whose memory its output is: of a view the first, of rows written into a state that.
  [[nodiscard]] std::optional<std::size_t> shared_input() const;
  /// The activation that it is, or that is fused behind it.
  [[nodiscard]] FusedActivation activation() const;
};

/// How a language model runs: a prompt at once, or one token behind others.
enum class LanguagePhase : std::uint8_t { Prefill, Decode };

template <>
inline constexpr auto kEnumNames<LanguagePhase> = std::to_array<EnumName<LanguagePhase>>({
    {LanguagePhase::Prefill, "prefill"},
    {LanguagePhase::Decode, "decode"},
});

/// The tokens of one run of a language model.
struct TokenPhase {
  LanguagePhase phase = LanguagePhase::Prefill;
  std::int64_t tokens = 0;   ///< of a sequence that the run computes
  std::int64_t context = 0;  ///< that the last of them attends to, itself included

  bool operator==(const TokenPhase&) const = default;
};

/// What a node of a training step belongs to; the loss is of the forward part. Again: of the way
/// back, what was made forward and not kept.
enum class StepPhase : std::uint8_t { Forward, Backward, Update, Again };

template <>
inline constexpr auto kEnumNames<StepPhase> = std::to_array<EnumName<StepPhase>>({
    {StepPhase::Forward, "forward"},
    {StepPhase::Backward, "backward"},
    {StepPhase::Update, "update"},
    {StepPhase::Again, "again"},
});

/// What a graph that is a training step (compiler/training) says beside its nodes.
struct TrainingStep {
  std::string network;            ///< that is trained
  std::vector<StepPhase> phases;  ///< by node
  std::int64_t samples = 1;       ///< of the step
  std::int64_t tokens = 0;        ///< of the step: rows of the output; 0: one for each sample
  std::int64_t parameters = 0;    ///< numbers that are trained
  std::int64_t forward_macs = 0;  ///< of the network alone
  GraphTensorId loss = -1;

  bool operator==(const TrainingStep&) const = default;
};

/// A network with every shape, type and quantisation resolved. Nodes are in execution order; node
/// i is layer i of the program and of the report.
struct Graph {
  std::string name;
  std::string file;
  std::int64_t batch = 1;
  std::vector<GraphTensor> tensors;
  std::vector<Node> nodes;
  std::vector<GraphTensorId> inputs;
  std::vector<GraphTensorId> outputs;
  std::vector<GraphTensorId> states;  ///< in memory before and after the run
  std::optional<TokenPhase> phase;    ///< of a language model with phases
  std::optional<TrainingStep> step;   ///< where it trains a network

  [[nodiscard]] const GraphTensor& tensor(GraphTensorId id) const {
    return tensors[static_cast<std::size_t>(id)];
  }
  [[nodiscard]] GraphTensor& tensor(GraphTensorId id) {
    return tensors[static_cast<std::size_t>(id)];
  }
  /// Of the elements of the first input, or where nothing but states comes in of what the first
  /// node makes; what reports call the type of a network.
  [[nodiscard]] DataType input_type() const;
  [[nodiscard]] bool is_parameter(GraphTensorId id) const {
    return tensor(id).role == GraphTensorRole::Parameter;
  }
  /// What nobody would compute who had kept it.
  [[nodiscard]] bool is_made_again(std::size_t node) const {
    return step && step->phases[node] == StepPhase::Again;
  }
  /// A node's inputs that are no parameters; they come first.
  [[nodiscard]] std::span<const GraphTensorId> data_inputs(const Node& node) const;
  /// What a node reads of memory, in whole or band by band: its data inputs, then what its results
  /// meet.
  [[nodiscard]] std::size_t operand_count(const Node& node) const {
    return data_inputs(node).size() + (node.added ? 1 : 0);
  }
  [[nodiscard]] GraphTensorId operand(const Node& node, std::size_t index) const {
    return node.added && index == data_inputs(node).size() ? *node.added : node.inputs[index];
  }
  /// Of the elements of what the node computes from.
  [[nodiscard]] DataType operand_type(const Node& node) const {
    return tensor(node.inputs.front()).type.element;
  }
  /// What a run begins with beside parameters: inputs and states.
  [[nodiscard]] std::vector<GraphTensorId> given() const;
  [[nodiscard]] const Node& node(NodeId id) const { return nodes[static_cast<std::size_t>(id)]; }
};

/// A layer as matrix multiplications: `groups` times m x k times k x n. Convolution: m = output
/// pixels, k = kernel positions x input channels per group, n = output channels per group. Of two
/// tensors: a group for each image and head.
struct GemmShape {
  std::int64_t groups = 1;
  std::int64_t m = 0;
  std::int64_t k = 0;
  std::int64_t n = 0;
  std::int64_t k_part = 0;  ///< k is cut where parts of this size end; 0: anywhere

  [[nodiscard]] std::int64_t macs() const { return groups * m * k * n; }
  /// Of an element of the weights, [group][k][n]: the output channel.
  [[nodiscard]] std::int64_t channel_of(std::int64_t element) const {
    return element / (k * n) * n + element % n;
  }
};

/// Empty for operators without products.
[[nodiscard]] std::optional<GemmShape> gemm_shape(const Graph& graph, const Node& node);
/// Multiply-accumulates of the node over the whole batch, zeros of the padding included.
[[nodiscard]] std::int64_t macs_of(const Graph& graph, const Node& node);
/// The inputs of an operator with weights: what it multiplies, the weights and, where it has them,
/// the biases. Weights are of the first input's type, or stored in fewer bits
/// (GraphTensor::stored), [group][kernel row][kernel column][channel of the group][output channel
/// of the group]; in int8 symmetric (zero point 0), with one scale or one for each output channel.
/// Biases have one element per output channel: int32 in units of input scale * the channel's weight
/// scale, or fp32.
inline constexpr std::size_t kWeightsInput = 1;
inline constexpr std::size_t kBiasesInput = 2;
[[nodiscard]] bool has_weights(const Node& node);
/// What is multiplied with the first input: weights, or another tensor.
inline constexpr std::size_t kRightInput = 1;
[[nodiscard]] bool has_biases(const Node& node);
/// What the array multiplies in the place of the right operand of a node's products: its elements,
/// or what they are converted to on their way.
[[nodiscard]] DataType right_type(const Graph& graph, const Node& node);
/// Of a node's weights as memory has them, their scales among them; biases left out. 0 where they
/// are those of an earlier node.
[[nodiscard]] std::int64_t stored_weight_bytes(const Graph& graph, const Node& node);
/// Of int8; of floating types one of 1, which nothing uses.
[[nodiscard]] WeightScales weight_scales(const Graph& graph, const Node& node);
/// Whether each output channel has a weight scale of its own.
[[nodiscard]] bool has_channel_scales(const Graph& graph, const Node& node);
/// Of what sums are scaled to first: a fused function that is looked up, else the output.
[[nodiscard]] double result_scale(const Graph& graph, const Node& node);
/// Of a node that gathers rows of a table (CopyWork); of others empty.
[[nodiscard]] std::optional<CopyWork> gathering(const Node& node);
/// Gives a node whose other inputs and output are in the graph the tensors of its parameters:
/// weights and biases, or what computes in rows by feature. Nothing for nodes without any.
void add_parameters(Graph& graph, Node& node, const WeightScales& scales);

/// Weights plus biases (or 2 per channel of a folded batch normalisation), or what computes in rows
/// by feature; 0 where they are those of an earlier node.
[[nodiscard]] std::int64_t parameters_of(const Graph& graph, const Node& node);

}  // namespace systole
