#include "compiler/frontend/onnx/import_graph.h"

#include <algorithm>
#include <filesystem>
#include <functional>
#include <queue>
#include <set>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "arch/config/near_name.h"
#include "arch/diag/check.h"
#include "arch/diag/printable.h"

namespace systole {

namespace {

/// Of a node in messages.
std::string path_of(const OnnxNode& node) {
  if (!node.name.empty()) {
    return printable(node.name);
  }
  return node.outputs.empty() ? printable(node.op) : printable(node.outputs.front());
}

void add_outer_names(const OnnxGraph& body, std::vector<std::string>& names) {
  std::set<std::string_view> own;
  for (const auto& [name, constant] : body.initializers) {
    own.insert(name);
  }
  for (const OnnxValueInfo& input : body.inputs) {
    own.insert(input.name);
  }
  std::vector<std::string> read;
  for (const OnnxNode& node : body.nodes) {
    own.insert(node.outputs.begin(), node.outputs.end());
    read.insert(read.end(), node.inputs.begin(), node.inputs.end());
    for (const auto& [key, attribute] : node.attributes) {
      if (attribute.graph != nullptr) {
        add_outer_names(*attribute.graph, read);
      }
    }
  }
  for (const OnnxValueInfo& output : body.outputs) {
    read.push_back(output.name);
  }
  for (std::string& name : read) {
    if (!name.empty() && own.count(name) == 0) {
      names.push_back(std::move(name));
    }
  }
}

class Importer {
 public:
  Importer(const OnnxModel& model, const ImportOptions& options)
      : model_(model), options_(options) {}

  ImportGraph run() {
    graph_.file = model_.file;
    graph_.name = std::filesystem::path(model_.file).stem().string();
    const auto opset = model_.opsets.find("");
    graph_.opset = opset == model_.opsets.end() ? 1 : opset->second;
    check_model();
    add_initializers();
    add_inputs();
    const std::vector<std::size_t> order = sorted();
    for (const std::size_t index : order) {
      add_node(model_.graph.nodes[index]);
    }
    for (const OnnxValueInfo& output : model_.graph.outputs) {
      const auto found = ids_.find(output.name);
      if (found == ids_.end()) {
        fail_model(graph_.file, fmt::format("output {}", in_quotes(output.name)),
                   "expected an output that a node computes, got none of that name");
      }
      if (!graph_.is_output(found->second)) {
        graph_.outputs.push_back(found->second);
      }
    }
    if (graph_.outputs.empty()) {
      fail_model(graph_.file, "", "expected a graph with outputs, got none");
    }
    return std::move(graph_);
  }

 private:
  void check_model() const {
    if (model_.functions > 0) {
      fail_model(
          graph_.file, "functions",
          fmt::format("expected a model without functions of its own, got {}", model_.functions));
    }
    if (model_.graph.sparse_initializers > 0) {
      fail_model(graph_.file, "sparse_initializer",
                 fmt::format("expected dense numbers, got {} sparse tensors",
                             model_.graph.sparse_initializers));
    }
  }

  ImportValueId define(const std::string& name, ImportValue value) {
    const ImportValueId id = graph_.add_value(std::move(value));
    if (!ids_.emplace(name, id).second) {
      fail_model(graph_.file, in_quotes(name),
                 "expected each tensor to be made once, got it again");
    }
    return id;
  }

  void add_initializers() {
    for (const auto& [name, constant] : model_.graph.initializers) {
      define(
          name,
          {.name = name, .type = constant.type(), .shape = constant.shape(), .constant = constant});
    }
  }

  void add_inputs() {
    for (const OnnxValueInfo& input : model_.graph.inputs) {
      if (ids_.find(input.name) != ids_.end()) {
        continue;  // its default is the number that it has
      }
      const OnnxShape shape = shape_of(input);
      ImportValue value{.name = input.name, .type = input.type, .shape = shape, .constant = {}};
      const bool is_number = is_floating(input.type) || is_integral(input.type);
      if (elements_of(shape) == 0 && is_number) {  // keys before the first token
        value.constant = OnnxConstant(input.type, shape, {});
        define(input.name, std::move(value));
        continue;
      }
      graph_.inputs.push_back(define(input.name, std::move(value)));
    }
    check_dims();
  }

