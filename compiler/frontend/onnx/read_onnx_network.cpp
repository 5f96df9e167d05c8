#include "compiler/frontend/onnx/read_onnx_network.h"

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "arch/config/files_read.h"
#include "arch/config/near_name.h"
#include "arch/diag/check.h"
#include "arch/diag/printable.h"
#include "compiler/frontend/generated_data.h"
#include "compiler/frontend/npy_file.h"
#include "compiler/frontend/onnx/infer_values.h"
#include "compiler/frontend/onnx/lower_graph.h"
#include "compiler/frontend/onnx/passes/passes.h"
#include "compiler/frontend/random_stream.h"
#include "compiler/frontend/stored_weights.h"

namespace systole {

namespace {

/// Generated inputs are the integers of int8 networks times this: within 2 either way.
constexpr float kInputScale = 1.0F / 64;
/// The largest of whole numbers that are generated; they begin at 0.
constexpr std::int8_t kMostGenerated = 7;
constexpr std::size_t kMostNames = 8;

class OnnxNumbers final : public NetworkData {
 public:
  OnnxNumbers(LoweredGraph& lowered, const NetworkOptions& options)
      : parameters_(std::move(lowered.parameters)),
        orders_(std::move(lowered.file_orders)),
        whole_(std::move(lowered.whole_inputs)),
        stored_(std::move(lowered.stored_inputs)),
        caches_(std::move(lowered.caches)),
        indices_(std::move(lowered.indices)),
        quantization_(std::move(lowered.quantization)),
        files_(options.input_files),
        seed_(options.seed),
        has_numbers_(options.numbers) {
    for (const auto& [input, file] : files_) {
      note_file_read(file);
    }
  }

  [[nodiscard]] const FileOrders& orders() const { return orders_; }
  [[nodiscard]] const QuantizationChoice& quantization() const { return quantization_; }

  void check_inputs(const Graph& graph) const {
    for (const auto& [name, file] : files_) {
      if (indices_.count(name) > 0) {
        continue;  // read already
      }
      const std::vector<GraphTensorId> given = graph.given();
      const auto found = std::find_if(
          given.begin(), given.end(),
          [&, key = name](GraphTensorId input) { return graph.tensor(input).name == key; });
      if (found == given.end()) {
        fail_input(graph, name);
      }
      if (has_numbers_) {
        static_cast<void>(floats_of(file, graph.tensor(*found)));
      }
    }
  }

  [[nodiscard]] Value value(const Graph& graph, GraphTensorId tensor) const override {
    SYSTOLE_CHECK(has_numbers_, "numbers of a network that was read without them");
    return Value::of_numbers(graph.tensor(tensor).type, input(graph, tensor));
  }

  [[nodiscard]] std::optional<std::vector<float>> float_input(const Graph& graph,
                                                              GraphTensorId tensor) const override {
    return input(graph, tensor);
  }

 private:
  [[noreturn]] static void fail_input(const Graph& graph, const std::string& name) {
    std::vector<std::string_view> names;
    for (const GraphTensorId input : graph.given()) {
      names.push_back(graph.tensor(input).name);
    }
    throw WorkloadError({.file = graph.file}, "inputs",
                        fmt::format("expected {}, got {}{}", one_of(names), in_quotes(name),
                                    suggestion(name, names)));
  }

  /// In the order of memory.
  [[nodiscard]] std::vector<float> floats_of(const std::string& file,
                                             const GraphTensor& tensor) const {
    const NpyFile array(file);
    const FileOrder* order = find_order(orders_, tensor.name);
    const Extents& extents = tensor.type.extents;
    const bool whole = whole_.count(tensor.name) > 0;
    const auto stored = stored_.find(tensor.name);
    if (!whole) {
      std::vector<NpyType> types{NpyType::Float16, NpyType::Float32, NpyType::Float64};
      if (stored != stored_.end()) {
        types.push_back(stored->second.type == OnnxType::Uint8 ? NpyType::Uint8 : NpyType::Int8);
      }
      array.expect_type(types);
    }
    const auto cache = caches_.find(tensor.name);
    if (cache != caches_.end()) {
      array.expect_shape(cache->second.given);
      return to_memory(cache->second.order, grown(array.floats(), cache->second));
    }
    array.expect_shape(order == nullptr ? OnnxShape(extents.begin(), extents.end()) : order->shape);
    const bool is_stored = stored != stored_.end() && !is_float(array.type());
    std::vector<float> numbers = is_stored ? reals_of(array, stored->second)
                                 : whole   ? exact(array, tensor.type.element)
                                           : array.floats();
    return order == nullptr ? numbers : to_memory(*order, numbers);
  }

