#include "compiler/frontend/quantized_network.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "arch/diag/check.h"
#include "compiler/frontend/weight_quantization.h"
#include "compiler/graph/file_order.h"
#include "compiler/graph/graph_builder.h"

namespace systole {

namespace {

constexpr double kLowest = -128;
constexpr double kHighest = 127;

std::int8_t stored(double number, const Quantization& quantization) {
  const double steps = std::round(number / quantization.scale) + quantization.zero_point;
  return static_cast<std::int8_t>(std::isnan(steps) ? quantization.zero_point
                                                    : std::clamp(steps, kLowest, kHighest));
}

/// Whether the operator settles how its output is quantised.
bool is_settled(const Node& node) {
  const OpEntry* entry = find_entry(node.kind);
  if (entry == nullptr) {
    return false;
  }
  for (const Attribute& attribute : entry->attributes) {
    if (const auto* output = std::get_if<Attribute::Output>(&attribute.value)) {
      return !output->settled.empty();
    }
  }
  return true;
}

/// Whether the output is quantised as the first input where nothing is said of it.
bool follows_input(const Graph& graph, const Node& node) {
  constexpr Quantization kAny{.scale = 0.1875, .zero_point = 77};  // that no operator chooses
  std::vector<TensorType> types;
  for (const GraphTensorId input : graph.data_inputs(node)) {
    types.push_back(graph.tensor(input).type);
  }
  const std::vector<Quantization> quantizations(types.size(), kAny);
  const QuantizationDefaults defaults;
  const OpPlace where;
  Op op = node.op;
  const Inferred inferred = infer(op, {.types = types,
                                       .quantizations = quantizations,
                                       .defaults = defaults,
                                       .before = {},
                                       .where = where,
                                       .batch = graph.batch});
  return inferred.quantization == kAny;
}

PartialQuantization wish(const Quantization& quantization) {
  return {.scale = quantization.scale, .zero_point = quantization.zero_point};
}

/// What is said of a tensor behind such operators holds for the tensor before them, if nothing is
/// said of it.
QuantizationChoice spread(const Graph& graph, QuantizationChoice choice) {
  for (auto node = graph.nodes.rbegin(); node != graph.nodes.rend(); ++node) {
    const auto said = choice.tensors.find(node->output());
    if (said != choice.tensors.end() && keeps_quantization(graph, *node)) {
      const Quantization quantization = said->second;
      choice.tensors.emplace(node->inputs.front(), quantization);
    }
  }
  return choice;
}

class Quantizer {
 public:
  Quantizer(const Network& real, const QuantizationChoice& choice, bool numbers)
      : real_(real),
        choice_(spread(real.graph, choice)),
        numbers_(numbers),
        builder_(real.graph.name, real.graph.file, real.graph.batch, QuantizationDefaults{}),
        made_(real.graph.tensors.size(), -1) {}

  Network run() {
    const Graph& from = real_.graph;
    for (std::size_t i = 0; i < from.tensors.size(); ++i) {
      add_given(static_cast<GraphTensorId>(i));
    }
    for (const Node& node : from.nodes) {
      add_node(node);
    }
    for (const GraphTensorId output : from.outputs) {
      builder_.add_output(made_[static_cast<std::size_t>(output)]);
    }
    Graph graph = std::move(builder_).take();
    graph.phase = from.phase;
    check_states(graph);
    check_ratios(graph);
    auto data = std::make_shared<QuantizedNumbers>(real_, reals_of(graph));
    if (numbers_) {
      check_biases(graph, *data);
    }
    return {.graph = std::move(graph), .data = std::move(data)};
  }

 private:
  [[nodiscard]] static Place place_of(const Node& node) {
    return {.location = node.location, .path = node.name};
  }

  /// Inputs and states, in the order of their tensors.
  void add_given(GraphTensorId id) {
    const Graph& from = real_.graph;
    const GraphTensor& tensor = from.tensor(id);
    Place where;
    where.location.file = from.file;
    where.path = tensor.name;
    TensorType type = tensor.type;
    type.element = DataType::Int8;
    const auto is = [&](const std::vector<GraphTensorId>& list) {
      return std::find(list.begin(), list.end(), id) != list.end();
    };
    if (is(from.inputs)) {
      made_[static_cast<std::size_t>(id)] =
          builder_.add_input(tensor.name, std::move(type), given(id, where), where);
    } else if (is(from.states)) {
      made_[static_cast<std::size_t>(id)] =
          builder_.add_state(tensor.name, std::move(type), given(id, where), where);
    }
  }

  [[nodiscard]] Quantization given(GraphTensorId id, const Place& where) const {
    const auto found = choice_.tensors.find(id);
    if (found == choice_.tensors.end()) {
      where.fail(
          "expected a quantisation in the file, or --quantize int8, which finds one, got neither");
    }
    return found->second;
  }

