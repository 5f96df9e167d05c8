#include "compiler/frontend/read_network.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>
#include <optional>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "arch/config/config_node.h"
#include "arch/config/files_read.h"
#include "arch/config/near_name.h"
#include "arch/config/text_file.h"
#include "arch/diag/check.h"
#include "compiler/frontend/file_data.h"
#include "compiler/frontend/generated_data.h"
#include "compiler/frontend/infer_graph.h"
#include "compiler/frontend/npy_file.h"
#include "compiler/frontend/npy_header.h"
#include "compiler/frontend/onnx/read_onnx_network.h"
#include "compiler/frontend/random_stream.h"
#include "compiler/frontend/read_description.h"
#include "compiler/frontend/real_network.h"
#include "compiler/frontend/scale_sim.h"
#include "compiler/frontend/stablehlo/read_stablehlo_network.h"
#include "compiler/frontend/stored_states.h"
#include "compiler/frontend/stored_weights.h"
#include "compiler/frontend/timeloop.h"
#include "compiler/frontend/wide_weights.h"
#include "compiler/graph/graph_builder.h"

namespace systole {

namespace {

/// `path` as seen from the folder of the description.
std::string beside(const std::string& description, const std::string& path) {
  return (std::filesystem::path(description).parent_path() / path).string();
}

/// Runs `work`; what is wrong with a .npy file is told at the line of the network that asks for it.
template <class Work>
auto located(const Place& place, Work work) {
  try {
    return work();
  } catch (const NpyError& error) {
    place.fail(error.what());
  }
}

/// A weight scale that every output quantisation allows, where nobody will see the numbers.
double unit_ratio_scale(const Graph& graph, const Node& node) {
  return result_scale(graph, node) / graph.tensor(node.inputs.front()).quantization.scale;
}

/// Numbers from files where the description names some, else from the seed.
class NetworkNumbers final : public NetworkData {
 public:
  NetworkNumbers(const NetworkDescription& description, const NetworkOptions& options)
      : seed_(options.seed), opens_files_(options.numbers) {
    if (description.weight_files) {
      files_.emplace(beside(description.file, description.weight_files->directory),
                     description.weight_files->batch_norm_epsilon);
      note_folder_read(beside(description.file, description.weight_files->directory));
    }
    for (const InputDescription& input : description.inputs) {
      if (input.file) {
        input_files_.emplace(input.name, beside(description.file, *input.file));
      }
    }
    for (const auto& [input, file] : options.input_files) {
      check_is_input(description, input);
      input_files_.insert_or_assign(input, file);
    }
    for (const auto& [input, file] : input_files_) {
      note_file_read(file);  // the user's, whether or not this run needs its numbers
    }
  }

  /// Also checks the layer's files.
  [[nodiscard]] WeightScales weight_scales(const LayerDescription& layer,
                                           const NetworkDefaults& defaults, const Graph& graph,
                                           const Node& node) const {
    const std::int64_t channels = graph.tensor(node.output()).type.extents.back();
    const auto listed = static_cast<std::int64_t>(layer.channel_scales.size());
    if (listed != 0 && listed != channels) {
      layer.where.fail("weights", fmt::format("expected a scale for each of the {} output "
                                              "channels, got {}",
                                              channels, listed));
    }
    const bool per_channel =
        listed != 0 || (!layer.weight_scale && layer.per_channel.value_or(defaults.per_channel));
    if (files_ && opens_files_) {
      return located(layer.place(), [&] { return files_->check(layer, per_channel, graph, node); });
    }
    if (listed != 0) {
      return WeightScales(layer.channel_scales);
    }
    const double scale = layer.weight_scale.value_or(
        files_ ? unit_ratio_scale(graph, node)
               : generated_weight_scale(gemm_shape(graph, node)->k,
                                        layer.weight_gain.value_or(defaults.weight_gain)));
    return per_channel ? generated_channel_scales(scale, channels, node.name, seed_)
                       : WeightScales(scale);
  }