  /// The numbers of a file with those of all tokens: of tokens that the file lacks, 0.
  [[nodiscard]] static std::vector<float> grown(const std::vector<float>& numbers,
                                                const StoredCache& cache) {
    const auto inner = [&](const OnnxShape& shape) {
      return elements_of(
          OnnxShape(shape.begin() + static_cast<std::ptrdiff_t>(cache.tokens), shape.end()));
    };
    const std::int64_t given = inner(cache.given);
    const std::int64_t held = inner(cache.held);
    std::vector<float> all;
    for (std::int64_t part = 0; part < elements_of(cache.held) / held; ++part) {
      const auto first = numbers.begin() + part * given;
      all.insert(all.end(), first, first + given);
      all.resize(static_cast<std::size_t>((part + 1) * held), 0.0F);
    }
    return all;
  }

  /// Of integers as the file's network stores them.
  [[nodiscard]] static std::vector<float> reals_of(const NpyFile& array,
                                                   const StoredInput& stored) {
    constexpr int kUnsignedOffset = 128;
    const int offset = stored.type == OnnxType::Uint8 ? kUnsignedOffset : 0;
    std::vector<float> reals;
    for (const double number : array.numbers()) {
      reals.push_back(static_cast<float>(stored.quantization.scale *
                                         (number - offset - stored.quantization.zero_point)));
    }
    return reals;
  }

  /// Whole numbers, each of which the type holds.
  [[nodiscard]] static std::vector<float> exact(const NpyFile& array, DataType type) {
    std::vector<float> numbers;
    for (const double number : array.numbers()) {
      const auto kept = static_cast<float>(number);
      const auto held = Value::of_numbers({.element = type, .extents = {1}}, {kept}).numbers();
      if (static_cast<double>(held.front()) != number) {
        throw NpyError({.file = array.file()}, "",
                       fmt::format("expected whole numbers that {} holds exactly, got {} at "
                                   "element {}",
                                   name_of(type), number, numbers.size()));
      }
      numbers.push_back(kept);
    }
    return numbers;
  }

  [[nodiscard]] std::vector<float> input(const Graph& graph, GraphTensorId tensor) const {
    const GraphTensor& asked = graph.tensor(tensor);
    if (const auto found = parameters_.find(tensor); found != parameters_.end()) {
      return found->second();
    }
    const auto file = files_.find(asked.name);
    if (file != files_.end()) {
      return floats_of(file->second, asked);
    }
    const std::vector<std::int8_t> integers = generated_input(graph, tensor, seed_);
    std::vector<float> numbers(integers.size());
    const auto whole = whole_.find(asked.name);
    const auto stored = stored_.find(asked.name);
    std::transform(integers.begin(), integers.end(), numbers.begin(), [&](std::int8_t value) {
      if (whole != whole_.end()) {  // 0 or 1
        return whole->second == OnnxType::Bool ? static_cast<float>(value & 1)
                                               : static_cast<float>(value & kMostGenerated);
      }
      if (stored != stored_.end()) {
        const Quantization& quantization = stored->second.quantization;
        return static_cast<float>(quantization.scale * (value - quantization.zero_point));
      }
      return kInputScale * static_cast<float>(value);
    });
    return numbers;
  }

  std::map<GraphTensorId, ParameterNumbers> parameters_;
  FileOrders orders_;
  std::map<std::string, OnnxType, std::less<>> whole_;
  std::map<std::string, StoredInput, std::less<>> stored_;
  std::map<std::string, StoredCache, std::less<>> caches_;
  std::set<std::string, std::less<>> indices_;
  QuantizationChoice quantization_;
  std::map<std::string, std::string> files_;  // by input
  std::uint64_t seed_;
  bool has_numbers_;
};

/// `3 nodes (a, b, c)`, not more than a line's worth.
std::string node_list(const std::vector<std::string>& nodes) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < std::min(nodes.size(), kMostNames); ++i) {
    names.push_back(printable(nodes[i]));
  }
  return fmt::format(
      "{} node{} ({}{})", nodes.size(), nodes.size() == 1 ? "" : "s", fmt::join(names, ", "),
      nodes.size() > kMostNames ? fmt::format(" and {} more", nodes.size() - kMostNames) : "");
}

