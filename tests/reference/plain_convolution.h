#pragma once

#include <cstdint>
#include <vector>

#include "reference/kernels/dot_products.h"

namespace systole {

/// One accumulator as docs/numerics.md defines it: pixels outside the image are the real zero, and
/// the sum wraps as an int32.
inline std::int32_t plain_accumulator(const reference::ConvolutionGeometry& geometry,
                                      const std::vector<std::int8_t>& input,
                                      std::int32_t zero_point,
                                      const std::vector<std::int8_t>& weights, std::int64_t image,
                                      std::int64_t row, std::int64_t col, std::int64_t channel) {
  const Shape& in = geometry.input;
  const Kernel& kernel = geometry.kernel;
  const std::int64_t per_group = in.channels / geometry.groups;
  const std::int64_t n = geometry.output.channels / geometry.groups;
  const std::int64_t group = channel / n;
  const std::int64_t k = kernel.rows * kernel.cols * per_group;
  std::int64_t sum = 0;
  for (std::int64_t i = 0; i < k; ++i) {
    const std::int64_t c = i % per_group;
    const std::int64_t kx = i / per_group % kernel.cols;
    const std::int64_t ky = i / per_group / kernel.cols;
    const std::int64_t y = row * kernel.stride_rows - kernel.pad_top + ky * kernel.dilation_rows;
    const std::int64_t x = col * kernel.stride_cols - kernel.pad_left + kx * kernel.dilation_cols;
    if (y < 0 || y >= in.rows || x < 0 || x >= in.cols) {
      continue;
    }
    const std::int64_t element =
        ((image * in.rows + y) * in.cols + x) * in.channels + group * per_group + c;
    sum += std::int64_t{input.data()[element] - zero_point} *
           weights.data()[(group * k + i) * n + channel % n];
  }
  return static_cast<std::int32_t>(static_cast<std::uint64_t>(sum));
}

inline std::vector<std::int32_t> plain_convolution(const reference::ConvolutionGeometry& geometry,
                                                   const std::vector<std::int8_t>& input,
                                                   std::int32_t zero_point,
                                                   const std::vector<std::int8_t>& weights) {
  const Shape& out = geometry.output;
  std::vector<std::int32_t> accumulators;
  for (std::int64_t i = 0; i < out.elements(); ++i) {
    const std::int64_t pixel = i / out.channels;
    accumulators.push_back(
        plain_accumulator(geometry, input, zero_point, weights, pixel / out.cols / out.rows,
                          pixel / out.cols % out.rows, pixel % out.cols, i % out.channels));
  }
  return accumulators;
}

/// The output shape by the rule in compiler/graph/graph.h.
inline reference::ConvolutionGeometry geometry_of(const Shape& input, std::int64_t out_channels,
                                                  const Kernel& kernel, std::int64_t groups = 1) {
  const std::int64_t span_rows = kernel.dilation_rows * (kernel.rows - 1) + 1;
  const std::int64_t span_cols = kernel.dilation_cols * (kernel.cols - 1) + 1;
  const std::int64_t rows = input.rows + kernel.pad_top + kernel.pad_bottom;
  const std::int64_t cols = input.cols + kernel.pad_left + kernel.pad_right;
  return {.input = input,
          .output = {.batch = input.batch,
                     .rows = (rows - span_rows) / kernel.stride_rows + 1,
                     .cols = (cols - span_cols) / kernel.stride_cols + 1,
                     .channels = out_channels},
          .kernel = kernel,
          .groups = groups};
}

}  // namespace systole
