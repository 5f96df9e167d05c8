#include <optional>
#include <tuple>
#include <utility>
#include <vector>

#include "compiler/frontend/onnx/passes/passes.h"
#include "compiler/frontend/onnx/passes/pattern.h"

namespace systole {

namespace {

/// A right operand whose heads are some that are repeated.
struct SharedHeads {
  ImportValueId few = kNoValue;  ///< [batch, groups, tokens, features], or tokens before groups
  std::size_t groups = 1;        ///< the axis of these
  bool transposed = false;       ///< it is multiplied columns x rows
};

/// x, if `value` is x with each index of axis `groups` repeated several times: Unsqueeze or
/// Reshape, Expand, Reshape.
ImportValueId repeated(const Pattern& pattern, ImportValueId value, std::size_t groups) {
  const ImportGraph& graph = pattern.graph();
  const ImportNode* joined = pattern.maker(value, "Reshape");
  const ImportNode* expanded =
      joined == nullptr ? nullptr : pattern.maker(joined->input(0), "Expand");
  const ImportNode* apart = expanded == nullptr ? nullptr : pattern.maker(expanded->input(0));
  if (apart == nullptr || !(apart->is("Unsqueeze") || apart->is("Reshape"))) {
    return kNoValue;
  }
  const auto& few = graph.value(apart->input(0)).shape;
  const auto& one = graph.value(apart->outputs.front()).shape;
  const auto& many = graph.value(expanded->outputs.front()).shape;
  const auto& all = graph.value(value).shape;
  if (!few || !one || !many || !all || few->size() != kByHead || many->size() != kByHead + 1) {
    return kNoValue;
  }
  const std::int64_t times = (*many)[groups + 1];
  const auto behind = static_cast<std::ptrdiff_t>(groups) + 1;
  OnnxShape single = *few;
  single.insert(single.begin() + behind, 1);
  OnnxShape repeats = *few;
  repeats.insert(repeats.begin() + behind, times);
  OnnxShape whole = *few;
  whole[groups] *= times;
  return *one == single && *many == repeats && *all == whole ? apart->input(0) : kNoValue;
}

std::optional<SharedHeads> shared_by(const Pattern& pattern, const ImportNode& node) {
  const ImportGraph& graph = pattern.graph();
  if (!node.is("MatMul") || graph.constant(node.input(0)) != nullptr ||
      !graph.value(node.input(0)).shape || graph.value(node.input(0)).shape->size() != kByHead) {
    return std::nullopt;
  }
  if (const ImportValueId few = repeated(pattern, node.input(1), 1); few != kNoValue) {
    return SharedHeads{.few = few};
  }
  const ImportNode* turned = pattern.maker(node.input(1), "Transpose");
  const auto order = turned == nullptr ? std::nullopt : turned->integers("perm");
  if (!order) {
    return std::nullopt;
  }
  using Order = std::vector<std::int64_t>;
  for (const auto& [wanted, groups, transposed] :
       {std::tuple(Order{0, 1, 3, 2}, 1, true), std::tuple(Order{0, 2, 1, 3}, 2, false),
        std::tuple(Order{0, 2, 3, 1}, 2, true)}) {
    const auto axis = static_cast<std::size_t>(groups);
    const ImportValueId few =
        *order == wanted ? repeated(pattern, turned->input(0), axis) : kNoValue;
    if (few != kNoValue) {
      return SharedHeads{.few = few, .groups = axis, .transposed = transposed};
    }
  }
  return std::nullopt;
}

/// Groups before tokens, as products want them.
ImportNode groups_first(ImportGraph& graph, ImportValueId few) {
  const ImportValue from = graph.value(few);
  ImportNode node;
  node.name = from.name + ".by_head";
  node.op = "Transpose";
  node.set("perm", std::vector<std::int64_t>{0, 2, 1, 3});
  node.inputs = {few};
  ImportValue made;
  made.name = node.name;
  made.type = from.type;
  made.shape = OnnxShape{(*from.shape)[0], (*from.shape)[2], (*from.shape)[1], (*from.shape)[3]};
  node.outputs = {graph.add_value(std::move(made))};
  return node;
}

}  // namespace

std::int64_t share_heads(ImportGraph& graph) {
  std::vector<std::optional<SharedHeads>> shared;
  {
    const Pattern pattern(graph);
    for (const ImportNode& node : graph.nodes) {
      shared.push_back(shared_by(pattern, node));
    }
  }
  std::int64_t changed = 0;
  std::vector<ImportNode> nodes;
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
    ImportNode node = std::move(graph.nodes[i]);
    if (shared[i]) {
      ++changed;
      ImportValueId few = shared[i]->few;
      if (shared[i]->groups == 2) {
        nodes.push_back(groups_first(graph, few));
        few = nodes.back().outputs.front();
      }
      const std::int64_t heads = (*graph.value(node.input(0)).shape)[1];
      node.op = "MatMul";
      node.domain = "systole";
      node.inputs[1] = few;
      node.set("heads", heads);
      node.set("kv_heads", (*graph.value(few).shape)[1]);
      node.set("transpose_b", std::int64_t{shared[i]->transposed ? 1 : 0});
    }
    nodes.push_back(std::move(node));
  }
  graph.nodes = std::move(nodes);
  if (changed > 0) {
    remove_unused(graph);
  }
  return changed;
}

}  // namespace systole
