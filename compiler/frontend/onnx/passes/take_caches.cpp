#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "compiler/frontend/onnx/infer_values.h"
#include "compiler/frontend/onnx/passes/passes.h"
#include "compiler/frontend/onnx/passes/pattern.h"

namespace systole {

namespace {

/// New tokens in what holds those of earlier runs.
struct Growth {
  ImportValueId past = kNoValue;
  ImportValueId tokens = kNoValue;  ///< the new ones
  std::size_t axis = 0;             ///< of the tokens
  std::int64_t at = 0;
};

/// Of a Concat behind an input, or an Update.
std::optional<Growth> growth_of(const ImportGraph& graph, const ImportNode& node) {
  const bool is_update = node.full_op() == "systole.Update";
  if (!is_update && !(node.is("Concat") && node.inputs.size() == 2)) {
    return std::nullopt;
  }
  const auto& shape = graph.value(node.input(0)).shape;
  const std::int64_t axis = node.integer("axis", 0);
  if (!shape || axis < -std::ssize(*shape) || axis >= std::ssize(*shape)) {
    return std::nullopt;
  }
  Growth growth{.past = node.input(0),
                .tokens = node.input(1),
                .axis = static_cast<std::size_t>(axis < 0 ? axis + std::ssize(*shape) : axis)};
  growth.at = is_update ? node.integer("at", 0) : (*shape)[growth.axis];
  return growth;
}

/// Images, heads, tokens, features; empty where they do not stand so.
std::vector<std::size_t> order_of(std::size_t rank, std::size_t tokens) {
  if (rank == kByHead && (tokens == 1 || tokens == 2)) {
    return {0, kByHead - 1 - tokens, tokens, kByHead - 1};
  }
  return rank + 1 == kByHead && tokens == 1 ? std::vector<std::size_t>{0, 1, 2}
                                            : std::vector<std::size_t>{};
}

class CacheTaker {
 public:
  explicit CacheTaker(ImportGraph& graph) : graph_(graph), pattern_(graph) {}

  std::int64_t run() {
    std::vector<std::size_t> found;
    for (std::size_t i = 0; i < graph_.nodes.size(); ++i) {
      if (is_cache(graph_.nodes[i])) {
        found.push_back(i);
      }
    }
    if (found.size() == graph_.outputs.size()) {
      return 0;  // something has to come out
    }
    for (const std::size_t index : found) {
      ImportNode& node = graph_.nodes[index];
      const Growth growth = *growth_of(graph_, node);
      ImportValue& past = graph_.value(growth.past);
      past.cache = ImportCache{.shape = *graph_.value(node.outputs.front()).shape,
                               .order = order_of(past.shape->size(), growth.axis)};
      node.op = "Append";
      node.domain = "systole";
      node.attributes.clear();
      node.set("at", growth.at);
    }
    return static_cast<std::int64_t>(found.size());
  }

 private:
  /// Whether the node puts tokens into an input that nobody else reads, for an output and for the
  /// right side of products.
  [[nodiscard]] bool is_cache(const ImportNode& node) const {
    const auto growth = growth_of(graph_, node);
    if (!growth || !is_held(growth->past)) {
      return false;
    }
    const ImportValueId made = node.outputs.front();
    const std::size_t rank = graph_.value(growth->past).shape->size();
    return !order_of(rank, growth->axis).empty() && graph_.is_output(made) &&
           graph_.constant(growth->tokens) == nullptr && !graph_.value(made).quantization &&
           is_multiplied(made);
  }

  /// Whether it is an input of numbers that one node reads.
  [[nodiscard]] bool is_held(ImportValueId id) const {
    const ImportValue& value = graph_.value(id);
    return std::find(graph_.inputs.begin(), graph_.inputs.end(), id) != graph_.inputs.end() &&
           pattern_.uses().count(id) == 1 && value.shape && is_floating(value.type) &&
           !value.quantization;
  }

