#pragma once

#include <array>
#include <cstdint>

#include "arch/chip_spec.h"

namespace systole::testing {

/// Which index of C[m][n] += A[m][k] * W[k][n] runs along the array's rows, columns and time: the
/// tests' own table, after docs/array.md.
enum class ProductIndex : std::uint8_t { M, N, K };

struct ArrayAxes {
  ProductIndex rows;
  ProductIndex cols;
  ProductIndex time;
  bool left_is_weight;  ///< else the activation streams from the left
  bool sums_stay;       ///< in the PEs
};

[[nodiscard]] constexpr ArrayAxes axes_of(Dataflow dataflow) {
  switch (dataflow) {
    case Dataflow::WeightStationary:
      return {ProductIndex::K, ProductIndex::N, ProductIndex::M, false, false};
    case Dataflow::InputStationary:
      return {ProductIndex::K, ProductIndex::M, ProductIndex::N, true, false};
    case Dataflow::OutputStationary:
      return {ProductIndex::M, ProductIndex::N, ProductIndex::K, false, true};
  }
  return {};
}

/// Values of m, n and k where the array's row, column and step have these.
struct ProductPoint {
  std::int64_t m = 0;
  std::int64_t n = 0;
  std::int64_t k = 0;
};

[[nodiscard]] constexpr ProductPoint point_at(const ArrayAxes& axes, std::int64_t row,
                                              std::int64_t col, std::int64_t step) {
  std::array<std::int64_t, 3> point{};
  point[static_cast<std::size_t>(axes.rows)] = row;
  point[static_cast<std::size_t>(axes.cols)] = col;
  point[static_cast<std::size_t>(axes.time)] = step;
  return {point[0], point[1], point[2]};
}

[[nodiscard]] constexpr std::int64_t along(ProductIndex index, std::int64_t m, std::int64_t n,
                                           std::int64_t k) {
  return index == ProductIndex::M ? m : index == ProductIndex::N ? n : k;
}

}  // namespace systole::testing
