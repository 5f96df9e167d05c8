#include "compiler/ops/matmul.h"

#include <string>
#include <string_view>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "compiler/ops/op.h"

namespace systole {

namespace {

constexpr std::int64_t kMaxHeads = 65536;
constexpr double kLeastScale = 1e-12;
constexpr double kMostScale = 1e12;

std::string extents_text(const TensorType& type) {
  return fmt::format("[{}]", fmt::join(type.extents, ", "));
}

/// Sizes of an operand, and where its elements stand.
struct Matrices {
  std::int64_t images = 1;
  std::int64_t heads = 1;
  std::int64_t rows = 1;
  std::int64_t cols = 1;
  MatrixWalk walk;
};

/// `heads`: side by side in the last of three axes.
Matrices matrices_of(const TensorType& type, std::int64_t heads) {
  const Extents& extents = type.extents;
  switch (extents.size()) {
    case 2:
      return {.rows = extents[0],
              .cols = extents[1],
              .walk = {.row = extents[1], .col = 1, .images_axis = MatrixAxis::Row}};
    case 3: {
      const std::int64_t cols = extents[2] / heads;
      return {.images = extents[0],
              .heads = heads,
              .rows = extents[1],
              .cols = cols,
              .walk = {.image = extents[1] * extents[2],
                       .head = cols,
                       .row = extents[2],
                       .col = 1,
                       .images_axis = MatrixAxis::Image,
                       .rows_axis = MatrixAxis::Row}};
    }
    default:
      return {.images = extents[0],
              .heads = extents[1],
              .rows = extents[2],
              .cols = extents[3],
              .walk = {.image = extents[1] * extents[2] * extents[3],
                       .head = extents[2] * extents[3],
                       .row = extents[3],
                       .col = 1,
                       .images_axis = MatrixAxis::Image,
                       .rows_axis = MatrixAxis::Head,
                       .cols_axis = MatrixAxis::Row}};
  }
}

/// Checks one operand and takes it apart.
Matrices operand(const InferInputs& in, std::size_t input, std::int64_t heads,
                 std::string_view heads_key) {
  constexpr std::size_t kMostAxes = 4;
  const TensorType& type = in.types[input];
  const std::string_view side = input == 0 ? "left" : "right";
  const std::size_t axes = type.extents.size();
  if (axes < 2 || axes > kMostAxes) {
    in.where.fail(fmt::format("expected a {} operand of 2 to 4 axes for matmul, got {}", side,
                              extents_text(type)));
  }
  if (heads == 0) {
    return matrices_of(type, 1);
  }
  if (axes == 2) {
    in.where.fail(heads_key, fmt::format("expected a {} operand of 3 or 4 axes for heads, got {}",
                                         side, extents_text(type)));
  }
  const std::int64_t held = axes == 3 ? type.extents[2] : type.extents[1];
  if (axes == 3 ? held % heads != 0 : held != heads) {
    in.where.fail(heads_key, fmt::format("expected {} of the {} operand's {}, got {}",
                                         axes == 3 ? "a divisor" : "the number", side,
                                         axes == 3 ? fmt::format("{} features", held)
                                                   : fmt::format("heads, {}", held),
                                         heads));
  }
  return matrices_of(type, heads);
}

/// The written rows of B, or of a transposed A, are no axis of C that bands are cut along.
void forget_rows(MatrixWalk& walk) {
  for (MatrixAxis* const axis : {&walk.images_axis, &walk.rows_axis, &walk.cols_axis}) {
    if (*axis == MatrixAxis::Row) {
      *axis = MatrixAxis::None;
    }
  }
}

/// Steps over what all of A's share are none.
void share(Matrices& right, const Matrices& left, const InferInputs& in) {
  const auto both = [&] {
    return fmt::format("got {} and {}", extents_text(in.types[0]), extents_text(in.types[1]));
  };
  if (right.images != 1 && right.images != left.images) {
    in.where.fail("expected matmul operands of one batch, " + both());
  }
  if (left.heads % right.heads != 0) {
    in.where.fail("expected matmul heads of the left operand that share those of the right, " +
                  both());
  }
  if (right.images == 1) {
    right.walk.image = 0;
    right.walk.images_axis = MatrixAxis::None;
  }
  right.walk.sharing = left.heads / right.heads;
  forget_rows(right.walk);
}

TensorType product_type(DataType element, const Matrices& left, std::int64_t cols, bool merged,
                        std::size_t axes) {
  if (axes == 2) {
    return {.element = element, .extents = {left.rows, cols}};
  }
  if (merged) {
    return {.element = element, .extents = {left.images, left.rows, left.heads * cols}};
  }
  return {.element = element, .extents = {left.images, left.heads, left.rows, cols}};
}

}  // namespace

std::vector<OpEntry> Matmul::entries() {
  return {{.name = "matmul",
           .onnx = "MatMul",
           .prototype = Matmul{},
           .inputs = InputCount::Two,
           .attributes = {{"transpose_a", Attribute::Flag{kAt<&Matmul::transpose_a>},
                           "the left operand's matrices are written columns x rows"},
                          {"transpose_b", Attribute::Flag{kAt<&Matmul::transpose_b>},
                           "the right operand's matrices are written columns x rows"},
                          {"heads", Attribute::Integer{kAt<&Matmul::heads>, kMaxHeads},
                           "of an operand of three axes, side by side in its last one"},
                          {"kv_heads", Attribute::Integer{kAt<&Matmul::kv_heads>, kMaxHeads},
                           "of the right operand, each for several of the left"},
                          {"merge_heads", Attribute::Flag{kAt<&Matmul::merge_heads>},
                           "the output's heads stand side by side in its last axis"},
                          {"used", Attribute::Integer{kAt<&Matmul::used>},
                           "rows of the right operand that take part, the first ones"},
                          {"scale", Attribute::Real{kAt<&Matmul::scale>, kLeastScale, kMostScale},
                           "of all products"},
                          output_attribute()}}};
}

void Matmul::complete(const OpPlace& written) const {
  if (kv_heads != 0 && heads == 0) {
    written.fail("kv_heads", "expected heads beside kv_heads, got none");
  }
  if (kv_heads != 0 && heads % kv_heads != 0) {
    written.fail("kv_heads",
                 fmt::format("expected a divisor of the {} heads, got {}", heads, kv_heads));
  }
}

Inferred Matmul::infer(const InferInputs& in) {
  Matrices left = operand(in, 0, heads, "heads");
  const std::int64_t right_heads = kv_heads == 0 ? heads : kv_heads;
  Matrices right = operand(in, 1, right_heads, kv_heads == 0 ? "heads" : "kv_heads");
  const std::size_t axes = in.types[0].extents.size();
  if (axes < in.types[1].extents.size() && heads == 0) {
    in.where.fail(
        fmt::format("expected no more axes of the right operand than of the left for "
                    "matmul, got {} and {}",
                    extents_text(in.types[0]), extents_text(in.types[1])));
  }
  if (used > right.rows) {
    in.where.fail("used", fmt::format("expected at most the {} rows of the right operand, got {}",
                                      right.rows, used));
  }
  right.rows = used == 0 ? right.rows : used;
  if (transpose_a) {
    std::swap(left.rows, left.cols);
    std::swap(left.walk.row, left.walk.col);
    forget_rows(left.walk);
  }
  if (transpose_b) {
    std::swap(right.rows, right.cols);
    std::swap(right.walk.row, right.walk.col);
  }
  if (left.cols != right.rows) {
    in.where.fail(
        fmt::format("expected as many columns of the left operand as rows of the right "
                    "for matmul, got {} and {} (of {} and {})",
                    left.cols, right.rows, extents_text(in.types[0]), extents_text(in.types[1])));
  }
  share(right, left, in);
  check_reduction(left.cols, in.where);
  const bool whole_axes = axes == 3 && heads == 0;
  const bool merged =
      (whole_axes || merge_heads || (heads != 0 && axes == 4 && in.types[1].extents.size() == 3)) &&
      !split_heads;
  const TensorType type =
      product_type(element.value_or(in.types[0].element), left, right.cols, merged, axes);
  settled = {.images = left.images,
             .heads = left.heads,
             .m = left.rows,
             .k = left.cols,
             .n = right.cols,
             .a = left.walk,
             .b = right.walk,
             .c = matrices_of(type, merged ? left.heads : 1).walk,
             .scale = scale};
  return {.type = type, .quantization = in.defaults.output};
}

Work Matmul::work() const {
  return settled;
}

}  // namespace systole
