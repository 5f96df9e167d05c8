#pragma once

#include <cmath>
#include <cstdint>

#include "reference/gpu/element_types.h"

namespace systole::gpu {

// Plain kernels: each structure computes one element, number `i`, of its result. The device runs
// one thread an element, tests a loop. Tensors are packed NHWC; pointers are the device's. int8
// follows docs/numerics.md bit for bit, floating types compute in binary32 and round once.

__extension__ using Wide = __int128;

struct Extent {
  std::int64_t batch;
  std::int64_t rows;
  std::int64_t cols;
  std::int64_t channels;
};

struct WindowShape {
  std::int64_t rows, cols;
  std::int64_t stride_rows, stride_cols;
  std::int64_t pad_top, pad_left;
  std::int64_t dilation_rows, dilation_cols;
};

/// The integer nearest to product / 2^shift, halves away from zero; |product| <= 2^62.
SYSTOLE_DEVICE inline std::int64_t rounded_shift(std::int64_t product, int shift) {
  const bool negative = product < 0;
  const std::uint64_t magnitude = negative ? std::uint64_t{0} - static_cast<std::uint64_t>(product)
                                           : static_cast<std::uint64_t>(product);
  const std::uint64_t half = shift == 0 ? 0 : std::uint64_t{1} << static_cast<unsigned>(shift - 1);
  const auto rounded =
      static_cast<std::int64_t>((magnitude + half) >> static_cast<unsigned>(shift));
  return negative ? -rounded : rounded;
}

/// The same for numerator / denominator, denominator > 0.
SYSTOLE_DEVICE inline std::int64_t rounded_ratio(Wide numerator, Wide denominator) {
  const bool negative = numerator < 0;
  const Wide magnitude = negative ? -numerator : numerator;
  const auto rounded = static_cast<std::int64_t>((2 * magnitude + denominator) / (2 * denominator));
  return negative ? -rounded : rounded;
}

enum class Function : std::uint8_t {
  None,
  Relu,
  Relu6,
  Sigmoid,
  Tanh,
  Gelu,
  GeluTanh,
  Silu,
  HardSwish,
  HardSigmoid,
  LeakyRelu,
  Elu,
  Softplus,
  Exp,
  Log,
  Sqrt,
  Rsqrt,
  Reciprocal
};

SYSTOLE_DEVICE inline float applied(Function function, float x) {
  switch (function) {
    case Function::None:
      return x;
    case Function::Relu:
      return x < 0 ? 0 : x;
    case Function::Relu6:
      return x < 0 ? 0 : (x > 6 ? 6 : x);
    case Function::Sigmoid:
      return 1 / (1 + expf(-x));
    case Function::Tanh:
      return tanhf(x);
    case Function::Gelu:
      return x / 2 * erfcf(-0.70710678F * x);
    case Function::GeluTanh:
      return x / (1 + expf(-x * (1.5957691F + 0.07135482F * x * x)));
    case Function::Silu:
      return x / (1 + expf(-x));
    case Function::HardSwish:
      return x * applied(Function::HardSigmoid, x);
    case Function::HardSigmoid:
      return x <= -3 ? 0 : (x >= 3 ? 1 : (x + 3) / 6);
    case Function::LeakyRelu:
      return x < 0 ? x / 100 : x;
    case Function::Elu:
      return x < 0 ? expm1f(x) : x;
    case Function::Softplus:
      return (x > 0 ? x : 0) + log1pf(expf(x > 0 ? -x : x));
    case Function::Exp:
      return expf(x);
    case Function::Log:
      return logf(x);
    case Function::Sqrt:
      return sqrtf(x);
    case Function::Rsqrt:
      return 1 / sqrtf(x);
    case Function::Reciprocal:
      return 1 / x;
  }
  return x;
}

/// From a sum to an element: int8.
struct Requantize {
  std::int64_t multiplier;
  int shift;
  std::int32_t zero_point;
  std::int32_t low;
  std::int32_t high;
  const std::int8_t* table;       ///< by q + 128, or null
  const std::int64_t* by_column;  ///< multipliers and shifts of the columns, or null

