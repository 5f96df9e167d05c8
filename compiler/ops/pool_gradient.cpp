#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "arch/units/units.h"
#include "compiler/ops/gradient.h"
#include "compiler/ops/make.h"
#include "compiler/ops/pool.h"
#include "compiler/ops/rearrange.h"

namespace systole {

namespace {

/// Of what lies in the padding: below every number of an image.
constexpr double kBelowAll = -3e38;

std::int64_t floor_div(std::int64_t value, std::int64_t by) {
  return value >= 0 ? value / by : -ceil_div(-value, by);
}

/// An axis of the pixels that a stride leads to from one of them on: of `size` pixels of the image
/// `count`.
struct Lattice {
  std::int64_t size = 0;
  std::int64_t stride = 1;

  [[nodiscard]] std::int64_t count() const { return ceil_div(size, stride); }
};

/// What tap `tap` gives is the image's from pixel `from` on.
struct TapGradient {
  std::int64_t from_row = 0;
  std::int64_t from_col = 0;
  GraphTensorId of = -1;
};

/// The sum of several tensors of one shape, four at a time.
GraphTensorId sum_of(Backward& backward, const std::vector<GraphTensorId>& parts) {
  const std::vector<std::string> sums{"a", "a + b", "a + b + c", "a + b + c + d"};
  GraphTensorId sum = parts.front();
  for (std::size_t at = 1; at < parts.size();) {
    std::vector<GraphTensorId> some{backward.wide(sum)};
    while (some.size() < sums.size() && at < parts.size()) {
      some.push_back(backward.wide(parts[at++]));
    }
    const std::size_t count = some.size();
    sum = backward.add("sum_of_taps", formula_of(sums[count - 1]), std::move(some));
  }
  return sum;
}

/// Columns so far apart come from neighbouring pixels.
void copy_columns_apart(Op& op, std::int64_t columns) {
  std::visit(
      [columns](auto& attributes) {
        if constexpr (requires { attributes.period = columns; }) {
          attributes.period = columns;
        }
      },
      op);
}

/// The sum of the taps that lie on pixels `first` + whole strides of the image, at these pixels;
/// -1 where there is none.
GraphTensorId sum_at(Backward& backward, const Lattice& rows, const Lattice& cols,
                     const Pixel& first, const Shape& out, const std::vector<TapGradient>& taps) {
  const Shape in = image_of(backward.type(backward.input(0)));
  const Shape lattice{.rows = rows.count(), .cols = cols.count()};
  std::vector<GraphTensorId> parts;
  for (const TapGradient& tap : taps) {
    const std::int64_t down = floor_div(tap.from_row, rows.stride);
    const std::int64_t right = floor_div(tap.from_col, cols.stride);
    if (tap.from_row - down * rows.stride != first.row ||
        tap.from_col - right * cols.stride != first.col) {
      continue;
    }
    const bool is_there =
        down == 0 && right == 0 && out.rows == lattice.rows && out.cols == lattice.cols;
    const GraphTensorId image = backward.view(tap.of, {in.batch, out.rows, out.cols, in.channels});
    parts.push_back(
        is_there ? image
                 : backward.add(
                       "gradient_of_tap",
                       gathered_pixels(out, lattice, {.shift_rows = down, .shift_cols = right}, 0),
                       {image}));
  }
  return parts.empty() ? -1
                       : backward.view(sum_of(backward, parts),
                                       {in.batch, lattice.rows, lattice.cols, in.channels});
}

/// What the taps give, windows one stride apart from one to the next. Those that lie whole strides
/// apart meet on the same pixels: they are added there, and the sums put between one another.
GraphTensorId put_together(Backward& backward, const Shape& in, const Shape& out,
                           const Kernel& kernel, const std::vector<TapGradient>& taps) {
  const Lattice rows{.size = in.rows, .stride = kernel.stride_rows};
  const Lattice cols{.size = in.cols, .stride = kernel.stride_cols};
  const std::int64_t pixels = rows.count() * cols.count();
  const Shape lattice{.rows = rows.count(), .cols = cols.count()};
  std::vector<GraphTensorId> sums;
  std::vector<std::int64_t> first_row(static_cast<std::size_t>(rows.stride), MapAxis::kFilled);
  std::vector<std::int64_t> first_col(static_cast<std::size_t>(cols.stride), MapAxis::kFilled);
  for (std::int64_t row = 0; row < rows.stride; ++row) {
    const auto before = static_cast<std::int64_t>(sums.size());
    for (std::int64_t col = 0; col < cols.stride; ++col) {
      const GraphTensorId sum = sum_at(backward, rows, cols, {.row = row, .col = col}, out, taps);
      if (sum >= 0) {
        const auto number = static_cast<std::int64_t>(sums.size());
        first_col[static_cast<std::size_t>(col)] = (number - before) * pixels;
        first_row[static_cast<std::size_t>(row)] = before * pixels;
        sums.push_back(sum);
      }
    }
  }
  if (sums.size() == 1 && in.rows == lattice.rows && in.cols == lattice.cols) {
    return sums.front();
  }
  const auto axis = [](const Lattice& of, const std::vector<std::int64_t>& first,
                       std::int64_t step) {
    MapAxis made{.indices = {}};
    for (std::int64_t i = 0; i < of.size; ++i) {
      const std::int64_t begin = first[static_cast<std::size_t>(i % of.stride)];
      made.indices.push_back(begin == MapAxis::kFilled ? begin : begin + i / of.stride * step);
    }
    return made;
  };
  Op interleaved =
      rearrangement_of({axis(rows, first_row, cols.count()), axis(cols, first_col, 1)});
  copy_columns_apart(interleaved, kernel.stride_cols);
  return backward.add("interleaved", std::move(interleaved), std::move(sums));
}

/// Each input pixel has what the windows give that it is the first largest of. Tap by tap of the
/// kernel, at the output's size: which windows have met theirs by now, and what those that meet it
/// here give; each is put back to where the tap is.
void largest_gradient(const Kernel& kernel, Backward& backward) {
  const GraphTensorId x = backward.input(0);
  const Shape in = image_of(backward.type(x));
  const Shape out = image_of(backward.type(backward.output()));
  const GraphTensorId y = backward.wide(backward.output());
  const GraphTensorId dy = backward.wide(backward.gradient());
  GraphTensorId met = -1;
  std::vector<TapGradient> taps;
  for (std::int64_t ky = 0; ky < kernel.rows; ++ky) {
    for (std::int64_t kx = 0; kx < kernel.cols; ++kx) {
      const PixelSteps steps{.stride_rows = kernel.stride_rows,
                             .stride_cols = kernel.stride_cols,
                             .shift_rows = kernel.pad_top - ky,
                             .shift_cols = kernel.pad_left - kx};
      const GraphTensorId tap =
          backward.wide(backward.add("tap", gathered_pixels(in, out, steps, kBelowAll), {x}));
      const bool first = met < 0;
      std::vector<GraphTensorId> read{tap, y};
      if (!first) {
        read.push_back(met);
      }
      const GraphTensorId now = backward.add(
          "met", formula_of(first ? "1 - positive(b - a)" : "max(c, 1 - positive(b - a))"), read);
      read = {now, dy};
      if (!first) {
        read.push_back(met);
      }
      const GraphTensorId given =
          backward.add("tap_gradient", formula_of(first ? "a * b" : "(a - c) * b"), read);
      taps.push_back(
          {.from_row = ky - kernel.pad_top, .from_col = kx - kernel.pad_left, .of = given});
      met = now;
    }
  }
  backward.give(0, put_together(backward, in, out, kernel, taps));
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
