#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "compiler/frontend/onnx/lower/lowering.h"

namespace systole {

/// What a formula reads (compiler/ops/formula_text.h), brought to the shape and the order of memory
/// of its result. Each function returns how the formula names it.
class FormulaInputs {
 public:
  FormulaInputs(Lowering& in, OnnxShape shape, Axes order)
      : in_(in), shape_(std::move(shape)), order_(std::move(order)) {}

  /// An input of the node: a tensor, a number, or a constant with a number for each element.
  std::string input(std::size_t index);
  std::string held(const Held& from);
  std::string constant(const OnnxConstant& from);
  /// A tensor that has the extents that the formula works on.
  std::string tensor(GraphTensorId id);
  /// Numbers by position and feature.
  std::string parameter(ParameterNumbers numbers, std::int64_t positions);

  void add(const std::string& text, Layout layout, std::size_t output = 0);
  GraphTensorId add_before(const std::string& text);
  void add_elements(const std::string& text, std::size_t output = 0) {
    add(text, Layout::ordered(shape_, order_), output);
  }

 private:
  /// Whether some tensor has a number for each element of the result; the others may have fewer.
  [[nodiscard]] bool is_whole() const;
  /// With as many axes as the result has; refuses what does not broadcast to it.
  [[nodiscard]] OnnxShape widened(const OnnxShape& shape) const;
  [[nodiscard]] RowFormula formula(const std::string& text) const;
  void set_numbers();

  Lowering& in_;
  OnnxShape shape_;
  Axes order_;
  bool has_whole_ = false;
  std::vector<GraphTensorId> tensors_;
  std::vector<std::pair<ParameterNumbers, std::int64_t>> parameters_;
};

/// As formulas write numbers; infinities are the largest number.
[[nodiscard]] std::string number_text(double value);

/// The order of memory that formulas over the node's inputs work in: that of an input of the shape.
[[nodiscard]] Axes formula_order(const Lowering& in, const OnnxShape& shape);

}  // namespace systole
