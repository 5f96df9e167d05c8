#include "compiler/ops/row_recipe.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <utility>

namespace systole {

namespace {

constexpr double kSteepest = 8;  // of the last head: 2^-8

double slope(std::int64_t head, std::int64_t heads) {
  const auto power = static_cast<std::int64_t>(std::bit_floor(static_cast<std::uint64_t>(heads)));
  const bool between = head >= power;  // heads of twice the power that it has not
  const auto number = static_cast<double>(between ? 2 * (head - power) + 1 : head + 1);
  return std::exp2(-kSteepest * number / static_cast<double>(between ? 2 * power : power));
}

}  // namespace

std::vector<float> RowTable::numbers() const {
  std::vector<float> numbers;
  numbers.reserve(static_cast<std::size_t>(positions * cols));
  const std::int64_t angles = doubled ? cols / 2 : cols;
  const auto angle = [&](std::int64_t position, std::int64_t col) {
    const std::int64_t number = doubled ? col / 2 : col;
    const double share = static_cast<double>(number) / static_cast<double>(angles);
    return static_cast<double>(first + position) * std::pow(base, -share);
  };
  const auto number = [&](std::int64_t position, std::int64_t col) {
    switch (of) {
      case Of::Cosine:
        return std::cos(angle(position, col));
      case Of::Sine:
        return std::sin(angle(position, col)) * (doubled && col % 2 == 0 ? -1 : 1);
      case Of::Column:
        return static_cast<double>(col);
      case Of::Slope:
        return slope(position, positions);
    }
    return 0.0;
  };
  for (std::int64_t position = 0; position < positions; ++position) {
    for (std::int64_t col = 0; col < cols; ++col) {
      numbers.push_back(static_cast<float>(number(position, col)));
    }
  }
  return numbers;
}

RowRecipe::Value RowRecipe::load(std::int32_t input, std::int64_t first_column) {
  return append(LoadStage{.operand = source({.input = input, .first_column = first_column})});
}

RowRecipe::Value RowRecipe::load_swapped(std::int32_t input, std::int64_t first_column) {
  return append(LoadStage{.operand = source({.input = input, .first_column = first_column}),
                          .swapped = true});
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

RowRecipe::Value RowRecipe::mask(Value of, std::int64_t period, std::int64_t offset,
                                 std::int64_t window) {
  return append(MaskStage{.of = of, .period = period, .offset = offset, .kept = window});
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