/// One line for each operator and reason, in the order of the file.
std::string refused_text(const std::string& file, const std::vector<ImportRefusal>& refusals) {
  std::vector<std::pair<std::string, std::string>> kinds;
  std::map<std::pair<std::string, std::string>, std::vector<std::string>> nodes;
  for (const ImportRefusal& refusal : refusals) {
    const std::pair<std::string, std::string> kind{refusal.op, refusal.reason};
    if (nodes[kind].empty()) {
      kinds.push_back(kind);
    }
    nodes[kind].push_back(refusal.node);
  }
  const std::vector<std::string> known = lowered_operators();
  const std::vector<std::string_view> names(known.begin(), known.end());
  std::vector<std::string> lines;
  for (const auto& kind : kinds) {
    const auto& [op, reason] = kind;
    lines.push_back(
        reason.empty()
            ? fmt::format("{}: {}: expected an operator that docs/onnx.md lists, got {}{}",
                          printable_path(file), printable(op), node_list(nodes[kind]),
                          suggestion(op, names))
            : fmt::format("{}: {}: {}, in {}", printable_path(file), printable(op), reason,
                          node_list(nodes[kind])));
  }
  return fmt::format("{}", fmt::join(lines, "\n"));
}

/// A file whose values are inferred and whose passes are done.
struct CleanedGraph {
  ImportGraph graph;
  std::vector<ImportRefusal> refusals;
  std::string about;                                          ///< the file in a line
  std::vector<std::pair<std::string, std::int64_t>> changes;  ///< places by pass
};

/// Of the file that is given for the input, or drawn.
std::vector<std::int64_t> indices_of(const ImportValue& input, std::int64_t rows,
                                     const NetworkOptions& options) {
  const auto file = options.input_files.find(input.name);
  std::vector<std::int64_t> indices;
  if (file == options.input_files.end()) {
    std::vector<std::int8_t> bytes(3 * static_cast<std::size_t>(elements_of(*input.shape)));
    RandomStream(options.seed, input.name + ".input").fill_int8(bytes);
    for (std::size_t i = 0; i < bytes.size(); i += 3) {
      const auto byte = [&](std::size_t at) {
        return static_cast<std::int64_t>(static_cast<std::uint8_t>(bytes[at]));
      };
      indices.push_back((byte(i) + (byte(i + 1) << 8) + (byte(i + 2) << 16)) % rows);
    }
    return indices;
  }
  const NpyFile array(file->second);
  array.expect_shape(*input.shape);
  for (const double number : array.numbers()) {
    indices.push_back(static_cast<std::int64_t>(number));
  }
  return indices;
}

/// What becomes of keys and values of earlier tokens.
enum class Caches : std::uint8_t { States, Copied };

CleanedGraph cleaned_graph(ImportedFile file, const NetworkOptions& options, Caches caches) {
  CleanedGraph cleaned{.graph = std::move(file.graph), .refusals = {}, .about = {}, .changes = {}};
  ImportGraph& graph = cleaned.graph;
  cleaned.about = std::move(file.about);
  cleaned.refusals = infer_values(graph);
  cleaned.changes.emplace_back("spelled out", graph.spelled_out);
  cleaned.changes.emplace_back("computed beforehand", graph.computed);
  cleaned.changes.emplace_back("recognise_dynamic_quantization",
                               recognise_dynamic_quantization(graph));
  cleaned.changes.emplace_back("take_integer_products", take_integer_products(graph));
  cleaned.changes.emplace_back("take_quantization", take_quantization(graph));
  if (file.in_primitives) {
    cleaned.changes.emplace_back("recognise_limits", recognise_limits(graph));
  }
  cleaned.changes.emplace_back("remove_identities", remove_identities(graph));
  if (file.in_primitives) {
    cleaned.changes.emplace_back("sink_transposes", sink_transposes(graph));
    cleaned.changes.emplace_back("recognise_means", recognise_means(graph));
    cleaned.changes.emplace_back("recognise_variance", recognise_variance(graph));
    cleaned.changes.emplace_back("recognise_softmax", recognise_softmax(graph));
    static_cast<void>(remove_identities(graph));
  }
  cleaned.changes.emplace_back("recognise_functions", recognise_functions(graph));
  cleaned.changes.emplace_back("recognise_normalisation", recognise_normalisation(graph));
  cleaned.changes.emplace_back("fold_channel_scales", fold_channel_scales(graph));
  cleaned.changes.emplace_back("fold_scales", fold_scales(graph));
  cleaned.changes.emplace_back("share_heads", share_heads(graph));
  cleaned.changes.emplace_back("take_caches", caches == Caches::States ? take_caches(graph) : 0);
  spell_updates(graph);
  cleaned.changes.emplace_back(
      "take_indices", take_indices(graph, [&](const ImportValue& input, std::int64_t rows) {
        return indices_of(input, rows, options);
      }));
  cleaned.changes.emplace_back("recognise_masks", recognise_masks(graph));
  cleaned.changes.emplace_back("recognise_rotary", recognise_rotary(graph));
  cleaned.changes.emplace_back("make_dense", make_dense(graph));
  cleaned.changes.emplace_back("split_dense", split_dense(graph));
  cleaned.changes.emplace_back("fuse_activations", fuse_activations(graph));
  return cleaned;
}

