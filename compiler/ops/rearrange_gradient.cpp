#include <algorithm>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "compiler/ops/gradient.h"
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

/// For each pixel of an input the pixel of the output that reads it, none: kFilled; as many lists
/// as the most that read one.
std::vector<std::vector<std::int64_t>> readers(const std::vector<PixelSource>& sources,
                                               std::int32_t input, const Shape& in) {
  const auto pixels = static_cast<std::size_t>(in.rows * in.cols);
  std::vector<std::vector<std::int64_t>> lists;
  std::vector<std::size_t> known(pixels, 0);
  for (std::size_t pixel = 0; pixel < sources.size(); ++pixel) {
    const PixelSource& from = sources[pixel];
    if (!from.filled && from.input == input) {
      const auto at = static_cast<std::size_t>(from.at.row * in.cols + from.at.col);
      const std::size_t list = known[at]++;
      if (list == lists.size()) {
        lists.emplace_back(pixels, MapAxis::kFilled);
      }
      lists[list][at] = static_cast<std::int64_t>(pixel);
    }
  }
  return lists;
}

}  // namespace

/// Every pixel goes back to where it came from; the others have none: zeros. What several pixels
/// were made of has the sum of them.
void Rearrange::gradient(Backward& backward) const {
  constexpr std::size_t kMostReaders = 64;
  std::int32_t inputs = 0;
  for (const PixelSource& source : *sources) {
    inputs = source.filled ? inputs : std::max(inputs, source.input + 1);
  }
  for (std::int32_t input = 0; input < inputs; ++input) {
    const auto at = static_cast<std::size_t>(input);
    if (!backward.wants(at)) {
      continue;
    }
    const Shape in = image_of(backward.type(backward.input(at)));
    std::vector<std::vector<std::int64_t>> lists = readers(*sources, input, in);
    if (lists.size() > kMostReaders) {
      backward.refuse(
          fmt::format("expected pixels that are read at most {} times each to train through, got "
                      "one that is read {} times",
                      kMostReaders, lists.size()));
    }
    for (std::vector<std::int64_t>& pixels : lists) {
      const MapAxis axis{.indices = std::move(pixels)};
      backward.give(at, Rearrange{.map = text_of({axis}), .fill = 0}, {backward.gradient()});
    }
  }
}

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