  void add_node(const Node& node) {
    const Graph& from = real_.graph;
    const OpPlace where{.op = place_of(node), .attributes = {}};
    NodeRequest request{.name = node.name,
                        .kind = node.kind,
                        .op = node.op,
                        .inputs = {},
                        .before = {},
                        .output = {},
                        .output_name = from.tensor(node.output()).name};
    for (const GraphTensorId input : from.data_inputs(node)) {
      request.inputs.push_back(made_[static_cast<std::size_t>(input)]);
    }
    for (std::size_t i = request.inputs.size(); node.shares_parameters && i < node.inputs.size();
         ++i) {
      request.shared.push_back(made_[static_cast<std::size_t>(node.inputs[i])]);
    }
    const bool said = choice_.tensors.count(node.output()) > 0;
    if (!is_settled(node) && (said || !follows_input(from, node))) {
      request.output = wish(given(node.output(), where.op));
    }
    const auto before = choice_.before.find(node.output());
    if (before != choice_.before.end()) {
      request.before = wish(before->second);
    }
    made_[static_cast<std::size_t>(node.output())] = builder_.add(
        std::move(request), where,
        [&](const Graph& graph, const Node& made) { return scales(graph, node, made); });
    // Parameters stand behind the operands of both.
    const Node& made = builder_.graph().nodes.back();
    SYSTOLE_CHECK(made.inputs.size() == node.inputs.size(), "{}: {} inputs for {}", node.name,
                  made.inputs.size(), node.inputs.size());
    for (std::size_t i = 0; i < node.inputs.size(); ++i) {
      made_[static_cast<std::size_t>(node.inputs[i])] = made.inputs[i];
    }
  }

  /// `made`: the node without its parameters.
  [[nodiscard]] WeightScales scales(const Graph& graph, const Node& node, const Node& made) const {
    const GraphTensorId weights = node.inputs.at(kWeightsInput);
    const auto found = choice_.weights.find(weights);
    if (found != choice_.weights.end()) {
      return found->second;
    }
    const double input_scale = graph.tensor(made.inputs.front()).quantization.scale;
    const double output_scale = result_scale(graph, made);
    if (!numbers_) {
      return output_scale / input_scale;
    }
    const GemmShape gemm = *gemm_shape(real_.graph, node);
    const RealParameters reals = real_parameters(real_.graph, *real_.data, node);
    std::vector<WeightRange> ranges(reals.biases.size(), {.products = gemm.k});
    for (std::size_t i = 0; i < reals.weights.size(); ++i) {
      WeightRange& range =
          ranges[static_cast<std::size_t>(gemm.channel_of(static_cast<std::int64_t>(i)))];
      range.largest_weight =
          std::max(range.largest_weight, std::abs(static_cast<double>(reals.weights[i])));
    }
    std::vector<double> fitting;
    for (std::size_t channel = 0; channel < ranges.size(); ++channel) {
      ranges[channel].largest_bias = std::abs(static_cast<double>(reals.biases[channel]));
      fitting.push_back(fitting_weight_scale(ranges[channel], input_scale, output_scale));
    }
    return WeightScales(std::move(fitting));
  }

  /// Of tensors of the int8 network.
  [[nodiscard]] std::vector<GraphTensorId> reals_of(const Graph& graph) const {
    std::vector<GraphTensorId> reals(graph.tensors.size(), -1);
    for (std::size_t i = 0; i < made_.size(); ++i) {
      if (made_[i] >= 0) {
        reals[static_cast<std::size_t>(made_[i])] = static_cast<GraphTensorId>(i);
      }
    }
    return reals;
  }

  void check_biases(const Graph& graph, const NetworkData& data) const {
    for (const Node& node : graph.nodes) {
      if (!has_weights(node) || !has_biases(node)) {
        continue;
      }
      const std::int64_t products = gemm_shape(graph, node)->k;
      const auto biases = data.value(graph, node.inputs[kBiasesInput]).elements<std::int32_t>();
      for (std::size_t channel = 0; channel < biases.size(); ++channel) {
        if (!is_bias(biases[channel], products)) {
          place_of(node).fail(fmt::format(
              "expected biases within {} steps of input scale times weight scale, got {} at "
              "channel {}",
              most_bias_steps(products), biases[channel], channel));
        }
      }
    }
  }