  OnnxShape shape_of(const OnnxValueInfo& input) {
    const std::string path = fmt::format("input {}", in_quotes(input.name));
    if (!input.is_tensor) {
      fail_model(graph_.file, path, "expected a tensor, got a sequence, a map or an optional");
    }
    if (!input.axes) {
      fail_model(graph_.file, path, "expected an input with a shape, got one of any rank");
    }
    OnnxShape shape;
    std::int64_t elements = 1;
    for (std::size_t axis = 0; axis < input.axes->size(); ++axis) {
      const std::int64_t size = size_of(input, axis, path);
      shape.push_back(size);
      if (size > 0 && elements > (std::int64_t{1} << 40) / size) {
        fail_model(graph_.file, path, "expected a shape of at most 2^40 elements, got more");
      }
      elements *= size;
    }
    return shape;
  }

  std::int64_t size_of(const OnnxValueInfo& input, std::size_t axis, const std::string& path) {
    const OnnxValueInfo::Axis& written = (*input.axes)[axis];
    // An axis without a name goes by its input's name and its number: image.0
    const std::string name =
        written.name.empty() ? fmt::format("{}.{}", input.name, axis) : written.name;
    if (written.size) {
      if (axis == 0 && options_.batch != 0 && *written.size != options_.batch) {
        throw WorkloadError({.file = graph_.file}, path,
                            fmt::format("expected the batch that the file fixes, {}, got {}",
                                        *written.size, options_.batch));
      }
      return *written.size;
    }
    known_.insert(name);
    const auto given = options_.dims.find(name);
    if (given != options_.dims.end()) {
      return given->second;
    }
    if (axis == 0 && input.axes->size() > 1) {
      return options_.batch == 0 ? 1 : options_.batch;
    }
    std::string missing = name;
    if (name.find('+') != std::string::npos) {
      const std::int64_t sum = sum_of(name, missing);
      if (missing.empty()) {
        return sum;
      }
    }
    fail_model(graph_.file, path,
               fmt::format("expected a size for axis {}, such as --dim {}=1, got none", axis,
                           printable(missing)));
  }

  /// `past + 1`: of sizes that are given and numbers; else `missing` is the name of one that is
  /// not.
  std::int64_t sum_of(std::string_view text, std::string& missing) {
    constexpr std::size_t kMostDigits = 12;
    constexpr std::int64_t kMost = std::int64_t{1} << 40;  // more than any axis has
    std::int64_t sum = 0;
    missing.clear();
    while (missing.empty() && !text.empty() && sum <= kMost) {
      const std::size_t end = std::min(text.find('+'), text.size());
      std::string_view term = text.substr(0, end);
      text.remove_prefix(std::min(end + 1, text.size()));
      term.remove_prefix(std::min(term.find_first_not_of(' '), term.size()));
      term = term.substr(0, term.find_last_not_of(' ') + 1);
      const bool is_number = !term.empty() && term.size() <= kMostDigits &&
                             term.find_first_not_of("0123456789") == std::string_view::npos;
      if (is_number) {
        sum += std::stoll(std::string(term));
        continue;
      }
      known_.insert(std::string(term));
      const auto given = options_.dims.find(term);
      if (given == options_.dims.end()) {
        missing = term;
      } else {
        sum += given->second;
      }
    }
    return sum;
  }

  void check_dims() const {
    for (const auto& [name, size] : options_.dims) {
      if (known_.count(name) == 0) {
        std::vector<std::string_view> names(known_.begin(), known_.end());
        throw UserError(
            fmt::format("systole: --dim: expected {}, got {}{}",
                        names.empty() ? "a network with axes of open size" : one_of(names),
                        in_quotes(name), suggestion(name, names)));
      }
    }
  }

  /// The node that makes each tensor.
  std::map<std::string_view, std::size_t> makers() const {
    const std::vector<OnnxNode>& nodes = model_.graph.nodes;
    std::map<std::string_view, std::size_t> made;
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      for (const std::string& output : nodes[i].outputs) {
        if (!output.empty() && (!made.emplace(output, i).second || ids_.count(output) > 0)) {
          fail_model(
              graph_.file, path_of(nodes[i]),
              fmt::format("expected each tensor to be made once, got {} again", in_quotes(output)));
        }
      }
    }
    return made;
  }

  /// Who reads what each node makes, once for each time.
  std::vector<std::vector<std::size_t>> users() const {
    const std::vector<OnnxNode>& nodes = model_.graph.nodes;
    const auto made_by = makers();
    std::vector<std::vector<std::size_t>> users(nodes.size());
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      for (const std::string& input : names_read_by(nodes[i])) {
        const auto maker = made_by.find(input);
        if (maker != made_by.end()) {
          users[maker->second].push_back(i);
        } else if (ids_.find(input) == ids_.end()) {
          fail_model(
              graph_.file, path_of(nodes[i]),
              fmt::format("expected the name of a tensor of the file, got {}", in_quotes(input)));
        }
      }
    }
    return users;
  }

