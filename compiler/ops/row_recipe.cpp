#include "compiler/ops/row_recipe.h"

#include <utility>

namespace systole {

RowRecipe::Value RowRecipe::load(std::int32_t input) {
  LoadStage stage;
  stage.from.tensor = input;
  return append(stage);
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

RowRecipe::Value RowRecipe::append(Stage stage) {
  stages_.push_back(std::move(stage));
  return static_cast<Value>(stages_.size()) - 1;
}

}  // namespace systole
