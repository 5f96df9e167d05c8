#include <optional>
#include <utility>
#include <vector>

#include "compiler/frontend/onnx/passes/passes.h"
#include "compiler/frontend/onnx/passes/pattern.h"

namespace systole {

namespace {

/// A right operand whose heads are some that are repeated.
struct Shared {
  ImportValueId few = kNoValue;  ///< [batch, groups, tokens, features]
  bool transposed = false;       ///< it is multiplied columns x rows
};

/// x, if `value` is [batch, groups * n, tokens, features] of x's [batch, groups, tokens, features]:
/// Unsqueeze or Reshape, Expand, Reshape.
ImportValueId repeated(const Pattern& pattern, ImportValueId value) {
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
  if (!few || !one || !many || !all || few->size() != 4 || many->size() != 5) {
    return kNoValue;
  }
  const std::int64_t times = (*many)[2];
  const OnnxShape single{(*few)[0], (*few)[1], 1, (*few)[2], (*few)[3]};
  const OnnxShape repeats{(*few)[0], (*few)[1], times, (*few)[2], (*few)[3]};
  const OnnxShape whole{(*few)[0], (*few)[1] * times, (*few)[2], (*few)[3]};
  return *one == single && *many == repeats && *all == whole ? apart->input(0) : kNoValue;
}

std::optional<Shared> shared_by(const Pattern& pattern, const ImportNode& node) {
  const ImportGraph& graph = pattern.graph();
  if (!node.is("MatMul") || graph.constant(node.input(0)) != nullptr ||
      !graph.value(node.input(0)).shape || graph.value(node.input(0)).shape->size() != 4) {
    return std::nullopt;
  }
  if (const ImportValueId few = repeated(pattern, node.input(1)); few != kNoValue) {
    return Shared{.few = few};
  }
  const ImportNode* turned = pattern.maker(node.input(1), "Transpose");
  if (turned == nullptr || turned->integers("perm") != std::vector<std::int64_t>{0, 1, 3, 2}) {
    return std::nullopt;
  }
  const ImportValueId few = repeated(pattern, turned->input(0));
  return few == kNoValue ? std::nullopt : std::optional(Shared{.few = few, .transposed = true});
}

}  // namespace

std::int64_t share_heads(ImportGraph& graph) {
  std::int64_t changed = 0;
  const Pattern pattern(graph);
  for (ImportNode& node : graph.nodes) {
    const auto shared = shared_by(pattern, node);
    if (!shared) {
      continue;
    }
    ++changed;
    const std::int64_t heads = (*graph.value(node.input(0)).shape)[1];
    node.op = "MatMul";
    node.domain = "systole";
    node.inputs[1] = shared->few;
    node.set("heads", heads);
    node.set("kv_heads", (*graph.value(shared->few).shape)[1]);
    node.set("transpose_b", std::int64_t{shared->transposed ? 1 : 0});
  }
  if (changed > 0) {
    remove_unused(graph);
  }
  return changed;
}

}  // namespace systole