  const Network& real_;
  QuantizationChoice choice_;
  bool numbers_;
  GraphBuilder builder_;
  std::vector<GraphTensorId> made_;  ///< by tensor of the network of reals
};

std::int32_t bias_steps(double bias, double unit) {
  constexpr double kMost = 2147483647;
  return static_cast<std::int32_t>(std::clamp(std::round(bias / unit), -kMost, kMost));
}

}  // namespace

bool keeps_quantization(const Graph& graph, const Node& node) {
  return is_settled(node) && follows_input(graph, node);
}

void QuantizationChoice::complete(const QuantizationChoice& other) {
  tensors.insert(other.tensors.begin(), other.tensors.end());
  before.insert(other.before.begin(), other.before.end());
  weights.insert(other.weights.begin(), other.weights.end());
}

Quantization quantization_of_range(double low, double high) {
  constexpr double kSteps = 255;
  constexpr double kLeastScale = 1e-12;
  low = std::min(low, 0.0);
  high = std::max(high, 0.0);
  const double scale = std::max((high - low) / kSteps, kLeastScale);
  if (high == low) {
    return {.scale = 1, .zero_point = 0};
  }
  return {.scale = scale,
          .zero_point = static_cast<std::int32_t>(
              std::clamp(std::round(kLowest - low / scale), kLowest, kHighest))};
}

QuantizedNumbers::QuantizedNumbers(Network real, std::vector<GraphTensorId> reals)
    : real_(std::move(real)), reals_(std::move(reals)), reader_(reals_.size(), -1) {
  std::vector<NodeId> readers(real_.graph.tensors.size(), -1);
  for (std::size_t node = 0; node < real_.graph.nodes.size(); ++node) {
    for (const GraphTensorId input : real_.graph.nodes[node].inputs) {
      readers[static_cast<std::size_t>(input)] = static_cast<NodeId>(node);
    }
  }
  for (std::size_t i = 0; i < reals_.size(); ++i) {
    reader_[i] = readers[static_cast<std::size_t>(reals_[i])];
  }
}

Value QuantizedNumbers::value(const Graph& graph, GraphTensorId tensor) const {
  const GraphTensor& asked = graph.tensor(tensor);
  const std::vector<float> reals = numbers(tensor);
  if (is_float(asked.type.element)) {
    return Value::of_numbers(asked.type, reals);
  }
  if (asked.role != GraphTensorRole::Parameter) {
    std::vector<std::int8_t> integers(reals.size());
    std::transform(reals.begin(), reals.end(), integers.begin(),
                   [&](float number) { return stored(number, asked.quantization); });
    return Value::of(asked.type, integers);
  }
  const Node& node = graph.node(reader_[static_cast<std::size_t>(tensor)]);
  const WeightScales scales = weight_scales(graph, node);
  if (asked.type.element == DataType::Int32) {
    const double input_scale = graph.tensor(node.inputs.front()).quantization.scale;
    std::vector<std::int32_t> biases;
    for (std::size_t channel = 0; channel < reals.size(); ++channel) {
      const double unit = input_scale * scales.at(static_cast<std::int64_t>(channel));
      biases.push_back(bias_steps(reals[channel], unit));
    }
    return Value::of(asked.type, biases);
  }
  const GemmShape gemm = *gemm_shape(graph, node);
  std::vector<std::int8_t> weights(reals.size());
  for (std::size_t i = 0; i < reals.size(); ++i) {
    const auto at = static_cast<std::int64_t>(i);
    const double scale = scales.at(scales.by_channel() ? gemm.channel_of(at) : 0);
    weights[i] =
        static_cast<std::int8_t>(std::clamp(std::round(reals[i] / scale), kLowest, kHighest));
  }
  return Value::of(asked.type, weights);
}

std::optional<FloatParameters> QuantizedNumbers::float_parameters(const Graph& graph,
                                                                  NodeId node) const {
  const Node& asked = graph.node(node);
  const GemmShape gemm = *gemm_shape(graph, asked);
  const std::int64_t positions = std::get<ProductWork>(asked.work()).kernel.positions();
  const FileOrder order{.shape = {},
                        .sizes = {gemm.groups, gemm.n, gemm.k / positions, positions},
                        .order = {0, 3, 2, 1}};
  FloatParameters parameters{.weights = to_file(order, numbers(asked.inputs.at(kWeightsInput)))};
  if (has_biases(asked)) {
    parameters.biases = numbers(asked.inputs.at(kBiasesInput));
  }
  return parameters;
}

std::optional<std::vector<float>> QuantizedNumbers::float_input(const Graph& /*graph*/,
                                                                GraphTensorId tensor) const {
  return numbers(tensor);
}

Network quantized_network(const Network& real, const QuantizationChoice& choice, bool numbers) {
  SYSTOLE_CHECK(is_float(real.graph.input_type()), "a network of {} to be quantised",
                name_of(real.graph.input_type()));
  return Quantizer(real, choice, numbers).run();
}

}  // namespace systole
