#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "compiler/ops/op.h"

namespace systole {

// Operators for who makes nodes without a file; each function stands beside its operator.

/// What a product says beside its operands.
struct ProductForm {
  bool transpose_a = false;
  bool transpose_b = false;
  std::int64_t heads = 0;
  std::int64_t kv_heads = 0;
  double scale = 1;
  std::optional<DataType> element = std::nullopt;  ///< of the output; none: the left operand's
  bool split_heads = false;
};
[[nodiscard]] Op product_of(const ProductForm& form);
/// Without parameters; `element` of its output, or that of its first input.
[[nodiscard]] Op formula_of(std::string of, std::optional<DataType> element = std::nullopt);
struct FormulaForm {
  std::string of;
  std::optional<DataType> element = std::nullopt;
  std::int64_t columns = 0;
  std::vector<double> middles = {};  ///< of parameters of one number for each channel
};
[[nodiscard]] Op formula_with(FormulaForm form);
/// A state, the first input, becomes what the formula says.
[[nodiscard]] Op update_of(std::string of);
/// The same elements under other extents, all of which are given.
[[nodiscard]] Op view_of(const Extents& extents);
/// The mean of all pixels of an image.
[[nodiscard]] Op mean_of_pixels(std::optional<DataType> element = std::nullopt);
/// The means of so many columns side by side of an image.
[[nodiscard]] Op mean_of_columns(std::int64_t columns);
/// The means of windows of an image, with their padding.
[[nodiscard]] Op mean_of_windows(const Kernel& kernel,
                                 std::optional<DataType> element = std::nullopt);
/// Of an image by rows (kernel row, kernel column, channel) of a tensor.
[[nodiscard]] Op convolution_of(const Kernel& kernel);
/// Of a tensor along an axis.
[[nodiscard]] Op slice_of(std::int64_t axis, std::int64_t first, std::int64_t size);
/// Along the last axis.
[[nodiscard]] Op concatenation();
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
/// Pixels of the inputs by a map (rearrange.h).
[[nodiscard]] Op rearrangement_of(const std::vector<MapAxis>& axes, double fill = 0);
/// Of one axis, from index `first` on.
[[nodiscard]] Op part_of(std::int64_t axis, std::int64_t first, std::int64_t size);
/// Side by side along an axis.
[[nodiscard]] Op joined_along(std::int64_t axis);

struct SoftmaxForm {
  bool causal = false;
  std::int64_t window = 0;
  bool alibi = false;
};
/// As products take it.
[[nodiscard]] Op softmax_of(const SoftmaxForm& form);
struct MaskForm {
  bool causal = true;
  std::int64_t offset = 0;
  std::int64_t window = 0;
  bool alibi = false;
  std::int64_t first = 0;
};
[[nodiscard]] Op mask_of(const MaskForm& form);
/// Each number plus the one `by` columns before it, or behind it.
[[nodiscard]] Op shifted_sum(std::int64_t by, bool reverse);
struct ConvolutionForm {
  Kernel kernel;
  std::int64_t channels = 1;
  std::int64_t groups = 1;
  WeightInfo weights;
  FusedActivation activation;
};
[[nodiscard]] Op convolution_with(const ConvolutionForm& form);
/// Without biases.
[[nodiscard]] Op dense_of(std::int64_t features, ActivationKind activation = ActivationKind::None);
[[nodiscard]] Op dense_with_biases(std::int64_t features);
/// Of two tensors of one shape.
[[nodiscard]] Op sum_of_tensors();

}  // namespace systole