  void check_inputs(const NetworkDescription& description, const Graph& graph) const {
    for (std::size_t i = 0; i < graph.inputs.size(); ++i) {
      const GraphTensor& tensor = graph.tensor(graph.inputs[i]);
      const auto file = input_files_.find(tensor.name);
      if (file != input_files_.end()) {
        located(description.inputs[i].place,
                [&] { check_input_file(file->second, tensor.shape()); });
      }
    }
  }

  /// Remembers the int8 network; one of reals asks for its numbers.
  void stand_on(const Graph& quantized) {
    quantized_ = quantized;
    readers_.assign(quantized_.tensors.size(), nullptr);
    for (const Node& node : quantized_.nodes) {
      for (const GraphTensorId input : node.inputs) {
        const Node*& reader = readers_[static_cast<std::size_t>(input)];
        reader = reader == nullptr ? &node : reader;  // the first one names what it shares
      }
    }
  }

  [[nodiscard]] Value value(const Graph& graph, GraphTensorId tensor) const override {
    SYSTOLE_CHECK(opens_files_, "numbers of a network that was read without them");
    const TensorType& type = graph.tensor(tensor).type;
    const bool real = is_float(graph.input_type());
    if (!graph.is_parameter(tensor)) {
      return real && is_float(type.element) ? Value::of_numbers(type, real_input(tensor))
                                            : Value::of(type, input(tensor));
    }
    const Node& node = *readers_.at(static_cast<std::size_t>(tensor));
    if (!has_weights(node)) {
      return Value::of_numbers(
          type, files_ ? files_->by_feature(quantized_, tensor,
                                            real ? Infinities::Taken : Infinities::Refused)
                       : generated_by_feature(quantized_, node, tensor, seed_));
    }
    const bool weights = node.inputs[kWeightsInput] == tensor;
    if (real) {
      const RealParameters reals = real_parameters(node);
      return Value::of_numbers(type, weights ? reals.weights : reals.biases);
    }
    if (graph.tensor(node.inputs[kWeightsInput]).type.element == DataType::Int16) {
      return wide_value(graph, node, real_parameters(node), tensor);
    }
    const LayerParameters integers = parameters(node);
    return weights ? Value::of(type, integers.weights) : Value::of(type, integers.biases);
  }

  [[nodiscard]] std::optional<FloatParameters> float_parameters(const Graph& graph,
                                                                NodeId node) const override {
    SYSTOLE_CHECK(opens_files_, "numbers of a network that was read without them");
    return files_ ? files_->float_parameters(graph, graph.node(node)) : std::nullopt;
  }

  [[nodiscard]] std::optional<std::vector<float>> float_input(const Graph& graph,
                                                              GraphTensorId tensor) const override {
    SYSTOLE_CHECK(opens_files_, "numbers of a network that was read without them");
    const auto file = input_files_.find(graph.tensor(tensor).name);
    return file == input_files_.end() ? std::nullopt
                                      : read_float_input_file(file->second, graph.tensor(tensor));
  }

 private:
  static void check_is_input(const NetworkDescription& description, const std::string& name) {
    std::vector<std::string_view> names;
    for (const InputDescription& input : description.inputs) {
      names.push_back(input.name);
    }
    for (const IndexDescription& indices : description.indices) {
      names.push_back(indices.name);
    }
    if (std::find(names.begin(), names.end(), name) == names.end()) {
      throw WorkloadError({.file = description.file}, "inputs",
                          fmt::format("expected {}, got {}{}", one_of(names), in_quotes(name),
                                      suggestion(name, names)));
    }
  }

  [[nodiscard]] LayerParameters parameters(const Node& node) const {
    return files_ ? files_->parameters(quantized_, node)
                  : generated_parameters(quantized_, node, seed_);
  }

