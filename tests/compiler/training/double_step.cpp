#include "tests/compiler/training/double_step.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "arch/diag/check.h"
#include "compiler/frontend/random_stream.h"
#include "reference/kernels/row_kernels.h"

namespace systole {

namespace {

using Numbers = std::vector<double>;

Numbers product(const MatmulWork& work, const Numbers& a, const Numbers& b, std::size_t size) {
  Numbers c(size);
  for (std::int64_t image = 0; image < work.images; ++image) {
    for (std::int64_t head = 0; head < work.heads; ++head) {
      for (std::int64_t m = 0; m < work.m; ++m) {
        for (std::int64_t n = 0; n < work.n; ++n) {
          double sum = 0;
          for (std::int64_t k = 0; k < work.k; ++k) {
            sum += a[static_cast<std::size_t>(element_of(work.a, image, head, m, k))] *
                   b[static_cast<std::size_t>(element_of(work.b, image, head, k, n))];
          }
          c[static_cast<std::size_t>(element_of(work.c, image, head, m, n))] = sum * work.scale;
        }
      }
    }
  }
  return c;
}

/// By a kernel that slides over an image, or the other way round.
Numbers convolution(const MatmulWork& work, const Numbers& a, const Numbers& b, std::size_t size) {
  const ImageOperand& image = *work.image;
  const Kernel& kernel = image.kernel;
  Numbers c(size);
  const auto x = [&](std::int64_t pixel, std::int64_t tap, std::int64_t channel) {
    const std::int64_t number = pixel / (image.out.rows * image.out.cols);
    const std::int64_t row = pixel / image.out.cols % image.out.rows * kernel.stride_rows -
                             kernel.pad_top + tap / kernel.cols * kernel.dilation_rows;
    const std::int64_t col = pixel % image.out.cols * kernel.stride_cols - kernel.pad_left +
                             tap % kernel.cols * kernel.dilation_cols;
    const bool inside = row >= 0 && row < image.in.rows && col >= 0 && col < image.in.cols;
    return inside ? a[static_cast<std::size_t>(
                        ((number * image.in.rows + row) * image.in.cols + col) * image.in.channels +
                        channel)]
                  : 0.0;
  };
  const std::int64_t channels = image.in.channels;
  for (std::int64_t m = 0; m < work.images * work.m; ++m) {
    for (std::int64_t n = 0; n < work.n; ++n) {
      double sum = 0;
      for (std::int64_t k = 0; k < work.k; ++k) {
        const double left = image.is_correlated ? x(k, m / channels, m % channels)
                                                : x(m, k / channels, k % channels);
        sum += left * b[static_cast<std::size_t>(element_of(work.b, 0, 0, k, n))];
      }
      c[static_cast<std::size_t>(m * work.n + n)] = sum;
    }
  }
  return c;
}

double function_value(ActivationKind kind, double x) {
  const NumberFunction& function = function_of(kind);
  return function.is_looked_up() ? function.real(x) : std::clamp(x, function.low, function.high);
}

Numbers pooled(const PoolWork& work, const Shape& in, const Shape& out, const Numbers& x) {
  Numbers y;
  const Kernel& kernel = work.kernel;
  for (std::int64_t pixel = 0; pixel < out.pixels(); ++pixel) {
    const std::int64_t image = pixel / (out.rows * out.cols);
    const std::int64_t top = pixel / out.cols % out.rows * kernel.stride_rows - kernel.pad_top;
    const std::int64_t left = pixel % out.cols * kernel.stride_cols - kernel.pad_left;
    for (std::int64_t channel = 0; channel < out.channels; ++channel) {
      double sum = 0;
      double largest = -std::numeric_limits<double>::infinity();
      std::int64_t inside = 0;
      for (std::int64_t ky = 0; ky < kernel.rows; ++ky) {
        for (std::int64_t kx = 0; kx < kernel.cols; ++kx) {
          const std::int64_t row = top + ky;
          const std::int64_t col = left + kx;
          if (row < 0 || row >= in.rows || col < 0 || col >= in.cols) {
            continue;
          }
          const double value = x[static_cast<std::size_t>(
              ((image * in.rows + row) * in.cols + col) * in.channels + channel)];
          sum += value;
          largest = std::max(largest, value);
          ++inside;
        }
      }
      const auto count =
          static_cast<double>(work.count_padding ? kernel.rows * kernel.cols : inside);
      y.push_back(work.kind == PoolKind::Max ? largest : sum / count);
    }
  }
  return y;
}

Numbers softmax(Numbers x, std::int64_t width) {
  for (auto row = x.begin(); row != x.end(); row += width) {
    const double largest = *std::max_element(row, row + width);
    double sum = 0;
    std::for_each(row, row + width, [&](double v) { sum += std::exp(v - largest); });
    std::transform(row, row + width, row, [&](double v) { return std::exp(v - largest) / sum; });
  }
  return x;
}

Numbers made(const Graph& graph, const Node& node, const DoubleValues& values) {
  const auto input = [&](std::size_t i) -> const Numbers& { return values.at(node.inputs.at(i)); };
  const GraphTensor& output = graph.tensor(node.output());
  const Work work = node.work();
  if (std::holds_alternative<ViewWork>(work)) {
    return input(0);
  }
  const auto* matmul = std::get_if<MatmulWork>(&work);
  if (matmul != nullptr && matmul->image) {
    return convolution(*matmul, input(0), input(1),
                       static_cast<std::size_t>(output.type.elements()));
  }
  if (matmul != nullptr) {
    return product(*matmul, input(0), input(1), static_cast<std::size_t>(output.type.elements()));
  }
  if (const auto* rescale = std::get_if<RescaleWork>(&work)) {
    Numbers y;
    for (std::int64_t pixel = 0; pixel < output.shape().pixels(); ++pixel) {
      for (std::size_t i = 0; i < node.inputs.size(); ++i) {
        const std::int64_t width = graph.tensor(node.inputs[i]).type.extents.back();
        const auto first = input(i).begin() + pixel * width;
        std::transform(first, first + width, std::back_inserter(y),
                       [&](double x) { return function_value(rescale->activation, x); });
      }
    }
    return y;
  }
  if (const auto* sum = std::get_if<AddWork>(&work)) {
    Numbers y = input(0);
    std::transform(y.begin(), y.end(), input(1).begin(), y.begin(),
                   [&](double a, double b) { return function_value(sum->activation, a + b); });
    return y;
  }
  if (const auto* pool = std::get_if<PoolWork>(&work)) {
    return pooled(*pool, graph.tensor(node.inputs[0]).shape(), output.shape(), input(0));
  }
  if (std::holds_alternative<SoftmaxWork>(work)) {
    return softmax(input(0), output.type.extents.back());
  }
  SYSTOLE_CHECK(std::holds_alternative<RowWork>(work) || std::holds_alternative<CopyWork>(work),
                "{}: not of a training step", node.name);
  std::vector<Numbers> operands;
  for (std::size_t i = 0; i < node.inputs.size(); ++i) {
    operands.push_back(input(i));
  }
  return reference::computed_rows(graph, node, operands);
}

}  // namespace

DoubleValues evaluated_in_double(const Graph& graph, const DoubleValues& given) {
  DoubleValues values = given;
  for (const Node& node : graph.nodes) {
    values[node.output()] = made(graph, node, values);
  }
  return values;
}

std::vector<double> some_numbers(const std::string& name, std::int64_t count) {
  constexpr std::int64_t kLimit = 1 << 20;
  constexpr double kLeast = 1.0 / 64;
  const RandomStream stream(1, name);
  std::vector<double> numbers;
  for (std::int64_t i = 0; i < count; ++i) {
    const double number =
        static_cast<double>(stream.symmetric(static_cast<std::uint64_t>(i), kLimit)) / kLimit;
    numbers.push_back(std::abs(number) < kLeast ? kLeast : number);
  }
  return numbers;
}

GraphTensorId tensor_named(const Graph& graph, const std::string& name) {
  const auto found = std::find_if(graph.tensors.begin(), graph.tensors.end(),
                                  [&](const GraphTensor& tensor) { return tensor.name == name; });
  SYSTOLE_CHECK(found != graph.tensors.end(), "no tensor {}", name);
  return static_cast<GraphTensorId>(found - graph.tensors.begin());
}

}  // namespace systole
