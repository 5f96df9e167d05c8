#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "compiler/ops/gradient.h"
#include "compiler/ops/make.h"
#include "compiler/ops/pool.h"

namespace systole {

namespace {

/// Of what lies in the padding: below every number of an image.
constexpr double kBelowAll = -3e38;

/// Each input pixel has what the windows give that it is the first largest of. Tap by tap of the
/// kernel, at the output's size: which windows have met theirs by now, and what those that meet it
/// here give; each is put back to where the tap is.
void largest_gradient(const Kernel& kernel, Backward& backward) {
  const GraphTensorId x = backward.input(0);
  const GraphTensorId y = backward.output();
  const Shape in = image_of(backward.type(x));
  const Shape out = image_of(backward.type(y));
  GraphTensorId met = -1;
  std::vector<GraphTensorId> parts;
  for (std::int64_t ky = 0; ky < kernel.rows; ++ky) {
    for (std::int64_t kx = 0; kx < kernel.cols; ++kx) {
      const PixelSteps steps{.stride_rows = kernel.stride_rows,
                             .stride_cols = kernel.stride_cols,
                             .shift_rows = kernel.pad_top - ky,
                             .shift_cols = kernel.pad_left - kx};
      const GraphTensorId tap =
          backward.add("tap", gathered_pixels(in, out, steps, kBelowAll), {x});
      const bool first = met < 0;
      std::vector<GraphTensorId> read{tap, y};
      if (!first) {
        read.push_back(met);
      }
      const GraphTensorId now = backward.add(
          "met", formula_of(first ? "1 - positive(b - a)" : "max(c, 1 - positive(b - a))"), read);
      read = {now, backward.gradient()};
      if (!first) {
        read.push_back(met);
      }
      const GraphTensorId given =
          backward.add("tap_gradient", formula_of(first ? "a * b" : "(a - c) * b"), read);
      parts.push_back(backward.add("gradient_of_tap", spread_pixels(out, in, steps), {given}));
      met = now;
    }
  }
  const std::vector<std::string> sums{"a", "a + b", "a + b + c", "a + b + c + d"};
  GraphTensorId sum = parts.front();
  for (std::size_t at = 1; at < parts.size();) {
    std::vector<GraphTensorId> some{sum};
    while (some.size() < sums.size() && at < parts.size()) {
      some.push_back(parts[at++]);
    }
    const std::size_t count = some.size();
    sum = backward.add("sum_of_taps", formula_of(sums[count - 1]), std::move(some));
  }
  backward.give(0, backward.view(sum, backward.type(x).extents));
}

/// Of each window the share that is no padding: the mean of ones and zeros.
GraphTensorId share_inside(const Kernel& kernel, const Shape& in, Backward& backward) {
  const GraphTensorId x =
      backward.view(backward.input(0), {in.batch, in.rows, in.cols, in.channels});
  const GraphTensorId column =
      in.channels == 1 ? x : backward.add("column", slice_of(3, 0, 1), {x});
  const GraphTensorId ones = backward.add("ones", formula_of("max(min(a, 0), 0) + 1"), {column});
  return backward.add("share_inside", mean_of_windows(kernel, DataType::Fp32), {ones});
}

}  // namespace

Op mean_of_pixels(std::optional<DataType> element) {
  return PoolTensor{.kind = PoolKind::Average, .kernel = {}, .global = true, .element = element};
}

Op mean_of_columns(std::int64_t columns) {
  return mean_of_windows({.cols = columns, .stride_cols = columns});
}

Op mean_of_windows(const Kernel& kernel, std::optional<DataType> element) {
  return PoolTensor{
      .kind = PoolKind::Average, .kernel = kernel, .count_padding = true, .element = element};
}

/// A mean gives each of its pixels the share of one. Means of windows: dx is the mean of dy, pixels
/// of zeros put between its own as the stride says, in windows of the same size that end where
/// those began.
void PoolTensor::gradient(Backward& backward) const {
  if (!backward.wants(0)) {
    return;
  }
  const GraphTensorId x = backward.input(0);
  const Shape in = image_of(backward.type(x));
  if (global && kind == PoolKind::Average) {
    backward.give(0,
                  formula_of(fmt::format("max(min(a, 0), 0) + b * {}",
                                         1.0 / static_cast<double>(kernel.positions())),
                             backward.element(0)),
                  {x, backward.gradient()});
    return;
  }
  if (kind == PoolKind::Max) {
    largest_gradient(kernel, backward);
    return;
  }
  const Shape out = image_of(backward.type(backward.output()));
  // Where the last windows do not reach the end of the image, zeros behind them do: a pixel is in
  // windows that begin up to kernel - 1 before it.
  const std::int64_t rows =
      std::max((out.rows - 1) * kernel.stride_rows + 1, in.rows + kernel.pad_top - kernel.rows + 1);
  const std::int64_t cols = std::max((out.cols - 1) * kernel.stride_cols + 1,
                                     in.cols + kernel.pad_left - kernel.cols + 1);
  GraphTensorId image = backward.gradient();
  const bool padded =
      (kernel.pad_top | kernel.pad_bottom | kernel.pad_left | kernel.pad_right) != 0;
  if (padded && !count_padding) {
    image = backward.add("whole_gradient", formula_of("a / b"),
                         {image, share_inside(kernel, in, backward)});
  }
  if (rows != out.rows || cols != out.cols) {
    image = backward.add(
        "spread_gradient",
        spread_pixels(out, {.rows = rows, .cols = cols},
                      {.stride_rows = kernel.stride_rows, .stride_cols = kernel.stride_cols}),
        {image});
  }
  PoolTensor turned{.kind = PoolKind::Average, .kernel = kernel, .count_padding = true};
  turned.kernel.stride_rows = turned.kernel.stride_cols = 1;
  turned.kernel.same_padding = false;
  turned.kernel.pad_top = kernel.rows - 1 - kernel.pad_top;
  turned.kernel.pad_left = kernel.cols - 1 - kernel.pad_left;
  turned.kernel.pad_bottom = in.rows + kernel.rows - 1 - rows - turned.kernel.pad_top;
  turned.kernel.pad_right = in.cols + kernel.cols - 1 - cols - turned.kernel.pad_left;
  backward.give(0, turned, {image});
}

}  // namespace systole