  [[nodiscard]] std::vector<std::int8_t> input(GraphTensorId tensor) const {
    const GraphTensor& quantized = quantized_.tensor(tensor);
    const auto file = input_files_.find(quantized.name);
    return file == input_files_.end() ? generated_input(quantized_, tensor, seed_)
                                      : read_input_file(file->second, quantized);
  }

  [[nodiscard]] RealParameters real_parameters(const Node& node) const {
    return files_ ? files_->real_parameters(quantized_, node)
                  : dequantized(generated_parameters(quantized_, node, seed_), quantized_, node);
  }

  [[nodiscard]] std::vector<float> real_input(GraphTensorId tensor) const {
    const GraphTensor& quantized = quantized_.tensor(tensor);
    const auto file = input_files_.find(quantized.name);
    return file == input_files_.end()
               ? dequantized(generated_input(quantized_, tensor, seed_), quantized.quantization)
               : read_real_input_file(file->second, quantized);
  }

  std::uint64_t seed_;
  bool opens_files_;
  Graph quantized_;
  std::vector<const Node*> readers_;  // by tensor: the first node that reads it
  std::optional<ParameterFiles> files_;
  std::map<std::string, std::string> input_files_;  // by input
};

/// Of a file, or drawn.
std::vector<std::int64_t> numbers_of(const IndexDescription& indices, const std::string& file,
                                     std::int64_t batch, std::uint64_t seed) {
  std::vector<std::int64_t> numbers;
  if (file.empty()) {
    const RandomStream stream(seed, indices.name + ".input");
    for (std::int64_t i = 0; i < batch * indices.count; ++i) {
      numbers.push_back(static_cast<std::int64_t>(stream.word(static_cast<std::uint64_t>(i)) %
                                                  static_cast<std::uint64_t>(indices.below)));
    }
    return numbers;
  }
  note_file_read(file);
  const NpyFile array(file);
  const std::vector<std::int64_t>& shape = array.shape();
  if (shape.size() != 2 || shape[0] < batch || shape[1] != indices.count) {
    throw NpyError(fmt::format("{}: expected shape (images, {}) with at least {} of them, got ({})",
                               file, indices.count, batch, fmt::join(shape, ", ")));
  }
  const std::vector<double> all = array.numbers();
  for (std::int64_t i = 0; i < batch * indices.count; ++i) {
    const double number = all[static_cast<std::size_t>(i)];
    if (number != std::floor(number) || number < 0 ||
        number >= static_cast<double>(indices.below)) {
      throw NpyError(fmt::format("{}: expected whole numbers of 0..{}, got {} at {}", file,
                                 indices.below - 1, number, i));
    }
    numbers.push_back(static_cast<std::int64_t>(number));
  }
  return numbers;
}

/// Gives the layers that look rows up their numbers: the program depends on them.
void state_rows(NetworkDescription& description, const NetworkOptions& options) {
  const std::int64_t batch = options.batch == 0 ? description.batch : options.batch;
  std::vector<std::shared_ptr<const std::vector<std::int64_t>>> numbers;
  for (const IndexDescription& indices : description.indices) {
    const auto given = options.input_files.find(indices.name);
    const std::string own = indices.file ? beside(description.file, *indices.file) : "";
    const std::string file = given == options.input_files.end() ? own : given->second;
    numbers.push_back(std::make_shared<const std::vector<std::int64_t>>(
        located(indices.place, [&] { return numbers_of(indices, file, batch, options.seed); })));
  }
  for (LayerDescription& layer : description.layers) {
    if (layer.indices) {
      static_cast<void>(systole::state_rows(layer.op, numbers[*layer.indices]));
    }
  }
}

/// The lines of a file as one, `0 3; 5 1`.
std::string routing_of(const std::string& file) {
  constexpr std::size_t kMost = 16U << 20;
  std::string lines;
  try {
    lines = read_text_file(file, kMost);
    check_text(lines);
  } catch (const TextFault& fault) {
    throw WorkloadError({.file = file, .line = fault.line, .column = fault.column}, "",
                        fault.message);
  }
  while (!lines.empty() && lines.back() == '\n') {
    lines.pop_back();
  }
  if (lines.empty()) {
    throw WorkloadError({.file = file}, "",
                        "expected a line with its experts for each token, got none");
  }
  std::replace(lines.begin(), lines.end(), '\n', ';');
  return lines;
}

void state_routing(NetworkDescription& description, const std::string& file) {
  const std::string routing = routing_of(file);
  bool any = false;
  for (LayerDescription& layer : description.layers) {
    any = systole::state_routing(layer.op, routing) || any;
  }
  if (!any) {
    throw WorkloadError({.file = description.file}, "layers",
                        "expected a network with experts for a routing, got none");
  }
  description.name += fmt::format("(routing={})", std::filesystem::path(file).stem().string());
}

/// Throws at a layer whose results are fp32 whatever the network's type.
void check_integers(const Graph& graph) {
  for (const Node& node : graph.nodes) {
    if (is_float(graph.tensor(node.output()).type.element)) {
      throw WorkloadError(node.location, node.name,
                          "expected --type bf16 for a layer whose results are fp32, got int8");
    }
  }
}

/// How the layers want their weights stored.
class LayerStorages {
 public:
  LayerStorages(const NetworkDescription& description, const NetworkOptions& options) {
    for (const LayerDescription& layer : description.layers) {
      const std::optional<WeightStorage> usual =
          options.weights ? options.weights : description.defaults.weight_storage;
      storages_.emplace(layer.name, layer.weight_storage ? layer.weight_storage : usual);
    }
  }

