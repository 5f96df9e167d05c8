#include "reference/kernels/real_evaluator.h"

#include <algorithm>
#include <memory>
#include <utility>
#include <variant>

#include "arch/diag/check.h"
#include "reference/kernels/bf16.h"
#include "reference/kernels/matmul.h"
#include "reference/kernels/pooling.h"
#include "reference/kernels/real_functions.h"
#include "reference/kernels/row_kernels.h"

namespace systole::reference {

namespace {

Shared<float> share(std::vector<float> values) {
  return std::make_shared<const std::vector<float>>(std::move(values));
}

RealLayerValues plain(std::vector<float> values) {
  return {.values = share(std::move(values)), .accumulators = {}};
}

}  // namespace

RealEvaluator::RealEvaluator(const Graph& graph, const NetworkData& data,
                             const std::vector<SummationOrder>& orders)
    : graph_(graph), data_(data), orders_(orders), live_(graph) {
  SYSTOLE_CHECK(graph.input_type() == DataType::Bf16, "a network of {}",
                name_of(graph.input_type()));
  SYSTOLE_CHECK(orders.size() == graph.nodes.size(), "{} orders of addition for {} layers",
                orders.size(), graph.nodes.size());
  for (const GraphTensorId input : graph.given()) {
    live_.keep(input, share(data.value(graph, input).numbers()));
  }
}

RealLayerValues RealEvaluator::evaluate_next() {
  SYSTOLE_CHECK(!done(), "the network has no more layers");
  const Node& node = next_node();
  RealLayerValues result = evaluate(node);
  ++next_;
  live_.done(node);
  live_.keep(node.output(), result.values);
  return result;
}

RealLayerValues RealEvaluator::evaluate_rows(const Node& node) const {
  std::vector<std::vector<float>> numbers;
  for (std::size_t i = 0; i < node.inputs.size(); ++i) {
    const GraphTensorId input = node.inputs[i];
    numbers.push_back(graph_.is_parameter(input) ? data_.value(graph_, input).numbers()
                                                 : *live_.input(node, i));
  }
  std::vector<float> results = computed_rows(graph_, node, numbers);
  std::transform(results.begin(), results.end(), results.begin(), bf16_nearest);
  return plain(std::move(results));
}

template <class ByRows>
RealLayerValues RealEvaluator::evaluate_one(const Node& node, const ByRows& /*op*/) const {
  SYSTOLE_CHECK(false, "{}: {} computes in rows", node.name, node.kind);
}

RealLayerValues RealEvaluator::evaluate(const Node& node) const {
  if (computes_in_rows(node)) {
    return evaluate_rows(node);
  }
  if (node.is_view()) {
    return {.values = live_.input(node, 0), .accumulators = {}};
  }
  return std::visit([&](const auto& attributes) { return evaluate_one(node, attributes); },
                    node.op);
}

RealLayerValues RealEvaluator::evaluate_weighted(const Node& node,
                                                 const ConvolutionGeometry& geometry,
                                                 const FusedActivation& activation) const {
  const RealParameters parameters = systole::real_parameters(graph_, data_, node);
  const auto channels = static_cast<std::size_t>(geometry.output.channels);
  SYSTOLE_CHECK(parameters.biases.size() == channels, "{}: {} biases, expected {}", node.name,
                parameters.biases.size(), channels);
  std::vector<float> sums =
      ordered_sums(geometry, *live_.input(node, 0), parameters.weights, orders_[next_]);
  for (std::size_t first = 0; first < sums.size(); first += channels) {
    for (std::size_t channel = 0; channel < channels; ++channel) {
      sums[first + channel] = sums[first + channel] + parameters.biases[channel];
    }
  }
  Shared<float> values = share(activate(sums, activation.kind));
  return {.values = std::move(values), .accumulators = std::move(sums)};
}

RealLayerValues RealEvaluator::evaluate_one(const Node& node, const Conv2d& convolution) const {
  return evaluate_weighted(node,
                           {.input = graph_.tensor(node.inputs.at(0)).shape(),
                            .output = graph_.tensor(node.output()).shape(),
                            .kernel = convolution.kernel,
                            .groups = convolution.groups},
                           convolution.activation);
}

RealLayerValues RealEvaluator::evaluate_one(const Node& node, const Dense& dense) const {
  const Shape in = graph_.tensor(node.inputs.at(0)).shape();
  constexpr std::size_t kImageAxes = 4;
  SYSTOLE_CHECK(graph_.tensor(node.inputs.at(0)).type.extents.size() < kImageAxes ||
                    (in.rows == 1 && in.cols == 1),
                "{}: dense over {} x {} pixels", node.name, in.rows, in.cols);
  return evaluate_weighted(
      node,
      {.input = in, .output = graph_.tensor(node.output()).shape(), .kernel = {}, .groups = 1},
      dense.activation);
}

RealLayerValues RealEvaluator::evaluate_one(const Node& node, const Matmul& matmul) const {
  std::vector<float> sums = multiply(matmul_layout(graph_, node, matmul), *live_.input(node, 0),
                                     *live_.input(node, 1), orders_[next_]);
  std::vector<float> scaled;
  scaled.reserve(sums.size());
  for (float& sum : sums) {
    sum = sum + 0.0F;  // as if a bias were added: -0 becomes 0
    scaled.push_back(sum * static_cast<float>(matmul.scale));
  }
  Shared<float> values = share(activate(scaled, ActivationKind::None));
  return {.values = std::move(values), .accumulators = std::move(sums)};
}

RealLayerValues RealEvaluator::evaluate_one(const Node& node, const AddTensors& addition) const {
  return plain(add(*live_.input(node, 0), *live_.input(node, 1), addition.activation.kind));
}

RealLayerValues RealEvaluator::evaluate_one(const Node& node, const Activate& activation) const {
  return plain(activate(*live_.input(node, 0), activation.activation.kind));
}

RealLayerValues RealEvaluator::evaluate_one(const Node& node, const PoolTensor& pooling) const {
  return plain(pool({.attributes = pooling,
                     .input = graph_.tensor(node.inputs.at(0)).shape(),
                     .output = graph_.tensor(node.output()).shape(),
                     .input_quantization = {},
                     .output_quantization = {}},
                    std::span<const float>(*live_.input(node, 0))));
}

RealLayerValues RealEvaluator::evaluate_one(const Node& node, const Concat& /*concat*/) const {
  const Shape out = graph_.tensor(node.output()).shape();
  std::vector<float> values(static_cast<std::size_t>(out.elements()));
  std::int64_t first_channel = 0;
  for (std::size_t i = 0; i < node.inputs.size(); ++i) {
    const std::int64_t channels = graph_.tensor(node.inputs[i]).shape().channels;
    const float* from = live_.input(node, i)->data();
    for (std::int64_t pixel = 0; pixel < out.pixels(); ++pixel, from += channels) {
      std::copy_n(from, channels, values.data() + pixel * out.channels + first_channel);
    }
    first_channel += channels;
  }
  SYSTOLE_CHECK(first_channel == out.channels, "{}: {} of {} channels", node.name, first_channel,
                out.channels);
  return plain(std::move(values));
}

RealLayerValues RealEvaluator::evaluate_one(const Node& node,
                                            const SoftmaxChannels& /*softmax*/) const {
  return plain(softmax(*live_.input(node, 0), graph_.tensor(node.inputs.at(0)).shape().channels));
}

}  // namespace systole::reference