  /// By all that read it, at least one: products have it on their right, however seen.
  [[nodiscard]] bool is_multiplied(ImportValueId id) const {
    const std::vector<std::size_t>& readers = pattern_.uses().readers(id);
    return !readers.empty() && std::all_of(readers.begin(), readers.end(), [&](std::size_t reader) {
      const ImportNode& node = graph_.nodes[reader];
      if (node.is("MatMul") || node.full_op() == "systole.MatMul") {
        return node.input(0) != id && node.input(1) == id &&
               graph_.constant(node.input(0)) == nullptr;
      }
      return (node.is("Transpose") || (node.is("Reshape") && node.input(0) == id)) &&
             !graph_.is_output(node.outputs.front()) && is_multiplied(node.outputs.front());
    });
  }

  ImportGraph& graph_;
  Pattern pattern_;
};

/// The nodes that stand for an Update: what stands before the new part, it, what stands behind.
class UpdateWriter {
 public:
  UpdateWriter(ImportGraph& graph, std::vector<ImportNode>& nodes, const ImportNode& update)
      : graph_(graph), nodes_(nodes), update_(update) {}

  void write() {
    const Growth growth = *growth_of(graph_, update_);
    const OnnxShape shape = *graph_.value(growth.past).shape;
    const std::int64_t size = (*graph_.value(growth.tokens).shape)[growth.axis];
    std::vector<ImportValueId> parts;
    if (growth.at > 0) {
      parts.push_back(part(growth, 0, growth.at));
    }
    parts.push_back(growth.tokens);
    if (growth.at + size < shape[growth.axis]) {
      parts.push_back(part(growth, growth.at + size, shape[growth.axis]));
    }
    // Behind a single index of the axes before, parts are rows of one matrix.
    const auto axis = static_cast<std::ptrdiff_t>(growth.axis);
    const bool is_first = elements_of(OnnxShape(shape.begin(), shape.begin() + axis)) == 1;
    if (!is_first) {
      add("Concat", std::move(parts), update_.outputs.front(), axis);
      return;
    }
    for (ImportValueId& each : parts) {
      each = reshaped(each, {1, elements_of(*graph_.value(each).shape)});
    }
    const ImportValueId row = value({1, elements_of(shape)});
    add("Concat", std::move(parts), row, 1);
    add("Reshape", {row, numbers(shape)}, update_.outputs.front());
  }

 private:
  void add(std::string_view op, std::vector<ImportValueId> inputs, ImportValueId output,
           std::optional<std::int64_t> axis = {}) {
    ImportNode node;
    node.name = graph_.value(output).name;
    node.op = op;
    node.inputs = std::move(inputs);
    node.outputs = {output};
    if (axis) {
      node.set("axis", *axis);
    }
    static_cast<void>(infer_node(graph_, node));
    nodes_.push_back(std::move(node));
  }

  ImportValueId value(OnnxShape shape) {
    ImportValue made;
    made.name = fmt::format("{}.{}", update_.name, ++made_);
    made.type = graph_.value(update_.outputs.front()).type;
    made.shape = std::move(shape);
    return graph_.add_value(std::move(made));
  }

  ImportValueId reshaped(ImportValueId from, const OnnxShape& shape) {
    const ImportValueId made = value(shape);
    add("Reshape", {from, numbers(shape)}, made);
    return made;
  }

  ImportValueId part(const Growth& growth, std::int64_t first, std::int64_t end) {
    OnnxShape shape = *graph_.value(growth.past).shape;
    shape[growth.axis] = end - first;
    const ImportValueId made = value(std::move(shape));
    add("Slice",
        {growth.past, numbers({first}), numbers({end}),
         numbers({static_cast<std::int64_t>(growth.axis)})},
        made);
    return made;
  }

  ImportValueId numbers(const std::vector<std::int64_t>& values) {
    return graph_.add_constant(
        update_.name, OnnxConstant::of_integers(OnnxType::Int64, {std::ssize(values)}, values));
  }

  ImportGraph& graph_;
  std::vector<ImportNode>& nodes_;
  const ImportNode& update_;
  int made_ = 0;
};

}  // namespace

std::int64_t take_caches(ImportGraph& graph) {
  return CacheTaker(graph).run();
}

void spell_updates(ImportGraph& graph) {
  std::vector<ImportNode> nodes;
  for (const ImportNode& node : graph.nodes) {
    if (node.full_op() == "systole.Update") {
      UpdateWriter(graph, nodes, node).write();
    } else {
      nodes.push_back(node);
    }
  }
  graph.nodes = std::move(nodes);
}

}  // namespace systole