  /// Of an operator that is made of others the parts are stored as it says: LAYER.part.
  [[nodiscard]] std::optional<WeightStorage> of(const Node& node) const {
    for (std::string_view name = node.name; !name.empty();) {
      if (const auto found = storages_.find(name); found != storages_.end()) {
        return found->second;
      }
      const std::size_t dot = name.rfind('.');
      name = name.substr(0, dot == std::string_view::npos ? 0 : dot);
    }
    return std::nullopt;
  }

  /// Throws where the network's type does not allow it.
  void check(const Node& node, DataType type) const {
    const std::optional<WeightStorage> storage = of(node);
    if (!storage || !has_weights(node) || !element_type(storage->type)) {
      return;
    }
    const bool is_wide = storage->type == StorageType::Int16;
    const bool is_narrow = type == DataType::Bf16 || type == DataType::Fp16;
    if (is_wide ? type != DataType::Int8 : !is_narrow) {
      throw WorkloadError(
          node.location, node.name,
          fmt::format("expected a network of {} (--type) for weights that are "
                      "stored as {}, got {}",
                      is_wide ? "int8" : "bf16 or fp16", name_of(storage->type), name_of(type)));
    }
    if (is_wide && storage->group != 0) {
      throw WorkloadError(node.location, node.name,
                          "expected weights of int16 without groups, got some");
    }
  }