  /// Kahn's algorithm, the first written of the ready nodes next.
  std::vector<std::size_t> sorted() const {
    const std::vector<OnnxNode>& nodes = model_.graph.nodes;
    const std::vector<std::vector<std::size_t>> readers = users();
    std::vector<std::size_t> missing(nodes.size(), 0);
    for (const std::vector<std::size_t>& each : readers) {
      for (const std::size_t user : each) {
        ++missing[user];
      }
    }
    std::priority_queue<std::size_t, std::vector<std::size_t>, std::greater<>> ready;
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      if (missing[i] == 0) {
        ready.push(i);
      }
    }
    std::vector<std::size_t> order;
    while (!ready.empty()) {
      const std::size_t index = ready.top();
      ready.pop();
      order.push_back(index);
      for (const std::size_t user : readers[index]) {
        if (--missing[user] == 0) {
          ready.push(user);
        }
      }
    }
    if (order.size() < nodes.size()) {
      const auto stuck =
          std::find_if(missing.begin(), missing.end(), [](std::size_t count) { return count > 0; });
      fail_model(graph_.file, path_of(nodes[static_cast<std::size_t>(stuck - missing.begin())]),
                 "expected a graph without cycles, got a node that waits for itself");
    }
    return order;
  }

  /// Inputs, and what the bodies of the node read from around it.
  static std::vector<std::string> names_read_by(const OnnxNode& node) {
    std::vector<std::string> names;
    for (const std::string& input : node.inputs) {
      if (!input.empty()) {
        names.push_back(input);
      }
    }
    for (std::string& name : outer_names(node)) {
      names.push_back(std::move(name));
    }
    return names;
  }

  void add_node(const OnnxNode& from) {
    if (from.domain == "systole") {  // of passes alone
      fail_model(graph_.file, in_quotes(from.name),
                 fmt::format("expected an operator that docs/onnx.md lists, got systole.{}",
                             printable(from.op)));
    }
    ImportNode node{.name = unique_name(from),
                    .op = from.op,
                    .domain = from.domain,
                    .inputs = {},
                    .outputs = {},
                    .attributes = from.attributes};
    for (const std::string& input : from.inputs) {
      node.inputs.push_back(input.empty() ? kNoValue : ids_.at(input));
    }
    for (const std::string& name : outer_names(from)) {
      node.captured.insert_or_assign(name, ids_.at(name));
    }
    for (const std::string& output : from.outputs) {
      node.outputs.push_back(output.empty() ? graph_.add_value({})
                                            : define(output, {.name = output}));
    }
    graph_.nodes.push_back(std::move(node));
  }

  std::string unique_name(const OnnxNode& node) {
    std::string base = node.name;
    if (base.empty()) {
      base = node.outputs.empty() || node.outputs.front().empty() ? node.op : node.outputs.front();
    }
    std::string name = base;
    for (int number = 2; !names_.insert(name).second; ++number) {
      name = fmt::format("{}_{}", base, number);
    }
    return name;
  }

  const OnnxModel& model_;
  const ImportOptions& options_;
  ImportGraph graph_;
  std::map<std::string, ImportValueId, std::less<>> ids_;
  std::set<std::string> names_;
  std::set<std::string, std::less<>> known_;
};

}  // namespace

const OnnxAttribute* ImportNode::attribute(std::string_view key) const {
  const auto found = attributes.find(key);
  return found == attributes.end() ? nullptr : &found->second;
}

std::int64_t ImportNode::integer(std::string_view key, std::int64_t otherwise) const {
  const OnnxAttribute* found = attribute(key);
  return found == nullptr || found->kind != OnnxAttribute::Kind::Int ? otherwise : found->integer;
}

float ImportNode::number(std::string_view key, float otherwise) const {
  const OnnxAttribute* found = attribute(key);
  return found == nullptr || found->kind != OnnxAttribute::Kind::Float ? otherwise : found->number;
}

std::string ImportNode::text(std::string_view key, std::string_view otherwise) const {
  const OnnxAttribute* found = attribute(key);
  return found == nullptr || found->kind != OnnxAttribute::Kind::String ? std::string(otherwise)
                                                                        : found->text;
}

std::optional<std::vector<std::int64_t>> ImportNode::integers(std::string_view key) const {
  const OnnxAttribute* found = attribute(key);
  if (found == nullptr) {
    return std::nullopt;
  }
  return found->integers;
}

void ImportNode::set(std::string_view key, std::int64_t value) {
  OnnxAttribute attribute{.kind = OnnxAttribute::Kind::Int};
  attribute.integer = value;
  attributes.insert_or_assign(std::string(key), std::move(attribute));
}