  SYSTOLE_DEVICE std::int8_t clamped(std::int64_t offset) const {
    std::int64_t q = zero_point + offset;
    q = q < low ? low : (q > high ? high : q);
    return table == nullptr ? static_cast<std::int8_t>(q) : table[q + 128];
  }
  SYSTOLE_DEVICE std::int8_t operator()(std::int32_t sum) const {
    return clamped(rounded_shift(sum * multiplier, shift));
  }
  SYSTOLE_DEVICE std::int8_t operator()(std::int32_t sum, std::int64_t column) const {
    return by_column == nullptr
               ? (*this)(sum)
               : clamped(rounded_shift(sum * by_column[2 * column],
                                       static_cast<int>(by_column[2 * column + 1])));
  }
};

/// The same for floating types.
template <class T>
struct Activated {
  Function function;
  SYSTOLE_DEVICE T operator()(float sum) const {
    return FromFloat<T>::convert(applied(function, sum));
  }
  SYSTOLE_DEVICE T operator()(float sum, std::int64_t /*column*/) const { return (*this)(sum); }
};

template <class T>
struct FinishOf {
  using Type = Activated<T>;
};
template <>
struct FinishOf<std::int8_t> {
  using Type = Requantize;
};
template <class T>
using FinishRule = typename FinishOf<T>::Type;

/// Row i / depth of the matrix that a convolution multiplies: input pixels under the kernel at an
/// output pixel, `depth` of them, the last ones zero to make the depth a multiple of 16. Padding is
/// the input's zero point.
template <class T>
struct Im2col {
  const T* input;
  T* matrix;
  Extent in;
  Extent out;
  WindowShape window;
  std::int64_t depth;
  T padding;

  SYSTOLE_DEVICE void operator()(std::int64_t i) const {
    const std::int64_t pixel = i / depth;
    const std::int64_t k = i % depth;
    T value{};
    if (k < window.rows * window.cols * in.channels) {
      const std::int64_t position = k / in.channels;
      const std::int64_t row = pixel / out.cols % out.rows * window.stride_rows - window.pad_top +
                               position / window.cols * window.dilation_rows;
      const std::int64_t col = pixel % out.cols * window.stride_cols - window.pad_left +
                               position % window.cols * window.dilation_cols;
      const std::int64_t image = pixel / out.cols / out.rows;
      const bool inside = row >= 0 && row < in.rows && col >= 0 && col < in.cols;
      value = inside
                  ? input[((image * in.rows + row) * in.cols + col) * in.channels + k % in.channels]
                  : padding;
    }
    matrix[i] = value;
  }
};

/// Sums of a matrix product, `pitch` apart, plus bias, become a layer's results. The bias holds
/// what the input's zero point takes away.
template <class T>
struct Finish {
  const Accumulator<T>* sums;
  const Accumulator<T>* biases;
  T* output;
  std::int64_t columns;
  std::int64_t pitch;
  FinishRule<T> rule;

  SYSTOLE_DEVICE void operator()(std::int64_t i) const {
    const std::int64_t column = i % columns;
    output[i] = rule(sums[i / columns * pitch + column] + biases[column], column);
  }
};

/// A convolution in groups, one thread an output. Weights [group][k][n].
template <class T>
struct GroupedConvolution {
  const T* input;
  const T* weights;
  const Accumulator<T>* biases;  ///< without the zero point's share
  T* output;
  Extent in;
  Extent out;
  WindowShape window;
  std::int64_t groups;
  std::int32_t zero_point;  ///< 0 in floating types
  FinishRule<T> rule;

  SYSTOLE_DEVICE void operator()(std::int64_t i) const {
    const std::int64_t channel = i % out.channels;
    const std::int64_t pixel = i / out.channels;
    const std::int64_t columns = out.channels / groups;
    const std::int64_t depth = in.channels / groups;
    const std::int64_t group = channel / columns;
    Accumulator<T> sum = biases[channel];
    for (std::int64_t ky = 0; ky < window.rows; ++ky) {
      const std::int64_t row = pixel / out.cols % out.rows * window.stride_rows - window.pad_top +
                               ky * window.dilation_rows;
      for (std::int64_t kx = 0; kx < window.cols; ++kx) {
        const std::int64_t col =
            pixel % out.cols * window.stride_cols - window.pad_left + kx * window.dilation_cols;
        if (row < 0 || row >= in.rows || col < 0 || col >= in.cols) {
          continue;  // padding is the real zero
        }
        const std::int64_t image = pixel / out.cols / out.rows;
        const T* x =
            input + ((image * in.rows + row) * in.cols + col) * in.channels + group * depth;
        const std::int64_t k =
            ((group * window.rows + ky) * window.cols + kx) * depth * columns + channel % columns;
        for (std::int64_t c = 0; c < depth; ++c) {
          sum += product(x[c], weights[k + c * columns]);
        }
      }
    }
    output[i] = rule(sum, channel);
  }

 private:
  SYSTOLE_DEVICE std::int32_t product(std::int8_t x, std::int8_t w) const {
    return (x - zero_point) * w;
  }
  template <class Real>
  SYSTOLE_DEVICE float product(Real x, Real w) const {
    return to_float(x) * to_float(w);
  }
};

/// Max or average over the pixels of the window inside the image, or over all of it with
/// `count_padding`, which is the real zero.
template <class T>
struct Pool {
  const T* input;
  T* output;
  Extent in;
  Extent out;
  WindowShape window;
  bool largest;
  bool count_padding;
  std::int32_t zero_point;  ///< of the input; 0 in floating types
  FinishRule<T> rule;       ///< of an average

