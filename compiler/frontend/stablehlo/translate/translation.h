#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "compiler/frontend/onnx/import_graph.h"
#include "compiler/frontend/onnx/infer_values.h"
#include "compiler/frontend/stablehlo/module.h"
#include "compiler/frontend/stablehlo/translate_module.h"

namespace systole::stablehlo {

using Integers = std::vector<std::int64_t>;

/// Why an operation cannot be translated.
struct Refused : std::runtime_error {
  using std::runtime_error::runtime_error;
};

template <class... Args>
[[noreturn]] void refuse(fmt::format_string<Args...> format, Args&&... args) {
  throw Refused(fmt::format(format, std::forward<Args>(args)...));
}

struct Piece;

/// A value of the module: the elements of a tensor of the graph as axes of `view`, of which those
/// of size 1 are repeated where `shape` has more. So reshapes and broadcasts are nodes only where
/// somebody needs them.
struct Held {
  ImportValueId tensor = kNoValue;  ///< kNoValue: what makes it was refused
  OnnxShape view;
  OnnxShape shape;

  std::shared_ptr<const Piece> newest = nullptr;  ///< parts that stand in place of its own

  [[nodiscard]] bool is_known() const { return tensor != kNoValue; }
  [[nodiscard]] bool repeats() const { return view != shape; }
};

/// Part of a tensor along one axis, whole along the others, and what was there before. A loop that
/// fills a tensor turn by turn makes a chain of these, which becomes one concatenation.
struct Piece {
  Held part;
  std::size_t axis = 0;
  std::int64_t start = 0;
  std::shared_ptr<const Piece> older;
};

/// Sizes along `to` of a tensor that has those of `part` along `whole`: some axes whole, the others
/// of size 1. Empty where an axis of `to` would have to be both. `whole` and `to` are shapes of one
/// tensor.
[[nodiscard]] std::optional<OnnxShape> regrouped(const OnnxShape& part, const OnnxShape& whole,
                                                 const OnnxShape& to);

/// Values by name, within those of the regions around.
class Scope {
 public:
  explicit Scope(const Scope* outer = nullptr) : outer_(outer) {}
  /// Null where nobody made it.
  [[nodiscard]] const Held* find(std::string_view name, std::int64_t part) const;
  void define(std::string_view name, std::vector<Held> values);

 private:
  const Scope* outer_;
  std::map<std::string, std::vector<Held>, std::less<>> values_;
};

class Translation {
 public:
  Translation(const HloModule& module, const HloWeights& weights)
      : module_(module), weights_(weights) {}

  [[nodiscard]] HloTranslation run();

  // --- what the operations ask for ---
  [[nodiscard]] const HloOperation& operation() const { return *operation_; }
  [[nodiscard]] const HloModule& module() const { return module_; }
  [[nodiscard]] ImportGraph& graph() { return result_.graph; }
  [[nodiscard]] const ImportGraph& graph() const { return result_.graph; }
  [[nodiscard]] std::size_t operands() const { return operands_.size(); }
  /// Of known values, put together from their pieces; others are refused before.
  [[nodiscard]] const Held& operand(std::size_t index);
  [[nodiscard]] OnnxType type_of(const Held& held) const { return graph().value(held.tensor).type; }
  [[nodiscard]] const OnnxConstant* constant(const Held& held) const {
    return graph().constant(held.tensor);
  }
  /// The single number that all elements have.
  [[nodiscard]] std::optional<float> scalar(const Held& held) const {
    return graph().scalar(held.tensor);
  }
  /// Whole numbers that stand in the file; refused where they depend on inputs.
  [[nodiscard]] Integers known_integers(const Held& held, std::string_view what) const;
  /// The node that makes a tensor; null for inputs and constants.
  [[nodiscard]] const ImportNode* maker(ImportValueId tensor) const;

  [[nodiscard]] const HloType& result_type(std::size_t index = 0) const;
  /// Of a result: a tensor of numbers of fixed size; others are refused.
  [[nodiscard]] const OnnxShape& result_shape(std::size_t index = 0) const;

  // attributes of the operation, by any of their names
  [[nodiscard]] const HloAttribute* attribute(std::initializer_list<std::string_view> keys) const;
  [[nodiscard]] Integers integers(std::initializer_list<std::string_view> keys) const;
  [[nodiscard]] Integers integers(std::initializer_list<std::string_view> keys,
                                  const Integers& otherwise) const;
  [[nodiscard]] std::int64_t integer(std::initializer_list<std::string_view> keys,
                                     std::int64_t otherwise) const;
  /// Distinct axes of a tensor of that rank.
  [[nodiscard]] static std::vector<std::size_t> axes(const Integers& numbers, std::size_t rank);

