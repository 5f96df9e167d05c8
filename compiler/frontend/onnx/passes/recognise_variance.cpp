#include <cstddef>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "compiler/frontend/onnx/passes/passes.h"
#include "compiler/frontend/onnx/passes/pattern.h"

namespace systole {

namespace {

bool is_square_of(const Pattern& pattern, ImportValueId value, ImportValueId x) {
  const ImportNode* node = pattern.maker(value);
  if (node == nullptr || node->input(0) != x) {
    return false;
  }
  return (node->is("Mul") && node->input(1) == x) ||
         (node->is("Pow") && pattern.graph().scalar(node->input(1)) == 2.0F);
}

/// What the mean of x is taken off of x by, if somebody does.
const ImportNode* centred_by(const Pattern& pattern, ImportValueId x, ImportValueId mean) {
  for (const std::size_t reader : pattern.uses().readers(mean)) {
    const ImportNode& node = pattern.graph().nodes[reader];
    if (node.is("Sub") && node.input(0) == x && node.input(1) == mean) {
      return &node;
    }
  }
  return nullptr;
}

/// mean(x^2) - mean(x)^2, which is mean((x - mean(x))^2).
struct Difference {
  std::ptrdiff_t centred = -1;  ///< index of the node x - mean(x), where there is one
  std::map<std::string, OnnxAttribute, std::less<>> mean;
};

std::ptrdiff_t index_of(const ImportGraph& graph, const ImportNode* node) {
  return node == nullptr ? -1 : node - graph.nodes.data();
}

Difference difference(const Pattern& pattern, const ImportNode& node) {
  if (!node.is("Sub")) {
    return {};
  }
  const ImportNode* squares = pattern.maker(node.input(0), "ReduceMean");
  const ImportNode* square = pattern.maker(node.input(1));
  const ImportNode* mean = squares == nullptr || square == nullptr || square->inputs.empty()
                               ? nullptr
                               : pattern.maker(square->input(0), "ReduceMean");
  if (mean == nullptr || !is_square_of(pattern, node.input(1), square->input(0)) ||
      !is_square_of(pattern, squares->input(0), mean->input(0)) ||
      mean->integers("axes") != squares->integers("axes") ||
      mean->integer("keepdims", 1) != squares->integer("keepdims", 1)) {
    return {};
  }
  return {
      .centred = index_of(pattern.graph(), centred_by(pattern, mean->input(0), square->input(0))),
      .mean = squares->attributes};
}

/// The square of what a node makes, and the value.
ImportNode square_of(ImportGraph& graph, const ImportNode& node) {
  const ImportValue like = graph.value(node.outputs.front());
  const ImportValueId square =
      graph.add_value({.name = like.name + ".square", .type = like.type, .shape = like.shape});
  return {.name = node.name + ".square",
          .op = "Mul",
          .domain = {},
          .inputs = {node.outputs.front(), node.outputs.front()},
          .outputs = {square},
          .attributes = {}};
}

/// A mean of squares is not below 0.
void drop_limits(ImportGraph& graph) {
  const Pattern pattern(graph);
  for (ImportNode& node : graph.nodes) {
    const ImportNode* mean = node.is("Relu") ? pattern.maker(node.input(0), "ReduceMean") : nullptr;
    const ImportNode* square = mean == nullptr ? nullptr : pattern.maker(mean->input(0), "Mul");
    if (square != nullptr && square->input(0) == square->input(1)) {
      node.op = "Identity";
    }
  }
}

/// (x * (root * weights)), as norms are written whose scale comes first: (x * root) * weights.
std::int64_t weights_last(ImportGraph& graph) {
  std::int64_t changed = 0;
  const Pattern pattern(graph);
  for (ImportNode& node : graph.nodes) {
    for (const std::size_t side : kSides) {
      const ImportNode* inner = node.is("Mul") ? pattern.maker(node.input(side), "Mul") : nullptr;
      if (inner == nullptr || !pattern.is_read_once(node.input(side))) {
        continue;
      }
      for (const std::size_t which : kSides) {
        const ImportValueId root = inner->input(which);
        const ImportValueId weights = inner->input(1 - which);
        const ImportValueId x = node.input(1 - side);
        if (pattern.maker(root, "Reciprocal") == nullptr || graph.constant(weights) == nullptr ||
            graph.value(x).shape != graph.value(node.outputs.front()).shape) {
          continue;
        }
        ImportNode& first = graph.nodes[static_cast<std::size_t>(index_of(graph, inner))];
        first.inputs = {x, root};
        ImportValue& value = graph.value(first.outputs.front());
        value.shape = graph.value(x).shape;
        node.inputs = {first.outputs.front(), weights};
        ++changed;
        break;
      }
    }
  }
  return changed;
}

}  // namespace

std::int64_t recognise_variance(ImportGraph& graph) {
  std::map<std::ptrdiff_t, Difference> found;
  {
    const Pattern pattern(graph);
    for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
      Difference each = difference(pattern, graph.nodes[i]);
      if (each.centred >= 0) {
        found.emplace(static_cast<std::ptrdiff_t>(i), std::move(each));
      }
    }
  }
  // x - mean(x) stands before whoever takes its squares: it needs no more than these do.
  std::vector<ImportNode> nodes;
  std::set<std::ptrdiff_t> done;
  for (std::ptrdiff_t i = 0; i < std::ssize(graph.nodes); ++i) {
    ImportNode& node = graph.nodes[static_cast<std::size_t>(i)];
    const auto each = found.find(i);
    if (each != found.end()) {
      const ImportNode centred = graph.nodes[static_cast<std::size_t>(each->second.centred)];
      if (each->second.centred > i && done.insert(each->second.centred).second) {
        nodes.push_back(centred);
      }
      nodes.push_back(square_of(graph, centred));
      node.op = "ReduceMean";
      node.inputs = {nodes.back().outputs.front()};
      node.attributes = each->second.mean;
    }
    if (done.count(i) == 0) {
      nodes.push_back(node);
    }
  }
  graph.nodes = std::move(nodes);
  drop_limits(graph);
  const std::int64_t moved = weights_last(graph);
  remove_unused(graph);
  return static_cast<std::int64_t>(found.size()) + moved;
}

}  // namespace systole
