#include "compiler/frontend/infer_shape.h"

#include <algorithm>

#include <fmt/format.h>

#include "arch/units/units.h"

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

/// As few pads as make ceil(size / stride) outputs, the odd one behind.
Pads same_pads(std::int64_t size, std::int64_t kernel_extent, std::int64_t stride) {
  const std::int64_t outputs = ceil_div(size, stride);
  const std::int64_t total =
      std::max<std::int64_t>(0, (outputs - 1) * stride + kernel_extent - size);
  return {.before = total / 2, .after = total - total / 2};
}

Shape window_shape(const LayerDescription& layer, const Kernel& kernel, const Shape& in,
                   std::int64_t channels) {
  const std::int64_t rows = in.rows + kernel.pad_top + kernel.pad_bottom;
  const std::int64_t cols = in.cols + kernel.pad_left + kernel.pad_right;
  const std::int64_t extent_rows = extent(kernel.rows, kernel.dilation_rows);
  const std::int64_t extent_cols = extent(kernel.cols, kernel.dilation_cols);
  if (extent_rows > rows || extent_cols > cols) {
    layer.kernel_place.fail(
        fmt::format("expected a kernel within the padded input of {} x {}, got "
                    "one of {} x {} (dilation included)",
                    rows, cols, extent_rows, extent_cols));
  }
  return {.batch = in.batch,
          .rows = (rows - extent_rows) / kernel.stride_rows + 1,
          .cols = (cols - extent_cols) / kernel.stride_cols + 1,
          .channels = channels};
}

void check_reduction(const LayerDescription& layer, std::int64_t reduction) {
  if (reduction > kMaxReduction) {
    layer.place.fail(fmt::format("expected at most {} input values per output value, got {}",
                                 kMaxReduction, reduction));
  }
}

Shape conv2d_shape(const LayerDescription& layer, const Kernel& kernel, const Shape& in) {
  if (in.channels % layer.groups != 0 || layer.channels % layer.groups != 0) {
    layer.groups_place.fail(
        fmt::format("expected a divisor of the {} input and {} output channels, got {}",
                    in.channels, layer.channels, layer.groups));
  }
  const Shape out = window_shape(layer, kernel, in, layer.channels);
  check_reduction(layer, kernel.rows * kernel.cols);  // first: the next product cannot overflow
  check_reduction(layer, kernel.rows * kernel.cols * (in.channels / layer.groups));
  return out;
}

Shape dense_shape(const LayerDescription& layer, const Shape& in) {
  if (in.rows != 1 || in.cols != 1) {
    layer.place.fail(fmt::format(
        "expected a flat input for dense, got {} (put a flatten before it)", shape_text(in)));
  }
  check_reduction(layer, in.channels);
  return {.batch = in.batch, .channels = layer.channels};
}

/// Every window must hold at least one element of the image.
Shape pool_shape(const LayerDescription& layer, const Kernel& kernel, const Shape& in) {
  if (std::max(kernel.pad_top, kernel.pad_bottom) >= kernel.rows ||
      std::max(kernel.pad_left, kernel.pad_right) >= kernel.cols) {
    layer.kernel_place.fail(
        fmt::format("expected a pooling kernel larger than its padding, got {} x {} with padding "
                    "{}, {}, {}, {}",
                    kernel.rows, kernel.cols, kernel.pad_top, kernel.pad_bottom, kernel.pad_left,
                    kernel.pad_right));
  }
  check_reduction(layer, kernel.rows * kernel.cols);
  return window_shape(layer, kernel, in, in.channels);
}

Shape global_pool_shape(const LayerDescription& layer, const Shape& in) {
  check_reduction(layer, in.rows * in.cols);
  return {.batch = in.batch, .channels = in.channels};
}

Shape add_shape(const LayerDescription& layer, const std::vector<Shape>& inputs) {
  if (inputs[0] != inputs[1]) {
    layer.place.fail(fmt::format("expected inputs of one shape for add, got {} and {}",
                                 shape_text(inputs[0]), shape_text(inputs[1])));
  }
  return inputs[0];
}

Shape concat_shape(const LayerDescription& layer, const std::vector<Shape>& inputs) {
  Shape out = inputs[0];
  out.channels = 0;
  for (const Shape& in : inputs) {
    if (in.rows != out.rows || in.cols != out.cols) {
      layer.place.fail(
          fmt::format("expected inputs of one height and width for concat, got {} and {}",
                      shape_text(inputs[0]), shape_text(in)));
    }
    out.channels += in.channels;
  }
  return out;
}

}  // namespace

std::string shape_text(const Shape& shape) {
  return fmt::format("{} x {} x {}", shape.rows, shape.cols, shape.channels);
}

void check_size(const Shape& shape, const Place& place) {
  // Batch is at most 2^16 too, so that pixels() does not overflow.
  if (shape.rows > kMaxSize || shape.cols > kMaxSize) {
    place.fail(fmt::format("expected a tensor of at most {} rows and columns, got {}", kMaxSize,
                           shape_text(shape)));
  }
  if (shape.channels > kMaxElements / shape.pixels()) {
    place.fail(fmt::format("expected a tensor of at most 2^40 elements, got {} times {}",
                           shape.batch, shape_text(shape)));
  }
}

Kernel infer_kernel(const LayerDescription& layer, const Shape& input) {
  Kernel kernel = layer.kernel;
  if (layer.op == LayerOp::GlobalAveragePool) {
    kernel.rows = input.rows;
    kernel.cols = input.cols;
  }
  if (layer.same_padding) {
    const Pads rows =
        same_pads(input.rows, extent(kernel.rows, kernel.dilation_rows), kernel.stride_rows);
    const Pads cols =
        same_pads(input.cols, extent(kernel.cols, kernel.dilation_cols), kernel.stride_cols);
    kernel.pad_top = rows.before;
    kernel.pad_bottom = rows.after;
    kernel.pad_left = cols.before;
    kernel.pad_right = cols.after;
    const std::int64_t most = std::max(rows.after, cols.after);
    if (most > kMaxSize) {
      layer.kernel_place.fail(fmt::format(
          "expected same padding of at most {} rows and columns, got {}", kMaxSize, most));
    }
  }
  return kernel;
}

Shape infer_shape(const LayerDescription& layer, const Kernel& kernel,
                  const std::vector<Shape>& inputs) {
  const Shape& in = inputs.front();
  switch (layer.op) {
    case LayerOp::Conv2d:
      return conv2d_shape(layer, kernel, in);
    case LayerOp::Dense:
      return dense_shape(layer, in);
    case LayerOp::Add:
      return add_shape(layer, inputs);
    case LayerOp::Relu:
    case LayerOp::Relu6:
    case LayerOp::Sigmoid:
    case LayerOp::Tanh:
    case LayerOp::Softmax:
      return in;
    case LayerOp::MaxPool:
    case LayerOp::AveragePool:
      return pool_shape(layer, kernel, in);
    case LayerOp::GlobalAveragePool:
      return global_pool_shape(layer, in);
    case LayerOp::Concat:
      return concat_shape(layer, inputs);
    case LayerOp::Flatten:
      return {.batch = in.batch, .channels = in.rows * in.cols * in.channels};
  }
  layer.place.fail("expected a known operator, got another");
}

}  // namespace systole