  // nodes
  /// Adds a node of ONNX; what does not depend on inputs is computed at once.
  ImportValueId emit(ImportNode node, std::vector<ImportValueId> inputs);
  ImportValueId emit(std::string_view op, std::vector<ImportValueId> inputs);
  std::vector<ImportValueId> emit_several(ImportNode node, std::vector<ImportValueId> inputs,
                                          std::size_t outputs);
  [[nodiscard]] ImportValueId constant_integers(const Integers& values);
  [[nodiscard]] ImportValueId number(OnnxType type, double value);
  [[nodiscard]] const OnnxShape& shape_of(ImportValueId id) const {
    return *graph().value(id).shape;
  }
  [[nodiscard]] ImportValueId reshaped(ImportValueId id, const OnnxShape& shape);
  [[nodiscard]] ImportValueId transposed(ImportValueId id, const std::vector<std::size_t>& order);
  /// The tensor with the axes of the view.
  [[nodiscard]] ImportValueId viewed(const Held& held) { return reshaped(held.tensor, held.view); }
  /// The pieces put together.
  [[nodiscard]] Held joined(const Held& held);
  /// One behind the other.
  [[nodiscard]] ImportValueId concatenated(std::vector<ImportValueId> parts, std::size_t axis);
  /// Each constant put behind the tensor before it, as `node` does.
  [[nodiscard]] std::vector<ImportValueId> with_constants_joined(
      const ImportNode& node, const std::vector<ImportValueId>& parts);
  [[nodiscard]] ImportValueId sliced(ImportValueId from, const Integers& starts,
                                     const Integers& ends, const Integers& steps);
  /// With all of its elements, in its shape.
  [[nodiscard]] ImportValueId whole(const Held& held);
  [[nodiscard]] ImportValueId whole(std::size_t operand) { return whole(this->operand(operand)); }
  [[nodiscard]] Held plain(ImportValueId id) const {
    return {.tensor = id, .view = shape_of(id), .shape = shape_of(id)};
  }
  [[nodiscard]] Held reshaped(const Held& held, const OnnxShape& shape);
  /// An operator that works element by element, on whichever shape needs no further nodes.
  [[nodiscard]] Held elementwise(ImportNode node, const std::vector<Held>& operands);
  [[nodiscard]] Held elementwise(std::string_view op, const std::vector<Held>& operands);

  void give(Held held, std::size_t index = 0);
  void give(ImportValueId id, std::size_t index = 0) { give(plain(id), index); }
  void refuse_results() { results_.assign(result_count(), Held{}); }
  [[nodiscard]] std::size_t result_count() const;
  void note(std::string reason);

  // control flow
  /// The values that a region gives for its arguments.
  [[nodiscard]] std::vector<Held> run_region(const HloRegion& region,
                                             const std::vector<Held>& given,
                                             const std::string& called);
  [[nodiscard]] std::vector<Held> call(std::string_view name, const std::vector<Held>& given);
  /// Operands that may be unknown.
  [[nodiscard]] const std::vector<Held>& all_operands() const { return operands_; }
  /// What nodes of the operation are called.
  [[nodiscard]] const std::string& label() const { return label_; }

 private:
  void add_arguments(const HloFunction& entry, Scope& scope);
  void add_outputs(const HloFunction& entry, const std::vector<Held>& results);
  void note_unknown_operations(const HloRegion& region, std::set<std::string>& seen);
  [[nodiscard]] std::vector<Held> run_operations(const HloRegion& region, Scope& scope);
  [[nodiscard]] std::vector<Held> run_body(const HloRegion& region, Scope& scope,
                                           std::string prefix);
  void run_operation(const HloOperation& operation, Scope& scope);
  void translate();
  void check_results();
  [[nodiscard]] ImportValueId folded(ImportNode node, const std::vector<ImportValueId>& inputs,
                                     const OnnxShape& shape);
  [[nodiscard]] std::string unique_name(const std::string& wanted);
  [[noreturn]] void fail(const HloPlace& place, std::string_view message) const;

  const HloModule& module_;
  const HloWeights& weights_;
  HloTranslation result_;
  const HloOperation* operation_ = nullptr;
  const Scope* scope_ = nullptr;
  std::vector<Held> operands_;
  std::vector<Held> results_;
  std::string prefix_;
  std::string label_;  ///< of the nodes of the operation
  std::vector<std::string> calls_;
  std::set<std::string> names_;
  std::map<ImportValueId, std::size_t> makers_;
  std::int64_t folded_ = 0;  ///< elements that were computed
};

/// The `count` largest elements along the last axis of the first operand, and where they stand.
void translate_largest(Translation& in, std::int64_t count);

/// How an operation is translated.
struct Rule {
  std::string_view op;  ///< without its dialect
  void (*translate)(Translation& in);
  bool takes_unknown = false;  ///< looks at operands that were refused, too
};

// By family, in a file each.
[[nodiscard]] std::span<const Rule> element_rules();
[[nodiscard]] std::span<const Rule> movement_rules();
[[nodiscard]] std::span<const Rule> product_rules();
[[nodiscard]] std::span<const Rule> reduction_rules();
[[nodiscard]] std::span<const Rule> control_rules();
/// Null where nobody knows the operation.
[[nodiscard]] const Rule* rule_of(const HloOperation& operation);

[[nodiscard]] OnnxShape ones(std::size_t rank);

}  // namespace systole::stablehlo
