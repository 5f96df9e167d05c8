#include "compiler/frontend/onnx/rotary_table.h"

#include <cmath>
#include <vector>

namespace systole {

std::optional<RotaryTable> rotary_table_of(const OnnxConstant& cosines, const OnnxConstant& sines) {
  constexpr double kNear = 2e-3;
  const OnnxShape& shape = cosines.shape();
  if (shape.size() != 2 || sines.shape() != shape || shape[0] < 2 || shape[1] < 2) {
    return std::nullopt;
  }
  const std::vector<float> cos = cosines.floats();
  const std::vector<float> sin = sines.floats();
  const auto columns = static_cast<std::size_t>(shape[1]);
  const auto angle = [&](std::size_t at) {
    return std::atan2(static_cast<double>(sin[at]), static_cast<double>(cos[at]));
  };
  // The last column turns slowest, by base^(1 / columns - 1) a position.
  const double step = std::remainder(angle(2 * columns - 1) - angle(columns - 1), 2 * M_PI);
  if (!(step > 0 && step < 1)) {
    return std::nullopt;
  }
  const auto count = static_cast<double>(columns);
  RotaryTable table{.base = std::round(std::pow(step, count / (1 - count)))};
  // Which position the first row is: the first that it could be.
  constexpr std::int64_t kMostPositions = 1 << 20;
  const auto is_row = [&](std::int64_t position, std::size_t row) {
    for (std::size_t column = 0; column < columns; ++column) {
      const double turn =
          static_cast<double>(position) *
          std::pow(table.base, -static_cast<double>(column) / static_cast<double>(columns));
      const std::size_t at = row * columns + column;
      if (!(std::abs(std::cos(turn) - static_cast<double>(cos[at])) <= kNear &&
            std::abs(std::sin(turn) - static_cast<double>(sin[at])) <= kNear)) {
        return false;
      }
    }
    return true;
  };
  while (!is_row(table.first, 0)) {
    if (++table.first > kMostPositions) {
      return std::nullopt;
    }
  }
  for (std::int64_t row = 1; row < shape[0]; ++row) {
    if (!is_row(table.first + row, static_cast<std::size_t>(row))) {
      return std::nullopt;
    }
  }
  return table;
}

}  // namespace systole
