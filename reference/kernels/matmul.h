#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "compiler/graph/graph.h"
#include "reference/kernels/ordered_sums.h"

namespace systole::reference {

/// The matrices of one operand, found from axes and heads alone (docs/numerics.md), not from what
/// the compiler made of them.
struct MatrixLayout {
  std::int64_t images = 1;
  std::int64_t heads = 1;
  std::int64_t rows = 1;
  std::int64_t cols = 1;
  bool merged = false;  ///< heads side by side: [image][row][head][col], else [image][head][row]
  bool transposed = false;  ///< written columns x rows
  std::int64_t unused = 0;  ///< rows as they are written, behind those that take part

  [[nodiscard]] std::int64_t element(std::int64_t image, std::int64_t head, std::int64_t row,
                                     std::int64_t col) const;
};

/// C = A x B, matrix by matrix. Matrix number i * heads + h of C is that of image i and head h; B's
/// head is h / (heads of C / heads of B), its image 0 where it has one alone.
struct MatmulLayout {
  MatrixLayout a;
  MatrixLayout b;
  MatrixLayout c;

  [[nodiscard]] std::int64_t matrices() const { return c.images * c.heads; }
};
[[nodiscard]] MatmulLayout matmul_layout(const Graph& graph, const Node& node,
                                         const Matmul& attributes);

/// Of int8: sum over k of (a - zero point) * (b - zero point), modulo 2^32, in C's order.
struct MatmulOperand {
  std::span<const std::int8_t> values;
  std::int32_t zero_point = 0;
};
[[nodiscard]] std::vector<std::int32_t> multiply(const MatmulLayout& layout, const MatmulOperand& a,
                                                 const MatmulOperand& b);

/// Of floating numbers: sums in binary32 in the given order, in C's order. `order.stays` is by
/// matrix and row: matrix * rows + row.
[[nodiscard]] std::vector<float> multiply(const MatmulLayout& layout, std::span<const float> a,
                                          std::span<const float> b, const SummationOrder& order);

/// The sum behind one element of C and that of its products' sizes, in double.
struct ExactSum {
  double value = 0;
  double size = 0;
};
[[nodiscard]] ExactSum exact_sum(const MatmulLayout& layout, std::span<const float> a,
                                 std::span<const float> b, std::int64_t element);

}  // namespace systole::reference
