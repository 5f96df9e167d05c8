#pragma once

#include <optional>
#include <string>

#include "compiler/ops/op.h"

namespace systole {

// Operators for who makes nodes without a file; each function stands beside its operator.

/// What a product says beside its operands.
struct ProductForm {
  bool transpose_a = false;
  bool transpose_b = false;
  std::int64_t heads = 0;
  double scale = 1;
  std::optional<DataType> element = std::nullopt;  ///< of the output; none: the left operand's
};
[[nodiscard]] Op product_of(const ProductForm& form);
/// Without parameters; `element` of its output, or that of its first input.
[[nodiscard]] Op formula_of(std::string of, std::optional<DataType> element = std::nullopt);
/// A state, the first input, becomes what the formula says.
[[nodiscard]] Op update_of(std::string of);
/// The same elements under other extents, all of which are given.
[[nodiscard]] Op view_of(const Extents& extents);
/// The mean of all pixels of an image.
[[nodiscard]] Op mean_of_pixels(std::optional<DataType> element = std::nullopt);
/// Of an image by rows (kernel row, kernel column, channel) of a tensor.
[[nodiscard]] Op convolution_of(const Kernel& kernel);
/// Rows and columns of an image change places.
[[nodiscard]] Op transposition_of_pixels();

/// From a pixel of one image to the next, and where the first lies.
struct PixelSteps {
  std::int64_t stride_rows = 1;
  std::int64_t stride_cols = 1;
  std::int64_t shift_rows = 0;
  std::int64_t shift_cols = 0;
};
/// Pixel i of `to` along each axis is pixel (i + shift) / stride of `from` where there is one, else
/// zeros.
[[nodiscard]] Op spread_pixels(const Shape& from, const Shape& to, const PixelSteps& steps);
/// Pixel i of `to` is pixel i * stride - shift of `from` where there is one, else `fill`.
[[nodiscard]] Op gathered_pixels(const Shape& from, const Shape& to, const PixelSteps& steps,
                                 double fill);
[[nodiscard]] Op function_node(ActivationKind kind);

}  // namespace systole
