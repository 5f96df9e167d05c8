#include "compiler/graph/graph.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "arch/diag/check.h"
#include "compiler/graph/kept_work.h"

namespace systole {

namespace {

TensorType weights_type(const Graph& graph, const Node& node) {
  const GemmShape gemm = *gemm_shape(graph, node);
  const Kernel kernel = std::get<ProductWork>(*kept_work(node)).kernel;
  TensorType type{.element = graph.operand_type(node), .extents = {gemm.k, gemm.n}};
  constexpr std::size_t kImageAxes = 4;  // with fewer, the operator has no kernel that slides
  if (graph.tensor(node.output()).type.extents.size() >= kImageAxes) {
    type.extents = {gemm.groups, kernel.rows, kernel.cols, gemm.k / kernel.positions(), gemm.n};
  }
  return type;
}

/// Of weights (the group's axis, where there is one, and the last) or biases.
Extents channel_blocks(const TensorType& type) {
  constexpr std::size_t kGrouped = 5;
  const std::size_t last = type.extents.size() - 1;
  return type.extents.size() == kGrouped ? blocks_along(type, {0, last})
                                         : blocks_along(type, {last});
}

}  // namespace

std::optional<std::size_t> Node::shared_input() const {
  if (fused) {
    return fused;
  }
  const auto kept = systole::kept_work(*this);
  const Work& what = *kept;
  if (std::holds_alternative<ViewWork>(what)) {
    return 0;
  }
  const auto* rows = std::get_if<RowWork>(&what);
  if (rows != nullptr && rows->in_place) {
    return static_cast<std::size_t>(rows->in_place->input);
  }
  const auto* copy = std::get_if<CopyWork>(&what);
  return copy != nullptr && copy->over ? std::optional(static_cast<std::size_t>(copy->over->input))
                                       : std::nullopt;
}

std::optional<CopyWork> gathering(const Node& node) {
  const auto kept = kept_work(node);
  const Work& work = *kept;
  const auto* copy = std::get_if<CopyWork>(&work);
  return copy != nullptr && copy->gathers ? std::optional(*copy) : std::nullopt;
}

DataType Graph::input_type() const {
  if (tensors.empty()) {
    return DataType::Int8;
  }
  const bool has_states_alone = inputs.empty() && !states.empty() && !nodes.empty();
  return (has_states_alone ? tensor(nodes.front().output()) : tensors.front()).type.element;
}

std::vector<GraphTensorId> Graph::given() const {
  std::vector<GraphTensorId> all = inputs;
  all.insert(all.end(), states.begin(), states.end());
  return all;
}

FusedActivation Node::activation() const {
  const FusedActivation* activation = activation_of(op);
  return activation == nullptr ? FusedActivation{} : *activation;
}

std::optional<GemmShape> gemm_shape(const Graph& graph, const Node& node) {
  const auto kept = kept_work(node);
  const Work& work = *kept;
  if (const auto* matmul = std::get_if<MatmulWork>(&work)) {
    return GemmShape{.groups = matmul->images * matmul->heads,
                     .m = matmul->m,
                     .k = matmul->k,
                     .n = matmul->n,
                     .k_part = matmul->k_part};
  }
  const auto* product = std::get_if<ProductWork>(&work);
  if (product == nullptr) {
    return std::nullopt;
  }
  const Shape in = graph.tensor(node.inputs.front()).shape();
  const Shape out = graph.tensor(node.output()).shape();
  return GemmShape{
      .groups = product->groups,
      .m = out.pixels(),
      .k = product->kernel.positions() * (in.channels / product->groups),
      .n = out.channels / product->groups,
  };
}

std::int64_t macs_of(const Graph& graph, const Node& node) {
  const auto gemm = gemm_shape(graph, node);
  return gemm ? gemm->macs() : 0;
}

std::span<const GraphTensorId> Graph::data_inputs(const Node& node) const {
  const auto first_parameter =
      std::find_if(node.inputs.begin(), node.inputs.end(),
                   [this](GraphTensorId input) { return is_parameter(input); });
  return {node.inputs.begin(), first_parameter};
}

bool has_weights(const Node& node) {
  return node.does<ProductWork>();
}

bool has_biases(const Node& node) {
  const auto kept = kept_work(node);
  const Work& work = *kept;
  const auto* product = std::get_if<ProductWork>(&work);
  return product != nullptr && (product->weights.bias || product->weights.batch_norm);
}

DataType right_type(const Graph& graph, const Node& node) {
  constexpr std::int64_t kWidth = 16;
  const DataType left = graph.operand_type(node);
  if (node.inputs.size() <= kRightInput) {
    return left;
  }
  const DataType right = graph.tensor(node.inputs[kRightInput]).type.element;
  const bool converted = is_float(left) && bits_of(left) == kWidth && bits_of(right) < kWidth;
  return converted ? left : right;
}

std::int64_t stored_weight_bytes(const Graph& graph, const Node& node) {
  if (!has_weights(node) || node.shares_parameters) {
    return 0;
  }
  if (node.inputs.size() <= kWeightsInput) {  // not written down: of the operand's type
    const GemmShape gemm = *gemm_shape(graph, node);
    return bytes_of(graph.operand_type(node), gemm.groups * gemm.k * gemm.n);
  }
  const GraphTensor& weights = graph.tensor(node.inputs[kWeightsInput]);
  return weights.bytes() +
         (weights.stored.exist() ? graph.tensor(weights.stored.tensor).bytes() : 0);
}

WeightScales weight_scales(const Graph& graph, const Node& node) {
  const GraphTensor& weights = graph.tensor(node.inputs.at(kWeightsInput));
  return weights.blocks.block.empty() ? WeightScales(weights.quantization.scale)
                                      : WeightScales(weights.blocks.scales);
}

bool has_channel_scales(const Graph& graph, const Node& node) {
  return has_weights(node) && node.inputs.size() > kWeightsInput &&
         !graph.tensor(node.inputs[kWeightsInput]).blocks.block.empty();
}

double result_scale(const Graph& graph, const Node& node) {
  const FusedActivation activation = node.activation();
  return activation.is_looked_up() ? activation.before.scale
                                   : graph.tensor(node.output()).quantization.scale;
}

void add_parameters(Graph& graph, Node& node, const WeightScales& scales) {
  const auto add = [&](std::string_view suffix, TensorType type,
                       const WeightScales& of = WeightScales(1)) {
    GraphTensor tensor{.name = node.name + std::string(suffix),
                       .type = std::move(type),
                       .role = GraphTensorRole::Parameter,
                       .quantization = {}};
    if (of.by_channel()) {
      tensor.blocks = {.block = channel_blocks(tensor.type), .scales = of.all()};
    } else {
      tensor.quantization.scale = of.at(0);
    }
    graph.tensors.push_back(std::move(tensor));
    node.inputs.push_back(static_cast<GraphTensorId>(graph.tensors.size()) - 1);
  };
  const auto kept = kept_work(node);
  const Work& work = *kept;
  if (const auto* rows = std::get_if<RowWork>(&work)) {
    for (const RowParameter& parameter : rows->parameters) {
      TensorType type{.element = DataType::Fp32, .extents = {parameter.features}};
      if (parameter.positions > 1) {
        type.extents = {parameter.positions, parameter.features};
      }
      add(parameter.suffix, std::move(type));
    }
  }
  if (!has_weights(node)) {
    return;
  }
  const DataType type = graph.operand_type(node);
  const double input_scale = graph.tensor(node.inputs.front()).quantization.scale;
  const std::int64_t channels = graph.tensor(node.output()).type.extents.back();
  SYSTOLE_CHECK(!scales.by_channel() || static_cast<std::int64_t>(scales.all().size()) == channels,
                "{}: {} weight scales of {} channels", node.name, scales.all().size(), channels);
  add(".weight", weights_type(graph, node), scales);
  if (has_biases(node)) {
    TensorType biases{.element = DataType::Int32, .extents = {channels}};
    if (is_float(type)) {
      biases.element = DataType::Fp32;
      add(".bias", std::move(biases));
    } else {
      add(".bias", std::move(biases), scales * input_scale);
    }
  }
}

std::int64_t parameters_of(const Graph& graph, const Node& node) {
  if (node.shares_parameters) {
    return 0;
  }
  if (!has_weights(node)) {
    std::int64_t sum = 0;
    for (const GraphTensorId input : node.inputs) {
      sum += graph.is_parameter(input) ? graph.tensor(input).type.elements() : 0;
    }
    return sum;
  }
  const auto gemm = gemm_shape(graph, node);
  const WeightInfo weights = std::get<ProductWork>(*kept_work(node)).weights;
  const std::int64_t per_channel = weights.batch_norm ? 2 : (weights.bias ? 1 : 0);
  return gemm->groups * gemm->n * (gemm->k + per_channel);
}

}  // namespace systole