 private:
  std::map<std::string_view, std::optional<WeightStorage>> storages_;  // by layer
};

/// With weights as the layers want them. Throws at the first one that wants them otherwise than the
/// network's type allows.
Network stored_as_described(Network network, const NetworkDescription& description,
                            const NetworkOptions& options) {
  const LayerStorages storages(description, options);
  for (const Node& node : network.graph.nodes) {
    storages.check(node, options.type);
  }
  if (options.type != DataType::Int8) {
    return with_stored_weights(std::move(network),
                               [&](const Node& node) { return storages.of(node); });
  }
  widen_weights(network.graph, [&](const Node& node) {
    const std::optional<WeightStorage> storage = storages.of(node);
    return storage && storage->type == StorageType::Int16;
  });
  check_ratios(network.graph);
  return network;
}

/// Whether rows of the state are looked up.
bool is_table(const Graph& graph, const std::string& state) {
  return std::any_of(graph.nodes.begin(), graph.nodes.end(), [&](const Node& node) {
    return graph.tensor(node.inputs.front()).name == state && gathering(node).has_value();
  });
}

/// What a state says itself goes before the option, which is none of tables.
StateType stored_state(const NetworkDescription& description, const NetworkOptions& options,
                       const Graph& graph, const std::string& name) {
  const auto found =
      std::find_if(description.inputs.begin(), description.inputs.end(),
                   [&](const InputDescription& input) { return input.name == name; });
  if (!is_table(graph, name)) {
    return found->stored.value_or(options.states.value_or(StateType::Full));
  }
  const std::optional<DataType> type =
      found->stored ? element_type(*found->stored) : std::optional<DataType>();
  if (type && *type != options.type) {
    found->place.fail(
        fmt::format("expected a table whose rows are gathered to be of the network's own type, {}, "
                    "got {}",
                    name_of(options.type), name_of(*type)));
  }
  return StateType::Full;
}

/// A network of int8 has states of int8.
void check_integer_states(const NetworkDescription& description, const NetworkOptions& options,
                          const Graph& graph) {
  for (const InputDescription& input : description.inputs) {
    const StateType type = stored_state(description, options, graph, input.name);
    if (input.is_state && type != StateType::Full && type != StateType::Int8) {
      input.place.fail(
          fmt::format("expected a network of bf16 or fp16 (--type) for a state that is "
                      "stored as {}, got int8",
                      name_of(type)));
    }
  }
}

Network network_of(const ConfigNode& root, const NetworkOptions& options) {
  if (options.batch < 0 || options.batch > kMaxSize) {
    throw WorkloadError(
        fmt::format("batch: expected an integer in 1..{}, got {}", kMaxSize, options.batch));
  }
  SYSTOLE_CHECK(options.type == DataType::Int8 || is_float(options.type), "a network of {}",
                name_of(options.type));
  NetworkDescription description =
      read_description(root, {.values = options.dims, .phase = options.phase});
  if (!options.routing_file.empty()) {
    state_routing(description, options.routing_file);
  }
  state_rows(description, options);
  auto numbers = std::make_shared<NetworkNumbers>(description, options);
  Graph graph =
      infer_graph(description, options.batch,
                  [&](const LayerDescription& layer, const Graph& so_far, const Node& node) {
                    return numbers->weight_scales(layer, description.defaults, so_far, node);
                  });
  if (!is_float(options.type)) {
    check_ratios(graph);  // reals have none
    check_integers(graph);
  }
  if (options.numbers) {
    numbers->check_inputs(description, graph);
  }
  numbers->stand_on(graph);
  if (is_float(options.type)) {
    const Graph quantized = std::move(graph);
    graph = with_reals(quantized, options.type);
    store_states(graph, quantized, [&](const std::string& name) {
      return stored_state(description, options, quantized, name);
    });
  } else {
    check_integer_states(description, options, graph);
  }
  return stored_as_described({.graph = std::move(graph), .data = std::move(numbers)}, description,
                             options);
}

}  // namespace

Network read_network(const std::string& file, const NetworkOptions& options) {
  if (is_onnx_file(file)) {
    return with_default_storage(read_onnx_network(file, {options, {}, true}), options);
  }
  if (is_scale_sim_file(file)) {
    return parse_network(scale_sim_description(topology_text(file), file), file, options);
  }
  if (is_stablehlo_file(file)) {
    return with_default_storage(read_stablehlo_network(file, {options, {}, true}), options);
  }
  const ConfigNode root = ConfigNode::open(file, ConfigNode::Kind::Workload);
  if (is_timeloop_problem(root)) {
    return parse_network(timeloop_description(root), file, options);
  }
  return network_of(root, options);
}

Network parse_network(const std::string& text, const std::string& file,
                      const NetworkOptions& options) {
  return network_of(ConfigNode::parse(text, file, ConfigNode::Kind::Workload), options);
}

}  // namespace systole
