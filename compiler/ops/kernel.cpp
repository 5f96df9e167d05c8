#include "compiler/ops/kernel.h"

#include <algorithm>

#include <fmt/format.h>

#include "arch/isa/limits.h"
#include "arch/units/units.h"
#include "compiler/ops/place.h"

namespace systole {

namespace {

/// Distance from a kernel's first element to its last, plus one.
std::int64_t extent(std::int64_t size, std::int64_t dilation) {
  return dilation * (size - 1) + 1;
}

struct Pads {
  std::int64_t before = 0;
  std::int64_t after = 0;
};

Pads same_pads(std::int64_t size, std::int64_t kernel_extent, std::int64_t stride) {
  const std::int64_t outputs = ceil_div(size, stride);
  const std::int64_t total =
      std::max<std::int64_t>(0, (outputs - 1) * stride + kernel_extent - size);
  return {.before = total / 2, .after = total - total / 2};
}

}  // namespace

void settle_pads(Kernel& kernel, const Shape& in, const OpPlace& where) {
  if (!kernel.same_padding) {
    return;
  }
  const Pads rows =
      same_pads(in.rows, extent(kernel.rows, kernel.dilation_rows), kernel.stride_rows);
  const Pads cols =
      same_pads(in.cols, extent(kernel.cols, kernel.dilation_cols), kernel.stride_cols);
  kernel.pad_top = rows.before;
  kernel.pad_bottom = rows.after;
  kernel.pad_left = cols.before;
  kernel.pad_right = cols.after;
  const std::int64_t most = std::max(rows.after, cols.after);
  if (most > kMaxSize) {
    where.fail("padding", fmt::format("expected same padding of at most {} rows and columns, got "
                                      "{}",
                                      kMaxSize, most));
  }
}

Shape window_shape(const Kernel& kernel, const Shape& in, std::int64_t channels,
                   const OpPlace& where) {
  const std::int64_t rows = in.rows + kernel.pad_top + kernel.pad_bottom;
  const std::int64_t cols = in.cols + kernel.pad_left + kernel.pad_right;
  const std::int64_t extent_rows = extent(kernel.rows, kernel.dilation_rows);
  const std::int64_t extent_cols = extent(kernel.cols, kernel.dilation_cols);
  if (extent_rows > rows || extent_cols > cols) {
    where.fail("kernel", fmt::format("expected a kernel within the padded input of {} x {}, got "
                                     "one of {} x {} (dilation included)",
                                     rows, cols, extent_rows, extent_cols));
  }
  return {.batch = in.batch,
          .rows = (rows - extent_rows) / kernel.stride_rows + 1,
          .cols = (cols - extent_cols) / kernel.stride_cols + 1,
          .channels = channels};
}

}  // namespace systole