/// What is refused already goes without what follows from it.
LoweredGraph lowered_graph(const CleanedGraph& cleaned, DataType type) {
  LoweredGraph lowered;
  try {
    lowered = lower_graph(cleaned.graph, type);
  } catch (const WorkloadError&) {
    if (cleaned.refusals.empty()) {
      throw;
    }
  }
  lowered.refusals.insert(lowered.refusals.begin(), cleaned.refusals.begin(),
                          cleaned.refusals.end());
  return lowered;
}

struct LoweredFile {
  CleanedGraph cleaned;
  LoweredGraph lowered;
};

/// With caches as states where products can read them so, else copied. `type_of` a cleaned graph.
template <class TypeOf>
LoweredFile lowered_file(const ImportedFile& imported, const NetworkOptions& options,
                         const TypeOf& type_of) {
  CleanedGraph cleaned = cleaned_graph(imported, options, Caches::States);
  const auto& values = cleaned.graph.values;
  if (std::any_of(values.begin(), values.end(),
                  [](const ImportValue& value) { return value.cache.has_value(); })) {
    try {
      LoweredGraph lowered = lowered_graph(cleaned, type_of(cleaned));
      if (lowered.refusals.empty()) {
        return {.cleaned = std::move(cleaned), .lowered = std::move(lowered)};
      }
    } catch (const WorkloadError&) {  // of a state that others read too
    }
    cleaned = cleaned_graph(imported, options, Caches::Copied);
  }
  LoweredGraph lowered = lowered_graph(cleaned, type_of(cleaned));
  return {.cleaned = std::move(cleaned), .lowered = std::move(lowered)};
}

ImportedFile imported_file(const std::string& file, const OnnxOptions& options) {
  const OnnxModel model = read_onnx_model(file);
  const ImportOptions import{.dims = {options.dims.begin(), options.dims.end()},
                             .batch = options.batch};
  ImportedFile made{
      .graph = import_graph(model, import), .about = {}, .refused = [file](const auto& refusals) {
        return refused_text(file, refusals);
      }};
  made.about = fmt::format("{}: {} nodes, operator set {}{}", printable_path(file),
                           made.graph.nodes.size(), made.graph.opset,
                           model.producer.empty() ? "" : ", made by " + printable(model.producer));
  return made;
}

/// Whether the file rounds something to int8, however.
bool is_quantized(const ImportGraph& graph) {
  return std::any_of(graph.values.begin(), graph.values.end(),
                     [](const ImportValue& value) { return value.quantization.has_value(); }) ||
         std::any_of(graph.nodes.begin(), graph.nodes.end(),
                     [](const ImportNode& node) { return node.is("QuantizeLinear"); });
}

DataType type_for(const std::string& file, const OnnxOptions& options) {
  DataType type = options.type;
  for (const DataType other : options.other_types) {
    type = is_float(type) ? type : other;
  }
  if (!is_float(type)) {
    throw WorkloadError(
        {.file = file}, "",
        fmt::format("expected --type bf16 or --quantize int8 for a network of floating numbers, "
                    "got {}",
                    name_of(type)));
  }
  return type;
}

}  // namespace