void ImportNode::set(std::string_view key, float value) {
  attributes.insert_or_assign(std::string(key),
                              OnnxAttribute{.kind = OnnxAttribute::Kind::Float, .number = value});
}

void ImportNode::set(std::string_view key, std::vector<std::int64_t> values) {
  OnnxAttribute attribute{.kind = OnnxAttribute::Kind::Ints};
  attribute.integers = std::move(values);
  attributes.insert_or_assign(std::string(key), std::move(attribute));
}

const OnnxConstant* ImportGraph::constant(ImportValueId id) const {
  return id == kNoValue || !value(id).constant ? nullptr : &*value(id).constant;
}

std::optional<float> ImportGraph::scalar(ImportValueId id) const {
  const OnnxConstant* found = constant(id);
  if (found == nullptr || found->elements() != 1) {
    return std::nullopt;
  }
  return found->floats().front();
}

bool ImportGraph::is_output(ImportValueId id) const {
  return std::find(outputs.begin(), outputs.end(), id) != outputs.end();
}

bool ImportGraph::is_cache(ImportValueId id) const {
  return std::any_of(nodes.begin(), nodes.end(), [&](const ImportNode& node) {
    return node.full_op() == "systole.Append" && node.outputs.front() == id;
  });
}

ImportValueId ImportGraph::add_value(ImportValue value) {
  values.push_back(std::move(value));
  return static_cast<ImportValueId>(values.size()) - 1;
}

ImportValueId ImportGraph::add_constant(std::string called, OnnxConstant constant) {
  ImportValue value{.name = std::move(called), .type = constant.type(), .shape = constant.shape()};
  value.constant = std::move(constant);
  return add_value(std::move(value));
}

void ImportGraph::replace(const std::vector<ImportValueId>& by) {
  for (ImportNode& node : nodes) {
    for (ImportValueId& input : node.inputs) {
      input = input == kNoValue ? kNoValue : by[static_cast<std::size_t>(input)];
    }
  }
  for (ImportValueId& output : outputs) {
    const ImportValueId to = by[static_cast<std::size_t>(output)];
    // The name that users know an output by stays, if what takes its place has none to keep.
    const bool keeps = is_output(to) || std::find(inputs.begin(), inputs.end(), to) != inputs.end();
    if (to != output && !keeps) {
      value(to).name = value(output).name;
    }
    output = to;
  }
}

ImportUses::ImportUses(const ImportGraph& graph)
    : producers_(graph.values.size(), -1),
      counts_(graph.values.size(), 0),
      readers_(graph.values.size()) {
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
    for (const ImportValueId input : graph.nodes[i].inputs) {
      if (input != kNoValue) {
        ++counts_[static_cast<std::size_t>(input)];
        readers_[static_cast<std::size_t>(input)].push_back(i);
      }
    }
    for (const ImportValueId output : graph.nodes[i].outputs) {
      producers_[static_cast<std::size_t>(output)] = static_cast<std::ptrdiff_t>(i);
    }
  }
  for (const ImportValueId output : graph.outputs) {
    ++counts_[static_cast<std::size_t>(output)];
  }
  for (std::size_t value = 0; value < graph.values.size(); ++value) {
    counts_[value] += graph.values[value].quantization ? 1 : 0;
  }
}

std::vector<std::string> outer_names(const OnnxNode& node) {
  std::vector<std::string> names;
  for (const auto& [key, attribute] : node.attributes) {
    if (attribute.graph != nullptr) {
      add_outer_names(*attribute.graph, names);
    }
  }
  return names;
}

ImportGraph import_graph(const OnnxModel& model, const ImportOptions& options) {
  return Importer(model, options).run();
}

void remove_unused(ImportGraph& graph) {
  std::vector<bool> used(graph.values.size(), false);
  for (const ImportValueId output : graph.outputs) {
    used[static_cast<std::size_t>(output)] = true;
  }
  std::vector<ImportNode> kept;
  for (std::size_t i = graph.nodes.size(); i-- > 0;) {
    ImportNode& node = graph.nodes[i];
    const bool needed =
        std::any_of(node.outputs.begin(), node.outputs.end(),
                    [&](ImportValueId output) { return used[static_cast<std::size_t>(output)]; });
    if (!needed) {
      continue;
    }
    for (const ImportValueId input : node.inputs) {
      if (input != kNoValue) {
        used[static_cast<std::size_t>(input)] = true;
      }
    }
    kept.push_back(std::move(node));
  }
  std::reverse(kept.begin(), kept.end());
  graph.nodes = std::move(kept);
}

}  // namespace systole
