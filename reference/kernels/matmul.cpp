#include "reference/kernels/matmul.h"

#include <cmath>

#include "arch/diag/check.h"
#include "reference/kernels/dot_products.h"

namespace systole::reference {

namespace {

/// `heads` where the last of three axes holds several, else 0.
MatrixLayout layout_of(const TensorType& type, std::int64_t heads) {
  const Extents& axes = type.extents;
  SYSTOLE_CHECK(axes.size() >= 2 && axes.size() <= 4, "a matrix of {} axes", axes.size());
  if (axes.size() == 4) {
    return {.images = axes[0], .heads = axes[1], .rows = axes[2], .cols = axes[3]};
  }
  if (axes.size() == 2) {
    return {.rows = axes[0], .cols = axes[1]};
  }
  const std::int64_t held = heads == 0 ? 1 : heads;
  return {
      .images = axes[0], .heads = held, .rows = axes[1], .cols = axes[2] / held, .merged = true};
}

std::int64_t head_of_b(const MatmulLayout& layout, std::int64_t head) {
  return head / (layout.c.heads / layout.b.heads);
}

/// Rows x columns of a matrix, packed.
template <class Number>
std::vector<Number> matrix(const MatrixLayout& layout, std::span<const Number> values,
                           std::int64_t image, std::int64_t head) {
  std::vector<Number> packed;
  packed.reserve(static_cast<std::size_t>(layout.rows * layout.cols));
  for (std::int64_t row = 0; row < layout.rows; ++row) {
    for (std::int64_t col = 0; col < layout.cols; ++col) {
      packed.push_back(values[static_cast<std::size_t>(layout.element(image, head, row, col))]);
    }
  }
  return packed;
}

/// Runs `product(a, b, number)` for each matrix of C and puts what it returns in place.
template <class Sum, class Number, class Product>
std::vector<Sum> matrix_by_matrix(const MatmulLayout& layout, std::span<const Number> a,
                                  std::span<const Number> b, Product product) {
  const MatrixLayout& c = layout.c;
  std::vector<Sum> sums(static_cast<std::size_t>(layout.matrices() * c.rows * c.cols));
  for (std::int64_t image = 0; image < c.images; ++image) {
    const std::int64_t image_of_b = layout.b.images == 1 ? 0 : image;
    for (std::int64_t head = 0; head < c.heads; ++head) {
      const std::vector<Sum> part =
          product(matrix(layout.a, a, image, head),
                  matrix(layout.b, b, image_of_b, head_of_b(layout, head)), image * c.heads + head);
      for (std::int64_t row = 0; row < c.rows; ++row) {
        for (std::int64_t col = 0; col < c.cols; ++col) {
          sums[static_cast<std::size_t>(c.element(image, head, row, col))] =
              part[static_cast<std::size_t>(row * c.cols + col)];
        }
      }
    }
  }
  return sums;
}

/// sum over k of a * (b - zero) = sum of a * b - zero * sum of a, modulo 2^32.
void take_zero_points_of_b(std::vector<std::int32_t>& sums, const std::vector<std::int8_t>& a,
                           std::int32_t a_zero_point, std::int32_t zero_point, std::size_t rows) {
  if (zero_point == 0) {
    return;
  }
  const std::size_t k = a.size() / rows;
  const std::size_t cols = sums.size() / rows;
  for (std::size_t row = 0; row < rows; ++row) {
    std::int32_t total = 0;
    for (std::size_t i = row * k; i < (row + 1) * k; ++i) {
      total += a[i] - a_zero_point;
    }
    for (std::size_t i = row * cols; i < (row + 1) * cols; ++i) {
      sums[i] = static_cast<std::int32_t>(static_cast<std::uint32_t>(sums[i]) -
                                          static_cast<std::uint32_t>(total * zero_point));
    }
  }
}

}  // namespace

std::int64_t MatrixLayout::element(std::int64_t image, std::int64_t head, std::int64_t row,
                                   std::int64_t col) const {
  const std::int64_t height = (transposed ? cols : rows) + unused;
  const std::int64_t width = transposed ? rows : cols;
  const std::int64_t y = transposed ? col : row;
  const std::int64_t x = transposed ? row : col;
  return merged ? ((image * height + y) * heads + head) * width + x
                : ((image * heads + head) * height + y) * width + x;
}

MatmulLayout matmul_layout(const Graph& graph, const Node& node, const Matmul& attributes) {
  const TensorType& a = graph.tensor(node.inputs.at(0)).type;
  const TensorType& b = graph.tensor(node.inputs.at(1)).type;
  const TensorType& c = graph.tensor(node.output()).type;
  MatmulLayout layout{
      .a = layout_of(a, attributes.heads),
      .b = layout_of(b, attributes.kv_heads == 0 ? attributes.heads : attributes.kv_heads),
      .c = {}};
  layout.c = layout_of(c, layout.a.heads);
  if (attributes.used != 0) {
    layout.b.unused = layout.b.rows - attributes.used;
    layout.b.rows = attributes.used;
  }
  if (attributes.transpose_a) {
    layout.a.transposed = true;
    std::swap(layout.a.rows, layout.a.cols);
  }
  if (attributes.transpose_b) {
    layout.b.transposed = true;
    std::swap(layout.b.rows, layout.b.cols);
  }
  SYSTOLE_CHECK(layout.a.cols == layout.b.rows && layout.a.rows == layout.c.rows &&
                    layout.b.cols == layout.c.cols && layout.a.heads == layout.c.heads &&
                    layout.c.heads % layout.b.heads == 0,
                "{}: matrices that do not meet", node.name);
  return layout;
}

std::vector<std::int32_t> multiply(const MatmulLayout& layout, const MatmulOperand& a,
                                   const MatmulOperand& b) {
  const auto product = [&](const std::vector<std::int8_t>& left,
                           const std::vector<std::int8_t>& right, std::int64_t /*number*/) {
    std::vector<std::int32_t> sums =
        contract(layout.c.rows, layout.a.cols, layout.c.cols, left, a.zero_point, right);
    take_zero_points_of_b(sums, left, a.zero_point, b.zero_point,
                          static_cast<std::size_t>(layout.c.rows));
    return sums;
  };
  return matrix_by_matrix<std::int32_t>(layout, a.values, b.values, product);
}

std::vector<float> multiply(const MatmulLayout& layout, std::span<const float> a,
                            std::span<const float> b, const SummationOrder& order) {
  const std::int64_t rows = layout.c.rows;
  const ConvolutionGeometry geometry{.input = {.batch = rows, .channels = layout.a.cols},
                                     .output = {.batch = rows, .channels = layout.c.cols},
                                     .kernel = {},
                                     .groups = 1};
  const auto product = [&](const std::vector<float>& left, const std::vector<float>& right,
                           std::int64_t number) {
    SummationOrder own{.parts = order.parts, .stays = {}};
    if (!order.stays.empty()) {
      const std::int64_t sums = rows * layout.c.cols;
      const auto first = order.stays.begin() + number * sums;
      own.stays.assign(first, first + sums);
    }
    return ordered_sums(geometry, left, right, own);
  };
  return matrix_by_matrix<float>(layout, a, b, product);
}

ExactSum exact_sum(const MatmulLayout& layout, std::span<const float> a, std::span<const float> b,
                   std::int64_t element) {
  const MatrixLayout& c = layout.c;
  const std::int64_t col = element % c.cols;
  const std::int64_t rest = element / c.cols;
  const std::int64_t head = c.merged ? rest % c.heads : rest / c.rows % c.heads;
  const std::int64_t row = c.merged ? rest / c.heads % c.rows : rest % c.rows;
  const std::int64_t image = rest / (c.rows * c.heads);
  ExactSum sum;
  for (std::int64_t k = 0; k < layout.a.cols; ++k) {
    const double product =
        static_cast<double>(a[static_cast<std::size_t>(layout.a.element(image, head, row, k))]) *
        b[static_cast<std::size_t>(
            layout.b.element(layout.b.images == 1 ? 0 : image, head_of_b(layout, head), k, col))];
    sum.value += product;
    sum.size += std::fabs(product);
  }
  return sum;
}

}  // namespace systole::reference
