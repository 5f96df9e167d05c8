#include "compiler/frontend/write_description.h"

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <map>
#include <set>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "arch/diag/check.h"
#include "compiler/frontend/layer_reader.h"
#include "compiler/graph/file_order.h"
#include "compiler/ops/op.h"

namespace systole {

namespace {

constexpr std::size_t kLongestName = 80;  // what numbers are added to stays a name

/// Names of tensors (inputs, and outputs of nodes by the node) as descriptions have them.
class DescribedNames {
 public:
  explicit DescribedNames(const Graph& graph) {
    for (const GraphTensorId input : graph.given()) {
      names_.emplace(input, unique(graph.tensor(input).name));
    }
    for (const Node& node : graph.nodes) {
      names_.emplace(node.output(), unique(node.name));
    }
  }

  [[nodiscard]] const std::string& of(GraphTensorId tensor) const { return names_.at(tensor); }

 private:
  std::string unique(const std::string& name) {
    const std::string base = description_name(name);
    std::string text = base;
    for (int number = 2; !used_.insert(text).second; ++number) {
      text = fmt::format("{}_{}", base, number);
    }
    return text;
  }

  std::map<GraphTensorId, std::string> names_;
  std::set<std::string> used_;
};

std::string input_text(const GraphTensor& input, const std::string& name) {
  const Shape shape = input.shape();
  const Extents& extents = input.type.extents;
  constexpr std::size_t kImageAxes = 4;
  if (extents.size() <= 2) {
    return fmt::format("  - {{name: {}, features: {}}}\n", name, shape.channels);
  }
  if (extents.size() != kImageAxes || input.role == GraphTensorRole::State) {
    return fmt::format("  - {{name: {}, extents: [{}]}}\n", name,
                       fmt::join(extents.begin() + 1, extents.end(), ", "));
  }
  return fmt::format("  - {{name: {}, rows: {}, cols: {}, channels: {}}}\n", name, shape.rows,
                     shape.cols, shape.channels);
}

/// States whose rows are looked up: their numbers are those of the network.
std::vector<GraphTensorId> tables_of(const Graph& graph) {
  std::vector<GraphTensorId> tables;
  for (const GraphTensorId state : graph.states) {
    const bool is_table =
        std::any_of(graph.nodes.begin(), graph.nodes.end(), [&](const Node& node) {
          const Work work = node.work();
          const auto* copy = std::get_if<CopyWork>(&work);
          return copy != nullptr && copy->gathers && node.inputs.front() == state;
        });
    if (is_table) {
      tables.push_back(state);
    }
  }
  return tables;
}

/// Files may declare inputs that nothing depends on; descriptions do not.
std::vector<GraphTensorId> read_ones(const Graph& graph,
                                     const std::vector<GraphTensorId>& tensors) {
  std::vector<GraphTensorId> read;
  std::copy_if(tensors.begin(), tensors.end(), std::back_inserter(read), [&](GraphTensorId tensor) {
    return std::any_of(graph.nodes.begin(), graph.nodes.end(), [&](const Node& node) {
      return std::find(node.inputs.begin(), node.inputs.end(), tensor) != node.inputs.end();
    });
  });
  return read;
}

std::string table_text(const GraphTensor& table, const std::string& name,
                       const std::string& weights) {
  const Extents& extents = table.type.extents;
  return fmt::format("  - {{name: {}, extents: [{}], shared: {}, file: {}}}\n", name,
                     fmt::join(extents.begin() + 1, extents.end(), ", "), extents.front() == 1,
                     (std::filesystem::path(weights) / (name + ".npy")).string());
}

std::string layer_text(const Graph& graph, const Node& node, const DescribedNames& names) {
  const OpEntry* entry = find_entry(node.kind);
  SYSTOLE_CHECK(entry != nullptr, "{}: no operator {}", node.name, node.kind);
  std::vector<std::string> inputs;
  for (const GraphTensorId input : graph.data_inputs(node)) {
    inputs.push_back(names.of(input));
  }
  const std::string operands = inputs.size() == 1
                                   ? fmt::format("input: {}", inputs.front())
                                   : fmt::format("inputs: [{}]", fmt::join(inputs, ", "));
  // Of a layer with weights, `bias` is what the file has.
  return fmt::format("  - {{name: {}, {}, {}}}\n", names.of(node.output()),
                     text_of(*entry, node.op), operands);
}

void check_describable(const Graph& graph) {
  const std::vector<GraphTensorId> tables = tables_of(graph);
  for (const GraphTensorId input : graph.given()) {
    const bool is_table = std::find(tables.begin(), tables.end(), input) != tables.end();
    if (!is_table && graph.tensor(input).type.extents.front() != graph.batch) {
      throw WorkloadError({.file = graph.file}, graph.tensor(input).name,
                          fmt::format("expected inputs of one batch, {}, got one of {}",
                                      graph.batch, graph.tensor(input).type.extents.front()));
    }
  }
}

/// Weights as PyTorch keeps them: [out][in of the group][kernel row][kernel column], or [out][in].
std::string weight_file(const Graph& graph, const Node& node, const std::vector<float>& numbers) {
  const GemmShape gemm = *gemm_shape(graph, node);
  const Kernel kernel = std::get<ProductWork>(node.work()).kernel;
  const std::int64_t positions = kernel.positions();
  const std::int64_t channels = gemm.k / positions;
  const FileOrder order{
      .shape = {}, .sizes = {gemm.groups, gemm.n, channels, positions}, .order = {0, 3, 2, 1}};
  std::vector<std::int64_t> shape{gemm.groups * gemm.n, channels};
  if (node.kind != "dense") {
    shape.insert(shape.end(), {kernel.rows, kernel.cols});
  }
  return npy_of(shape, to_file(order, numbers));
}

}  // namespace

std::string description_of(const Network& network, const std::string& weights) {
  const Graph& graph = network.graph;
  check_describable(graph);
  const DescribedNames names(graph);
  std::string text = fmt::format("network: {}\n", description_name(graph.name));
  text += fmt::format("batch: {}\n", graph.batch);
  const std::vector<GraphTensorId> inputs = read_ones(graph, graph.inputs);
  text += fmt::format("weights: {{directory: {}}}\n\ninputs:{}\n", weights,
                      inputs.empty() ? " []" : "");
  for (const GraphTensorId input : inputs) {
    text += input_text(graph.tensor(input), names.of(input));
  }
  if (!graph.states.empty()) {
    text += "\nstates:\n";
  }
  const std::vector<GraphTensorId> tables = tables_of(graph);
  for (const GraphTensorId state : graph.states) {
    const bool is_table = std::find(tables.begin(), tables.end(), state) != tables.end();
    text += is_table ? table_text(graph.tensor(state), names.of(state), weights)
                     : input_text(graph.tensor(state), names.of(state));
  }
  text += "\nlayers:\n";
  for (const Node& node : graph.nodes) {
    text += layer_text(graph, node, names);
  }
  std::vector<std::string> outputs;
  for (const GraphTensorId output : graph.outputs) {
    outputs.push_back(names.of(output));
  }
  return text + fmt::format("\noutputs: [{}]\n", fmt::join(outputs, ", "));
}

void write_weights(
    const Network& network,
    const std::function<void(std::string_view name, const std::string& bytes)>& write) {
  const Graph& graph = network.graph;
  const DescribedNames names(graph);
  for (const GraphTensorId table : tables_of(graph)) {
    const Shape shape = graph.tensor(table).shape();  // as files of inputs have it
    write(names.of(table) + ".npy", npy_of({shape.batch, shape.rows, shape.cols, shape.channels},
                                           network.data->value(graph, table).numbers()));
  }
  for (const Node& node : graph.nodes) {
    const std::size_t first = graph.data_inputs(node).size();
    for (std::size_t i = first; i < node.inputs.size(); ++i) {
      const GraphTensor& tensor = graph.tensor(node.inputs[i]);
      const std::vector<float> numbers = network.data->value(graph, node.inputs[i]).numbers();
      const std::string suffix = tensor.name.substr(tensor.name.rfind('.'));  // .weight, .bias
      const bool is_product = has_weights(node) && i == kWeightsInput;
      write(names.of(node.output()) + suffix + ".npy",
            is_product ? weight_file(graph, node, numbers)
                       : npy_of({tensor.type.extents.begin(), tensor.type.extents.end()}, numbers));
    }
  }
}

std::string description_name(const std::string& name) {
  std::string text = file_stem(name);
  std::replace_if(
      text.begin(), text.end(), [](char letter) { return !is_name_character(letter); }, '_');
  text.resize(std::min(text.size(), kLongestName));
  if (text.empty() || text.front() == '.') {
    text.insert(text.begin(), '_');
  }
  if (text.back() == '.') {
    text.back() = '_';
  }
  return text;
}

std::string npy_of(const std::vector<std::int64_t>& shape, const std::vector<float>& numbers) {
  constexpr std::size_t kAlignment = 64;
  constexpr std::size_t kPrefix = 10;
  std::string header = fmt::format("{{'descr': '<f4', 'fortran_order': False, 'shape': ({}{}), }}",
                                   fmt::join(shape, ", "), shape.size() == 1 ? "," : "");
  const std::size_t used = (kPrefix + header.size() + 1) % kAlignment;
  header.append(used == 0 ? 0 : kAlignment - used, ' ');
  header += '\n';
  std::string text("\x93NUMPY\x01\0", kPrefix - 2);
  text += static_cast<char>(header.size() % 256);
  text += static_cast<char>(header.size() / 256);
  text += header;
  return text.append(reinterpret_cast<const char*>(numbers.data()), numbers.size() * sizeof(float));
}

}  // namespace systole
