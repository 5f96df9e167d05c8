#include "reference/compare/quality.h"

#include <cmath>

#include "compiler/graph/file_order.h"

namespace systole {

namespace {

/// Steps from zero that are cut off.
constexpr double kBeyondWeights = 127.5;
constexpr double kBelow = -128.5;
constexpr double kAbove = 127.5;

/// Weights of whoever folded and rounded them may be -128.
bool is_clipped(double steps, std::int8_t stored) {
  constexpr std::int8_t kLowest = -128;
  return std::fabs(steps) >= kBeyondWeights && (stored != kLowest || steps <= kBelow);
}

/// In the order of files: [out][channel of the group][position].
std::vector<std::int8_t> stored_weights(const Graph& graph, const NetworkData& data,
                                        const Node& node) {
  const GemmShape gemm = *gemm_shape(graph, node);
  const std::int64_t positions = std::get<ProductWork>(node.work()).kernel.positions();
  const FileOrder order{.shape = {},
                        .sizes = {gemm.groups, gemm.n, gemm.k / positions, positions},
                        .order = {0, 3, 2, 1}};
  return to_file(order, data.value(graph, node.inputs.at(kWeightsInput)).bytes);
}

double real_of(std::int8_t stored, const Quantization& quantization) {
  return quantization.scale * (static_cast<double>(stored) - quantization.zero_point);
}

}  // namespace

QualityCheck::QualityCheck(const Graph& graph, const NetworkData& data)
    : graph_(graph), data_(data) {
  if (!reference::has_float_files(graph, data)) {
    return;
  }
  floats_.emplace(graph, data);
  for (const GraphTensorId input : graph.inputs) {
    if (data.float_input(graph, input)) {
      add_input(input);
    }
  }
}

void QualityCheck::add_input(GraphTensorId input) {
  const GraphTensor& tensor = graph_.tensor(input);
  const std::vector<float> wanted = reference::FloatNumbers::input(graph_, data_, input);
  TensorQuality quality{.tensor = tensor.name, .elements = tensor.shape().elements()};
  ErrorSum error;
  if (is_float(graph_.input_type())) {
    const std::vector<float> held = data_.value(graph_, input).numbers();
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      error.add(wanted[i], held[i]);
    }
  } else {
    const Quantization& quantization = tensor.quantization;
    const std::vector<std::int8_t> held = data_.value(graph_, input).bytes;
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      const double steps = wanted[i] / quantization.scale + quantization.zero_point;
      quality.saturated += steps >= kAbove || steps <= kBelow ? 1 : 0;
      error.add(wanted[i], real_of(held[i], quantization));
    }
  }
  quality.error = error.result();
  quality_.push_back(std::move(quality));
}

void QualityCheck::add(const Node& node, const reference::LayerValues& layer) {
  const Quantization& quantization = graph_.tensor(node.output()).quantization;
  add_layer(node, layer.saturated,
            [&](std::size_t i) { return real_of((*layer.values)[i], quantization); });
}

void QualityCheck::add(const Node& node, const reference::RealLayerValues& layer) {
  const GraphTensor& output = graph_.tensor(node.output());
  const bool is_stored = !is_float(output.type.element);  // a state of int8
  const Quantization quantization = is_stored ? output.quantization : Quantization{};
  add_layer(node, 0, [&](std::size_t i) {
    const auto number = static_cast<double>((*layer.values)[i]);
    return is_stored ? quantization.scale * (number - quantization.zero_point) : number;
  });
}

template <class RealAt>
void QualityCheck::add_layer(const Node& node, std::int64_t saturated, RealAt real_at) {
  const NodeId id = next_++;
  TensorQuality quality{.tensor = graph_.tensor(node.output()).name,
                        .elements = graph_.tensor(node.output()).shape().elements(),
                        .saturated = saturated,
                        .clipped_weights = clipped_weights(node, id)};
  if (floats_) {
    const auto wanted = floats_->evaluate_next().values;
    ErrorSum error;
    for (std::size_t i = 0; i < wanted->size(); ++i) {
      error.add((*wanted)[i], real_at(i));
    }
    quality.error = error.result();
  }
  if (!node.is_view()) {
    quality_.push_back(std::move(quality));
  }
}

std::int64_t QualityCheck::clipped_weights(const Node& node, NodeId id) const {
  if (!has_weights(node) || !floats_ || is_float(graph_.input_type()) ||
      graph_.tensor(node.inputs.at(kWeightsInput)).type.element != DataType::Int8) {
    return 0;
  }
  const auto files = data_.float_parameters(graph_, id);
  if (!files) {
    return 0;
  }
  const WeightScales scales = weight_scales(graph_, node);
  const std::vector<std::int8_t> stored = stored_weights(graph_, data_, node);
  std::int64_t clipped = 0;
  const auto outputs = static_cast<std::size_t>(graph_.tensor(node.output()).shape().channels);
  const std::size_t per_output = files->weights.size() / outputs;
  for (std::size_t i = 0; i < files->weights.size(); ++i) {
    double weight = files->weights[i];
    const std::size_t channel = i / per_output;
    if (files->batch_norm) {
      const FloatParameters::BatchNorm& norm = *files->batch_norm;
      weight *= norm.gamma[channel] / std::sqrt(norm.variance[channel] + norm.epsilon);
    }
    const double steps = weight / scales.at(static_cast<std::int64_t>(channel));
    clipped += is_clipped(steps, stored[i]) ? 1 : 0;
  }
  return clipped;
}

}  // namespace systole
