#include "compiler/frontend/stored_weights.h"

#include <algorithm>
#include <cmath>
#include <memory>

#include "arch/isa/float_format.h"
#include "arch/units/units.h"

namespace systole {

namespace {

constexpr float kLargestInt8 = 127;
constexpr float kLargestInt4 = 7;

/// Magnitude that elements of the type are scaled to.
float largest_element(DataType type) {
  if (is_float(type)) {
    const FloatFormat format = float_format(type);
    return decoded(format, format.largest);
  }
  return type == DataType::Int8 ? kLargestInt8 : kLargestInt4;
}

/// Weights as [group of channels][reduction][channel], and what is stored in their place.
class WeightQuantizer {
 public:
  WeightQuantizer(const std::vector<float>& weights, const GemmShape& gemm, std::int64_t group,
                  DataType type, DataType scale_type)
      : weights_(weights),
        gemm_(gemm),
        group_(group),
        type_(type),
        scale_format_(float_format(scale_type)) {
    find_scales();
  }

  /// Numbers of the scales' type.
  [[nodiscard]] const std::vector<float>& scales() const { return scales_; }

  [[nodiscard]] std::vector<std::int8_t> elements() const {
    std::vector<std::int8_t> bytes(
        static_cast<std::size_t>(bytes_of(type_, static_cast<std::int64_t>(weights_.size()))));
    for (std::size_t i = 0; i < weights_.size(); ++i) {
      const std::uint32_t pattern = stored(weights_[i], scales_[scale_of(i)]);
      if (type_ == DataType::Int4) {
        const std::uint32_t half = (pattern & 15U) << (i % 2 == 0 ? 0U : 4U);
        auto& byte = bytes[i / 2];
        byte = static_cast<std::int8_t>(static_cast<std::uint8_t>(byte) | half);
      } else {
        bytes[i] = static_cast<std::int8_t>(pattern);
      }
    }
    return bytes;
  }

 private:
  [[nodiscard]] std::size_t scale_of(std::size_t weight) const {
    const auto element = static_cast<std::int64_t>(weight);
    const std::int64_t part = element / gemm_.n % gemm_.k / group_;
    return static_cast<std::size_t>(part * gemm_.groups * gemm_.n + gemm_.channel_of(element));
  }

  /// The largest magnitude of each group becomes the largest element.
  void find_scales() {
    scales_.assign(static_cast<std::size_t>(ceil_div(gemm_.k, group_) * gemm_.groups * gemm_.n),
                   0.0F);
    for (std::size_t i = 0; i < weights_.size(); ++i) {
      float& largest = scales_[scale_of(i)];
      largest = std::max(largest, std::abs(weights_[i]));
    }
    for (float& scale : scales_) {
      scale = decoded(scale_format_, rounded(scale_format_, scale / largest_element(type_)));
      if (scale == 0 || std::isinf(scale) || std::isnan(scale)) {
        scale = 1;
      }
    }
  }

  [[nodiscard]] std::uint32_t stored(float weight, float scale) const {
    const float most = largest_element(type_);
    const float steps = std::clamp(std::isnan(weight) ? 0.0F : weight / scale, -most, most);
    return is_float(type_) ? rounded(float_format(type_), steps)
                           : static_cast<std::uint32_t>(static_cast<int>(std::round(steps)));
  }

  const std::vector<float>& weights_;
  GemmShape gemm_;
  std::int64_t group_;
  DataType type_;
  FloatFormat scale_format_;
  std::vector<float> scales_;  ///< [part of the reduction][channel of all groups]
};

}  // namespace

Network with_stored_weights(Network real, const StorageChoice& choice) {
  Graph graph = real.graph;
  bool changes = false;
  for (const Node& node : graph.nodes) {
    const std::optional<WeightStorage> storage = has_weights(node) && !node.shares_parameters
                                                     ? choice(node)
                                                     : std::optional<WeightStorage>();
    const std::optional<DataType> element =
        storage ? element_type(storage->type) : std::optional<DataType>();
    const DataType type = graph.operand_type(node);
    if (!element || (type != DataType::Bf16 && type != DataType::Fp16)) {
      continue;
    }
    const GemmShape gemm = *gemm_shape(graph, node);
    const std::int64_t group = storage->group == 0 ? gemm.k : std::min(storage->group, gemm.k);
    const GraphTensorId id = node.inputs.at(kWeightsInput);
    graph.tensor(id).type.element = *element;
    graph.tensor(id).stored = {.tensor = static_cast<GraphTensorId>(graph.tensors.size()),
                               .group = group};
    graph.tensors.push_back(
        {.name = graph.tensor(id).name + "_scales",
         .type = {.element = type, .extents = {ceil_div(gemm.k, group), gemm.groups * gemm.n}},
         .role = GraphTensorRole::Parameter,
         .quantization = {}});
    changes = true;
  }
  if (!changes) {
    return real;
  }
  auto numbers = std::make_shared<const StoredNumbers>(std::move(real), graph);
  return {.graph = std::move(graph), .data = std::move(numbers)};
}

Network with_default_storage(Network real, const NetworkOptions& options) {
  if (options.weights && options.weights->type == StorageType::Int16) {
    throw WorkloadError(
        {.file = real.graph.file}, "weights",
        "expected a layer description (YAML) for weights of int16, got another file");
  }
  return options.weights
             ? with_stored_weights(std::move(real), [&](const Node&) { return options.weights; })
             : std::move(real);
}

StoredNumbers::StoredNumbers(Network real, const Graph& stored)
    : real_(std::move(real)),
      weights_(stored.tensors.size(), -1),
      reader_(real_.graph.tensors.size(), -1) {
  for (std::size_t node = 0; node < stored.nodes.size(); ++node) {
    if (!has_weights(stored.nodes[node]) || stored.nodes[node].shares_parameters) {
      continue;
    }
    const GraphTensorId weights = stored.nodes[node].inputs.at(kWeightsInput);
    const StoredScales& scales = stored.tensor(weights).stored;
    if (scales.exist()) {
      reader_[static_cast<std::size_t>(weights)] = static_cast<NodeId>(node);
      weights_[static_cast<std::size_t>(weights)] = weights;
      weights_[static_cast<std::size_t>(scales.tensor)] = weights;
    }
  }
}

Value StoredNumbers::value(const Graph& graph, GraphTensorId tensor) const {
  const GraphTensorId weights = weights_.at(static_cast<std::size_t>(tensor));
  if (weights < 0) {
    return real_.data->value(real_.graph, tensor);
  }
  const Node& node = real_.graph.node(reader_[static_cast<std::size_t>(weights)]);
  const std::vector<float> numbers = real_.data->value(real_.graph, weights).numbers();
  const GraphTensor& stored = graph.tensor(weights);
  const WeightQuantizer quantizer(numbers, *gemm_shape(real_.graph, node), stored.stored.group,
                                  stored.type.element, real_.graph.operand_type(node));
  if (tensor != weights) {
    return Value::of_numbers(graph.tensor(tensor).type, quantizer.scales());
  }
  return {.type = stored.type, .bytes = quantizer.elements()};
}

std::optional<FloatParameters> StoredNumbers::float_parameters(const Graph& /*graph*/,
                                                               NodeId node) const {
  return real_.data->float_parameters(real_.graph, node);
}

std::optional<std::vector<float>> StoredNumbers::float_input(const Graph& /*graph*/,
                                                             GraphTensorId tensor) const {
  return real_.data->float_input(real_.graph, tensor);
}

}  // namespace systole