bool is_onnx_file(const std::string& file) {
  return file.ends_with(".onnx");
}

Network network_of(const ImportedFile& imported, const OnnxOptions& options) {
  bool is_int8 = false;
  auto [cleaned, lowered] = lowered_file(imported, options, [&](const CleanedGraph& graph) {
    is_int8 = options.type == DataType::Int8 && is_quantized(graph.graph);
    return is_int8 ? DataType::Fp32 : type_for(imported.graph.file, options);
  });
  if (!lowered.refusals.empty()) {
    throw WorkloadError(imported.refused(lowered.refusals));
  }
  auto numbers = std::make_shared<OnnxNumbers>(lowered, options);
  numbers->check_inputs(lowered.graph);
  const QuantizationChoice& quantization = numbers->quantization();
  Network network{.graph = std::move(lowered.graph), .data = numbers};
  return is_int8 ? quantized_network(network, quantization, options.numbers) : network;
}

Network read_onnx_network(const std::string& file, const OnnxOptions& options) {
  return network_of(imported_file(file, options), options);
}

std::string explain_onnx(const std::string& file, const OnnxOptions& options) {
  return explanation_of(imported_file(file, options));
}

std::vector<ImportRefusal> refusals_of(const ImportedFile& imported) {
  return lowered_file(imported, {}, [](const CleanedGraph&) { return DataType::Fp32; })
      .lowered.refusals;
}

std::string explanation_of(const ImportedFile& imported) {
  const auto [cleaned, lowered] =
      lowered_file(imported, {}, [](const CleanedGraph&) { return DataType::Fp32; });
  std::string text = cleaned.about + "\n\nRecognised:\n";
  for (const auto& [pass, places] : cleaned.changes) {
    text += fmt::format("  {:<32} {:>6}\n", pass, places);
  }
  std::map<std::string, std::int64_t> counts;
  for (const ImportNode& node : cleaned.graph.nodes) {
    ++counts[node.full_op()];
  }
  text += "\nOperators left (systole.* are recognised ones):\n";
  for (const auto& [op, count] : counts) {
    text += fmt::format("  {:<32} {:>6}\n", printable(op), count);
  }
  if (!lowered.refusals.empty()) {
    return text + "\nMissing:\n" + imported.refused(lowered.refusals) + "\n";
  }
  struct Cost {
    std::int64_t nodes = 0;
    std::int64_t macs = 0;
    std::int64_t elements = 0;  // that are made
  };
  std::map<std::string, Cost> costs;
  std::int64_t macs = 0;
  for (const Node& node : lowered.graph.nodes) {
    const std::int64_t own = macs_of(lowered.graph, node);
    Cost& cost = costs[node.kind];
    cost.nodes += 1;
    cost.macs += own;
    cost.elements += node.is_view() ? 0 : lowered.graph.tensor(node.output()).type.elements();
    macs += own;
  }
  text +=
      fmt::format("\n{:<34} {:>6} {:>18} {:>18}\n", "Layers:", "nodes", "MACs", "elements made");
  for (const auto& [kind, cost] : costs) {
    text +=
        fmt::format("  {:<32} {:>6} {:>18} {:>18}\n", kind, cost.nodes, cost.macs, cost.elements);
  }
  if (!lowered.constant_outputs.empty()) {
    text += fmt::format("\nOutputs that are constants, which no layer gives: {}\n",
                        fmt::join(lowered.constant_outputs, ", "));
  }
  return text +
         fmt::format("\n{} multiply-accumulates for a batch of {}\n", macs, lowered.graph.batch);
}

FileOrders file_orders_of(const Network& network) {
  if (const auto* quantized = dynamic_cast<const QuantizedNumbers*>(network.data.get())) {
    return file_orders_of(quantized->real());
  }
  if (const auto* stored = dynamic_cast<const StoredNumbers*>(network.data.get())) {
    return file_orders_of(stored->real());
  }
  const auto* numbers = dynamic_cast<const OnnxNumbers*>(network.data.get());
  return numbers == nullptr ? FileOrders{} : numbers->orders();
}

QuantizationChoice file_quantization_of(const Network& network) {
  const auto* numbers = dynamic_cast<const OnnxNumbers*>(network.data.get());
  return numbers == nullptr ? QuantizationChoice{} : numbers->quantization();
}

}  // namespace systole
