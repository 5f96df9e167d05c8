#include <fmt/format.h>

#include "compiler/ops/make.h"
#include "compiler/ops/rearrange.h"

namespace systole {

namespace {

/// Index i comes from (i + shift) / stride where that is a whole number of 0 .. from - 1.
MapAxis spread_axis(std::int64_t from, std::int64_t size, std::int64_t stride, std::int64_t shift,
                    std::int64_t step) {
  MapAxis axis{.indices = {}, .stride = step};
  for (std::int64_t i = 0; i < size; ++i) {
    const std::int64_t at = i + shift;
    const bool is_pixel = at >= 0 && at % stride == 0 && at / stride < from;
    axis.indices.push_back(is_pixel ? at / stride : MapAxis::kFilled);
  }
  return axis;
}

/// Index i comes from i * stride - shift where that is one of 0 .. from - 1.
MapAxis gathered_axis(std::int64_t from, std::int64_t size, std::int64_t stride, std::int64_t shift,
                      std::int64_t step) {
  MapAxis axis{.indices = {}, .stride = step};
  for (std::int64_t i = 0; i < size; ++i) {
    const std::int64_t at = i * stride - shift;
    axis.indices.push_back(at >= 0 && at < from ? at : MapAxis::kFilled);
  }
  return axis;
}

}  // namespace

Op spread_pixels(const Shape& from, const Shape& to, const PixelSteps& steps) {
  return Rearrange{
      .map =
          text_of({spread_axis(from.rows, to.rows, steps.stride_rows, steps.shift_rows, from.cols),
                   spread_axis(from.cols, to.cols, steps.stride_cols, steps.shift_cols, 1)}),
      .fill = 0,
      .period = steps.stride_cols};
}

Op gathered_pixels(const Shape& from, const Shape& to, const PixelSteps& steps, double fill) {
  return Rearrange{
      .map = text_of(
          {gathered_axis(from.rows, to.rows, steps.stride_rows, steps.shift_rows, from.cols),
           gathered_axis(from.cols, to.cols, steps.stride_cols, steps.shift_cols, 1)}),
      .fill = fill};
}

Op rearrangement_of(const std::vector<MapAxis>& axes, double fill) {
  return Rearrange{.map = text_of(axes), .fill = fill};
}

}  // namespace systole
