#pragma once

#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "arch/isa/row_loop.h"

namespace systole {

/// A parameter of an operator that computes in rows: one fp32 number for each feature.
struct RowParameter {
  std::string_view suffix;  ///< of its name, behind that of the layer: `.weight`
  std::int64_t features = 0;
  double middle = 0;  ///< what generated numbers lie around
};

/// What an operator does with each row of its inputs, as stages (arch/isa/row_loop.h). A load names
/// the node's input by its index, parameters behind the others, as `from.tensor`; what else it
/// needs, and where a mask begins, follows from the tensors. The last stage is the output.
struct RowWork {
  std::vector<Stage> stages;
  std::vector<RowParameter> parameters;
};

/// Writes a recipe down stage by stage; each function returns the value that it makes.
class RowRecipe {
 public:
  using Value = std::int32_t;

  Value load(std::int32_t input);
  Value number(double value);
  Value pair(PairKind kind, Value a, Value b);
  Value add(Value a, Value b) { return pair(PairKind::Add, a, b); }
  Value subtract(Value a, Value b) { return pair(PairKind::Subtract, a, b); }
  Value multiply(Value a, Value b) { return pair(PairKind::Multiply, a, b); }
  Value divide(Value a, Value b) { return pair(PairKind::Divide, a, b); }
  Value function(RealFunction function, Value of);
  Value sum(Value of) { return append(ReduceStage{.kind = ReduceKind::Sum, .of = of}); }
  Value largest(Value of) { return append(ReduceStage{.kind = ReduceKind::Largest, .of = of}); }
  /// Of the `period` rows of a block, row i keeps i + offset + 1 elements.
  Value mask(Value of, std::int64_t period, std::int64_t offset);

  [[nodiscard]] std::vector<Stage> take() && { return std::move(stages_); }

 private:
  Value append(Stage stage);

  std::vector<Stage> stages_;
};

}  // namespace systole