  SYSTOLE_DEVICE void operator()(std::int64_t i) const {
    const std::int64_t channel = i % out.channels;
    const std::int64_t pixel = i / out.channels;
    const std::int64_t image = pixel / out.cols / out.rows;
    Accumulator<T> sum = 0;
    T best{};
    std::int64_t count = 0;
    for (std::int64_t ky = 0; ky < window.rows; ++ky) {
      const std::int64_t row = pixel / out.cols % out.rows * window.stride_rows - window.pad_top +
                               ky * window.dilation_rows;
      for (std::int64_t kx = 0; kx < window.cols; ++kx) {
        const std::int64_t col =
            pixel % out.cols * window.stride_cols - window.pad_left + kx * window.dilation_cols;
        if (row < 0 || row >= in.rows || col < 0 || col >= in.cols) {
          continue;
        }
        const T value = input[((image * in.rows + row) * in.cols + col) * in.channels + channel];
        best = count == 0 || to_float(best) < to_float(value) ? value : best;
        sum +=
            static_cast<Accumulator<T>>(to_float(value)) - static_cast<Accumulator<T>>(zero_point);
        ++count;
      }
    }
    output[i] =
        largest ? best : averaged(sum, count_padding ? window.rows * window.cols : count, rule);
  }

 private:
  SYSTOLE_DEVICE static std::int8_t averaged(std::int32_t sum, std::int64_t count,
                                             const Requantize& rule) {
    return rule.clamped(rounded_ratio(static_cast<Wide>(sum) * rule.multiplier,
                                      static_cast<Wide>(count) << rule.shift));
  }
  template <class Real>
  SYSTOLE_DEVICE static Real averaged(float sum, std::int64_t count, const Activated<Real>& rule) {
    return rule(sum / static_cast<float>(count));
  }
};

/// Element-wise sum. int8: both multipliers share the rule's shift.
template <class T>
struct Add {
  const T* a;
  const T* b;
  T* output;
  std::int64_t a_multiplier;
  std::int64_t b_multiplier;
  std::int32_t a_zero_point;
  std::int32_t b_zero_point;
  FinishRule<T> rule;

  SYSTOLE_DEVICE void operator()(std::int64_t i) const { output[i] = sum(a[i], b[i]); }

 private:
  SYSTOLE_DEVICE std::int8_t sum(std::int8_t x, std::int8_t y) const {
    return rule.clamped(rounded_shift(
        (x - a_zero_point) * a_multiplier + (y - b_zero_point) * b_multiplier, rule.shift));
  }
  template <class Real>
  SYSTOLE_DEVICE Real sum(Real x, Real y) const {
    return rule(to_float(x) + to_float(y));
  }
};

/// An activation alone, or one input of a concatenation on its way: channel c of `columns` goes to
/// column first + c of `pitch`.
template <class T>
struct Move {
  const T* input;
  T* output;
  std::int64_t columns;
  std::int64_t pitch;
  std::int64_t first;
  std::int32_t zero_point;  ///< of the input; 0 in floating types
  FinishRule<T> rule;

  SYSTOLE_DEVICE void operator()(std::int64_t i) const {
    output[i / columns * pitch + first + i % columns] = rule(
        static_cast<Accumulator<T>>(to_float(input[i])) - static_cast<Accumulator<T>>(zero_point));
  }
};

/// Over the channels of pixel i. int8: `exponentials` by distance from the largest.
template <class T>
struct Softmax {
  const T* input;
  T* output;
  std::int64_t channels;
  const std::int64_t* exponentials;  ///< null in floating types

  SYSTOLE_DEVICE void operator()(std::int64_t i) const {
    compute(input + i * channels, output + i * channels);
  }

 private:
  SYSTOLE_DEVICE void compute(const std::int8_t* x, std::int8_t* y) const {
    std::int32_t best = -128;
    for (std::int64_t c = 0; c < channels; ++c) {
      best = x[c] > best ? x[c] : best;
    }
    std::int64_t sum = 0;
    for (std::int64_t c = 0; c < channels; ++c) {
      sum += exponentials[best - x[c]];
    }
    for (std::int64_t c = 0; c < channels; ++c) {
      const std::int64_t q = -128 + (512 * exponentials[best - x[c]] + sum) / (2 * sum);
      y[c] = static_cast<std::int8_t>(q > 127 ? 127 : q);
    }
  }
  template <class Real>
  SYSTOLE_DEVICE void compute(const Real* x, Real* y) const {
    float best = to_float(x[0]);
    for (std::int64_t c = 1; c < channels; ++c) {
      best = fmaxf(best, to_float(x[c]));
    }
    float sum = 0;
    for (std::int64_t c = 0; c < channels; ++c) {
      sum += expf(to_float(x[c]) - best);
    }
    for (std::int64_t c = 0; c < channels; ++c) {
      y[c] = FromFloat<Real>::convert(expf(to_float(x[c]) - best) / sum);
    }
  }
};

}  // namespace systole::gpu
