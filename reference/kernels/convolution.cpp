#include "reference/kernels/convolution.h"

#include "arch/diag/check.h"

namespace systole::reference {

namespace {

struct Matrix {
  std::int64_t rows = 0;
  std::int64_t cols = 0;
  std::vector<float> values;
};

/// An element of an image, 0 outside.
float element(std::span<const float> values, const Shape& shape, std::int64_t image,
              std::int64_t row, std::int64_t col, std::int64_t channel) {
  if (row < 0 || row >= shape.rows || col < 0 || col >= shape.cols) {
    return 0;
  }
  return values[static_cast<std::size_t>(
      ((image * shape.rows + row) * shape.cols + col) * shape.channels + channel)];
}

/// Calls visit(image, row, column) for each pixel in order.
template <class Visit>
void for_pixels(const Shape& shape, Visit visit) {
  for (std::int64_t image = 0; image < shape.batch; ++image) {
    for (std::int64_t row = 0; row < shape.rows; ++row) {
      for (std::int64_t col = 0; col < shape.cols; ++col) {
        visit(image, row, col);
      }
    }
  }
}

/// What the kernel covers at each of `positions`.
Matrix covered(const Kernel& kernel, const Shape& image, const Shape& positions,
               std::span<const float> values) {
  Matrix matrix{
      .rows = positions.pixels(), .cols = kernel.rows * kernel.cols * image.channels, .values = {}};
  for_pixels(positions, [&](std::int64_t number, std::int64_t row, std::int64_t col) {
    for (std::int64_t ky = 0; ky < kernel.rows; ++ky) {
      for (std::int64_t kx = 0; kx < kernel.cols; ++kx) {
        for (std::int64_t c = 0; c < image.channels; ++c) {
          matrix.values.push_back(
              element(values, image, number,
                      row * kernel.stride_rows - kernel.pad_top + ky * kernel.dilation_rows,
                      col * kernel.stride_cols - kernel.pad_left + kx * kernel.dilation_cols, c));
        }
      }
    }
  });
  return matrix;
}

/// By (kernel row, kernel column, channel) what is met at each of `positions`.
Matrix met(const Kernel& kernel, const Shape& image, const Shape& positions,
           std::span<const float> values) {
  Matrix matrix{
      .rows = image.channels * kernel.rows * kernel.cols, .cols = positions.pixels(), .values = {}};
  for (std::int64_t ky = 0; ky < kernel.rows; ++ky) {
    for (std::int64_t kx = 0; kx < kernel.cols; ++kx) {
      for (std::int64_t c = 0; c < image.channels; ++c) {
        for_pixels(positions, [&](std::int64_t number, std::int64_t row, std::int64_t col) {
          matrix.values.push_back(
              element(values, image, number,
                      row * kernel.stride_rows - kernel.pad_top + ky * kernel.dilation_rows,
                      col * kernel.stride_cols - kernel.pad_left + kx * kernel.dilation_cols, c));
        });
      }
    }
  }
  return matrix;
}

/// Weights seen from the output: the last kernel element first, rows and columns of each of them
/// exchanged.
std::vector<float> turned(std::span<const float> weights, std::int64_t taps, std::int64_t in,
                          std::int64_t out) {
  std::vector<float> values;
  for (std::int64_t tap = taps; tap-- > 0;) {
    for (std::int64_t n = 0; n < out; ++n) {
      for (std::int64_t c = 0; c < in; ++c) {
        values.push_back(weights[static_cast<std::size_t>((tap * in + c) * out + n)]);
      }
    }
  }
  return values;
}

}  // namespace

std::int64_t convolution_reduction(const ConvolveTensors& op, const Shape& image) {
  return op.part == ConvolutionPart::Weights ? op.result.pixels()
                                             : op.kernel.rows * op.kernel.cols * image.channels;
}

std::vector<float> convolution_sums(const ConvolveTensors& op, const Shape& image,
                                    std::int64_t columns, std::span<const float> a,
                                    std::span<const float> b, const SummationOrder& order) {
  const Kernel& kernel = op.kernel;
  Matrix left;
  std::vector<float> right(b.begin(), b.end());
  if (op.part == ConvolutionPart::Weights) {
    left = met(kernel, image, op.result, a);
  } else {
    const auto size = [](std::int64_t whole, std::int64_t reach, std::int64_t stride) {
      return (whole - reach - 1) / stride + 1;
    };
    Shape positions = image;
    positions.rows = size(image.rows + kernel.pad_top + kernel.pad_bottom,
                          kernel.dilation_rows * (kernel.rows - 1), kernel.stride_rows);
    positions.cols = size(image.cols + kernel.pad_left + kernel.pad_right,
                          kernel.dilation_cols * (kernel.cols - 1), kernel.stride_cols);
    left = covered(kernel, image, positions, a);
    if (op.part == ConvolutionPart::Input) {
      right = turned(b, kernel.rows * kernel.cols, columns, image.channels);
    }
  }
  SYSTOLE_CHECK(static_cast<std::int64_t>(right.size()) == left.cols * columns,
                "matrices that do not meet: {} columns, {} elements", left.cols, right.size());
  return ordered_sums({.input = {.batch = left.rows, .channels = left.cols},
                       .output = {.batch = left.rows, .channels = columns},
                       .kernel = {},
                       .groups = 1},
                      left.values, right, order);
}

}  // namespace systole::reference
