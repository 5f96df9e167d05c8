#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "compiler/frontend/onnx/import_graph.h"
#include "compiler/frontend/onnx/infer/inference.h"

namespace systole {

namespace onnx_spelling {

using onnx_inference::contradict;
using onnx_inference::Integers;

using Attributes = std::vector<
    std::pair<std::string_view, std::variant<std::int64_t, double, std::string, Integers>>>;

/// An operator that is put together from others: each stands behind the one before, and what
/// follows for its results is known at once. A Contradiction that a rule throws refuses the node.
class Spelling {
 public:
  /// Takes a node, and infers its results.
  using Take = std::function<void(ImportNode)>;

  Spelling(ImportGraph& graph, const ImportNode& node, Take take)
      : graph_(graph), node_(node), take_(std::move(take)) {}

  [[nodiscard]] const ImportNode& node() const { return node_; }
  [[nodiscard]] bool has(std::size_t input) const { return node_.input(input) != kNoValue; }
  /// An input that has to be there.
  [[nodiscard]] ImportValueId input(std::size_t index, std::string_view what) const;
  [[nodiscard]] OnnxShape shape(ImportValueId value) const;
  [[nodiscard]] std::int64_t size(ImportValueId value, std::size_t axis) const {
    return shape(value).at(axis);
  }
  [[nodiscard]] std::optional<OnnxConstant> constant(ImportValueId value) const;
  [[nodiscard]] OnnxType type(ImportValueId value) const { return graph_.value(value).type; }
  /// Throws Contradiction where the value has another number of axes.
  void expect_rank(ImportValueId value, std::size_t rank, std::string_view what) const;

  /// Adds an operator, by its full name, and gives its first result, or several.
  ImportValueId add(std::string_view op, std::vector<ImportValueId> inputs,
                    const Attributes& attributes = {});
  std::vector<ImportValueId> add_several(std::string_view op, std::vector<ImportValueId> inputs,
                                         std::size_t outputs, const Attributes& attributes = {});
  /// A node whose inputs are there already, and its results by what they are called.
  std::vector<ImportValueId> take(ImportNode node, const std::vector<std::string>& results);
  ImportValueId held(const std::string& name, const OnnxConstant& constant);
  ImportValueId floats(const OnnxShape& shape, const std::vector<float>& values);
  ImportValueId number(double value) { return floats({}, {static_cast<float>(value)}); }
  ImportValueId integers(const Integers& values);

  ImportValueId reshaped(ImportValueId from, const Integers& shape);
  ImportValueId transposed(ImportValueId from, const Integers& order);
  /// `size` indices of an axis from `first` on.
  ImportValueId part(ImportValueId from, std::size_t axis, std::int64_t first, std::int64_t size);
  ImportValueId joined(const std::vector<ImportValueId>& parts, std::size_t axis);
  ImportValueId sum(ImportValueId a, ImportValueId b) { return add("Add", {a, b}); }
  ImportValueId product(ImportValueId a, ImportValueId b) { return add("Mul", {a, b}); }
  /// Of a value by a name of docs/workloads.md.
  ImportValueId function(std::string_view name, ImportValueId of);

  /// The node's result is this value.
  void give(std::size_t output, ImportValueId value);
  /// Whether somebody may read a result.
  [[nodiscard]] bool wants(std::size_t output) const { return output < node_.outputs.size(); }

 private:
  ImportGraph& graph_;
  const ImportNode& node_;
  Take take_;
  int made_ = 0;
};

/// How an operator is spelled out.
struct SpellRule {
  std::string_view op;  ///< with its domain
  void (*spell)(Spelling& in);
};

// By family, in a file each.
[[nodiscard]] std::span<const SpellRule> attention_spellings();
[[nodiscard]] std::span<const SpellRule> control_flow_spellings();
[[nodiscard]] std::span<const SpellRule> fused_spellings();
[[nodiscard]] std::span<const SpellRule> recurrent_spellings();

/// Null for an operator that is computed as it is, or not at all.
[[nodiscard]] const SpellRule* spell_rule_of(std::string_view full_op);
[[nodiscard]] std::vector<std::string> spelled_operators();

}  // namespace onnx_spelling

}  // namespace systole
