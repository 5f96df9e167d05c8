#include <algorithm>
#include <variant>
#include <vector>

#include <fmt/format.h>

#include "compiler/ops/gradient.h"
#include "compiler/ops/make.h"
#include "compiler/ops/matmul.h"

namespace systole {

Op product_of(const ProductForm& form) {
  return Matmul{.transpose_a = form.transpose_a,
                .transpose_b = form.transpose_b,
                .heads = form.heads,
                .kv_heads = form.kv_heads,
                .scale = form.scale,
                .split_heads = form.split_heads,
                .element = form.element,
                .settled = {}};
}

namespace {

constexpr std::int64_t kFewestColumns = 128;  // of a part: as many as an array has rows

/// Of heads side by side, `sharing` neighbours of which share one: the sum over these.
GraphTensorId sum_of_sharing(Backward& backward, GraphTensorId each, std::int64_t heads,
                             std::int64_t sharing) {
  const TensorType type = backward.type(each);
  const std::int64_t width = type.extents.back() / heads;
  const std::int64_t rows = type.elements() / (width * sharing);
  // A head's features are a pixel; those that share one are a row of them.
  const GraphTensorId pixels = backward.view(each, {1, rows, sharing, width});
  const GraphTensorId mean = backward.add("shared_mean", mean_of_columns(sharing), {pixels});
  return backward.add("shared_sum", formula_of(fmt::format("a * {}", sharing)), {mean});
}

/// Whether a left operand of a tensor of heads, beside one whose heads stand side by side, is so
/// large that its heads should be bands of their own.
bool has_large_heads(const Backward& backward, const std::vector<GraphTensorId>& both) {
  constexpr std::int64_t kLarge = std::int64_t{1} << 21;  // elements of an image
  const Extents& left = backward.type(both[0]).extents;
  return left.size() == 4 && left[1] * left[2] * left[3] > kLarge &&
         backward.type(both[1]).extents.size() == 3;
}

/// The left operand is written transposed, so that any row of the result needs all of its rows.
/// With heads side by side each row is of all heads, and needs all of the operand; so they go one
/// behind the other, a band each, and side by side again.
GraphTensorId by_head(Backward& backward, const ProductForm& form,
                      const std::vector<GraphTensorId>& both) {
  const Extents right = backward.type(both[1]).extents;
  const GraphTensorId heads = backward.add(
      "gradient_heads", transposition_of_pixels(),
      {backward.view(both[1], {right[0], right[1], form.heads, right[2] / form.heads})});
  const GraphTensorId made = backward.add("right_gradient", product_of(form), {both[0], heads});
  const std::int64_t rows = backward.type(made).extents[2];
  return backward.view(backward.add("gradient_rows", transposition_of_pixels(), {made}),
                       {right[0], rows, right[2]});
}

/// How dB of a single matrix is made where A, which it needs whole, is large: by parts of the
/// columns of A, which are rows of dB, or as a sum over parts of the rows.
struct Parts {
  std::int64_t columns = 1;
  std::int64_t rows = 1;
};

Parts parts_of(const Backward& backward, const ProductForm& form,
               const std::vector<GraphTensorId>& both) {
  const TensorType& left = backward.type(both[0]);
  const Extents& extents = left.extents;
  const Extents& right = backward.type(both[1]).extents;
  if (!form.transpose_a || form.heads > 1 || extents.size() != 3 || extents[0] != 1 ||
      right.size() != 3) {
    return {};
  }
  const std::int64_t made = extents[2] * right[2];
  const std::int64_t least =
      backward.least_parts(left.bytes(), bytes_of(backward.element(1), made));
  if (least == 1) {
    return {};
  }
  Parts parts{.rows = std::min(least, extents[1])};
  for (std::int64_t count = least; count * kFewestColumns <= extents[2]; ++count) {
    if (extents[2] % count == 0) {
      parts.columns = count;
      break;
    }
  }
  // Columns are copied, and all of dB, which is put together; rows of both are copied, and sums of
  // fp32 are written and read.
  constexpr std::int64_t kJoinBytes = 8;
  constexpr std::int64_t kSumBytes = 12;
  const std::int64_t other = backward.type(both[1]).bytes();
  const std::int64_t by_columns =
      2 * left.bytes() + (parts.columns - 1) * other + kJoinBytes * made;
  const std::int64_t by_rows = 2 * (left.bytes() + other) + (parts.rows - 1) * kSumBytes * made;
  if (parts.columns > 1 && by_columns <= by_rows) {
    parts.rows = 1;
  } else {
    parts.columns = 1;
  }
  return parts;
}

void give_sum_over_rows(Backward& backward, const ProductForm& form,
                        const std::vector<GraphTensorId>& both, std::int64_t parts) {
  const std::int64_t all = backward.type(both[0]).extents[1];
  for (std::int64_t part = 0; part < parts; ++part) {
    const std::int64_t first = all * part / parts;
    const std::int64_t size = all * (part + 1) / parts - first;
    const GraphTensorId a = backward.add("rows", slice_of(1, first, size), {both[0]});
    const GraphTensorId c = backward.add("gradient_rows", slice_of(1, first, size), {both[1]});
    backward.give(1, product_of(form), {a, c});
  }
}

GraphTensorId by_columns(Backward& backward, const ProductForm& form,
                         const std::vector<GraphTensorId>& both, std::int64_t parts) {
  const std::int64_t width = backward.type(both[0]).extents[2] / parts;
  std::vector<GraphTensorId> made;
  for (std::int64_t part = 0; part < parts; ++part) {
    const GraphTensorId columns =
        backward.add("columns", slice_of(2, part * width, width), {both[0]});
    made.push_back(backward.add("gradient_by_columns", product_of(form), {columns, both[1]}));
  }
  return backward.add("right_gradient", joined_along(1), made);
}

}  // namespace

Extents left_extents(const Op& op, const TensorType& left, const TensorType& right) {
  constexpr std::size_t kAxes = 3;
  const auto* const product = std::get_if<Matmul>(&op);
  const Extents& all = left.extents;
  const bool joins = product != nullptr && product->heads == 0 && !product->transpose_a &&
                     all.size() == kAxes && right.extents.size() == kAxes && all[0] > 1 &&
                     right.extents[0] == 1;
  return joins ? Extents{1, all[0] * all[1], all[2]} : all;
}

/// C = s A B: dA = s dC B^T and dB = s A^T dC; of an operand that is written transposed the
/// transpose of these. A head of B that several of A share has the sum of what each of them gives.
void Matmul::gradient(Backward& backward) const {
  const std::int64_t sharing = settled.b.sharing;
  const bool one_for_all = settled.b.image == 0 && settled.images > 1;
  const bool side_by_side = backward.type(backward.input(1)).extents.size() == 3;
  if (merge_heads || used != 0 || one_for_all || (sharing > 1 && !side_by_side)) {
    backward.refuse(
        "expected a product whose matrices have an operand each, with all of its rows, "
        "got one that shares or skips some");
  }
  const GraphTensorId a = backward.input(0);
  const GraphTensorId b = backward.input(1);
  GraphTensorId c = backward.gradient();
  if (backward.type(c).element == DataType::Fp32 &&
      backward.type(a).element != DataType::Fp32) {  // sums that are kept in fp32
    c = backward.add("rounded_gradient", formula_of("a", backward.type(a).element), {c});
  }
  ProductForm form{
      .heads = heads, .kv_heads = kv_heads, .scale = scale, .element = backward.element(0)};
  if (transpose_a) {
    if (sharing > 1 && backward.wants(0)) {
      backward.refuse("expected a product of shared heads whose left operand is as it is written");
    }
    form.kv_heads = 0;
    form.transpose_a = transpose_b;
    form.transpose_b = true;
    backward.give(0, product_of(form), {b, c});
  } else {
    form.transpose_b = !transpose_b;
    backward.give(0, product_of(form), {c, b});
  }
  if (!backward.wants(1)) {
    return;
  }
  form = {.heads = heads, .scale = scale, .element = backward.element(1)};
  form.transpose_a = transpose_b || !transpose_a;
  form.transpose_b = transpose_b && transpose_a;
  const std::vector<GraphTensorId> both = transpose_b ? std::vector{c, a} : std::vector{a, c};
  const Parts parts = parts_of(backward, form, both);
  if (parts.columns > 1) {
    backward.give(1, by_columns(backward, form, both, parts.columns));
    return;
  }
  if (parts.rows > 1) {
    give_sum_over_rows(backward, form, both, parts.rows);
    return;
  }
  GraphTensorId each = -1;
  if (heads > 1 && has_large_heads(backward, both)) {
    each = by_head(backward, form, both);
  } else if (sharing == 1) {
    backward.give(1, product_of(form), both);
    return;
  } else {
    each = backward.add("gradient_by_head", product_of(form), both);
  }
  backward.give(1, sharing == 1 ? each : sum_of_sharing(backward, each, heads, sharing));
}

}  // namespace systole
