#include "compiler/ops/row_recipe.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace systole {

std::vector<float> AngleTable::numbers() const {
  std::vector<float> numbers;
  numbers.reserve(static_cast<std::size_t>(positions * angles));
  for (std::int64_t p = first; p < first + positions; ++p) {
    for (std::int64_t a = 0; a < angles; ++a) {
      const double share = static_cast<double>(a) / static_cast<double>(angles);
      const double angle = static_cast<double>(p) * std::pow(base, -share);
      numbers.push_back(static_cast<float>(of == Of::Cosine ? std::cos(angle) : std::sin(angle)));
    }
  }
  return numbers;
}

RowRecipe::Value RowRecipe::load(std::int32_t input, std::int64_t first_column) {
  return append(LoadStage{.operand = source({.input = input, .first_column = first_column})});
}

RowRecipe::Value RowRecipe::load_single(std::int32_t input, std::int64_t column) {
  return append(
      LoadStage{.operand = source({.input = input, .first_column = column}), .single = true});
}

RowRecipe::Value RowRecipe::number(double value) {
  return append(NumberStage{static_cast<float>(value)});
}

RowRecipe::Value RowRecipe::pair(PairKind kind, Value a, Value b) {
  return append(PairStage{.kind = kind, .a = a, .b = b});
}

RowRecipe::Value RowRecipe::function(RealFunction function, Value of) {
  return append(FunctionStage{.function = function, .of = of});
}

RowRecipe::Value RowRecipe::mask(Value of, std::int64_t period, std::int64_t offset) {
  return append(MaskStage{.of = of, .period = period, .offset = offset});
}

std::int32_t RowRecipe::source(const RowSource& source) {
  const auto found = std::find(sources_.begin(), sources_.end(), source);
  const auto index = static_cast<std::int32_t>(found - sources_.begin());
  if (found == sources_.end()) {
    sources_.push_back(source);
  }
  return index;
}

RowRecipe::Value RowRecipe::append(Stage stage) {
  stages_.push_back(std::move(stage));
  return static_cast<Value>(stages_.size()) - 1;
}

}  // namespace systole
