#include "reference/kernels/pooling.h"

#include <algorithm>
#include <cmath>

#include "arch/diag/check.h"
#include "reference/kernels/activation.h"
#include "reference/kernels/fixed_scale.h"
#include "reference/kernels/real_type.h"

namespace systole::reference {

namespace {

/// Positions along one axis that a window covers and that lie inside the image.
std::vector<std::int64_t> covered(std::int64_t out, std::int64_t stride, std::int64_t pad,
                                  std::int64_t kernel, std::int64_t dilation, std::int64_t size) {
  std::vector<std::int64_t> positions;
  for (std::int64_t tap = 0; tap < kernel; ++tap) {
    const std::int64_t position = out * stride - pad + tap * dilation;
    if (position >= 0 && position < size) {
      positions.push_back(position);
    }
  }
  return positions;
}

std::vector<std::vector<std::int64_t>> covered_rows(const Kernel& kernel, const Shape& in,
                                                    const Shape& out) {
  std::vector<std::vector<std::int64_t>> windows;
  for (std::int64_t row = 0; row < out.rows; ++row) {
    windows.push_back(covered(row, kernel.stride_rows, kernel.pad_top, kernel.rows,
                              kernel.dilation_rows, in.rows));
  }
  return windows;
}

std::vector<std::vector<std::int64_t>> covered_cols(const Kernel& kernel, const Shape& in,
                                                    const Shape& out) {
  std::vector<std::vector<std::int64_t>> windows;
  for (std::int64_t col = 0; col < out.cols; ++col) {
    windows.push_back(covered(col, kernel.stride_cols, kernel.pad_left, kernel.cols,
                              kernel.dilation_cols, in.cols));
  }
  return windows;
}

Kernel effective_kernel(const PoolTensor& attributes, const Shape& in) {
  if (attributes.global) {
    return {.rows = in.rows, .cols = in.cols};
  }
  return attributes.kernel;
}

/// What a window of pixels becomes: one value per channel.
class QuantizedReduction {
 public:
  QuantizedReduction(const Pooling& pooling, const Kernel& kernel)
      : pooling_(pooling),
        whole_kernel_(kernel.rows * kernel.cols),
        scale_(
            nearest_scale(pooling.input_quantization.scale / pooling.output_quantization.scale)) {}

  void start() {
    pixels_ = 0;
    best_.assign(channels(), -128);
    sums_.assign(channels(), 0);
  }
  void take(std::span<const std::int8_t> pixel) {
    ++pixels_;
    for (std::size_t channel = 0; channel < pixel.size(); ++channel) {
      best_[channel] = std::max(best_[channel], pixel[channel]);
      sums_[channel] += pixel[channel] - pooling_.input_quantization.zero_point;
    }
  }
  void finish(std::span<std::int8_t> out) const {
    SYSTOLE_CHECK(pixels_ > 0, "a pooling window lies outside the image");
    if (pooling_.attributes.kind == PoolKind::Max) {
      std::copy(best_.begin(), best_.end(), out.begin());
      return;
    }
    const std::int64_t count = pooling_.attributes.count_padding ? whole_kernel_ : pixels_;
    for (std::size_t channel = 0; channel < out.size(); ++channel) {
      const Int128 mean = divide_half_away(Int128{sums_[channel]} * scale_.multiplier,
                                           Int128{count} << scale_.shift);
      out[channel] =
          clamp_to({}, pooling_.output_quantization.zero_point + static_cast<std::int64_t>(mean));
    }
  }

 private:
  [[nodiscard]] std::size_t channels() const {
    return static_cast<std::size_t>(pooling_.input.channels);
  }

  const Pooling& pooling_;
  std::int64_t whole_kernel_;
  FixedScale scale_;
  std::int64_t pixels_ = 0;
  std::vector<std::int8_t> best_;
  std::vector<std::int64_t> sums_;
};

/// The same in binary32, in the order of the pixels.
class RealReduction {
 public:
  RealReduction(const Pooling& pooling, const Kernel& kernel)
      : attributes_(pooling.attributes),
        type_(pooling.attributes.element.value_or(pooling.type)),
        whole_kernel_(kernel.rows * kernel.cols),
        values_(static_cast<std::size_t>(pooling.input.channels)) {}

  void start() {
    pixels_ = 0;
    std::fill(values_.begin(), values_.end(), 0.0F);
  }
  void take(std::span<const float> pixel) {
    const bool first = pixels_++ == 0;
    for (std::size_t channel = 0; channel < pixel.size(); ++channel) {
      float& value = values_[channel];
      if (attributes_.kind == PoolKind::Average) {
        value = value + pixel[channel];
      } else if (first || std::isnan(pixel[channel]) || pixel[channel] > value ||
                 (pixel[channel] == 0 && value == 0 && std::signbit(value))) {
        value = pixel[channel];
      }
    }
  }
  void finish(std::span<float> out) const {
    SYSTOLE_CHECK(pixels_ > 0, "a pooling window lies outside the image");
    const std::int64_t count = attributes_.count_padding ? whole_kernel_ : pixels_;
    const float divisor = attributes_.kind == PoolKind::Average ? static_cast<float>(count) : 1.0F;
    std::transform(values_.begin(), values_.end(), out.begin(),
                   [&](float value) { return nearest(type_, value / divisor); });
  }

 private:
  const PoolTensor& attributes_;
  DataType type_;
  std::int64_t whole_kernel_;
  std::int64_t pixels_ = 0;
  std::vector<float> values_;
};

template <class Reduction, class Value>
std::vector<Value> reduced(const Pooling& pooling, std::span<const Value> values) {
  const Shape& in = pooling.input;
  const Shape& out = pooling.output;
  SYSTOLE_CHECK(static_cast<std::int64_t>(values.size()) == in.elements(), "{} values, expected {}",
                values.size(), in.elements());
  const Kernel kernel = effective_kernel(pooling.attributes, in);
  const auto rows = covered_rows(kernel, in, out);
  const auto cols = covered_cols(kernel, in, out);
  const auto channels = static_cast<std::size_t>(in.channels);
  std::vector<Value> result(static_cast<std::size_t>(out.elements()));
  Reduction reduction(pooling, kernel);
  for (std::int64_t pixel = 0; pixel < out.pixels(); ++pixel) {
    const std::int64_t image = pixel / (out.rows * out.cols);
    reduction.start();
    for (const std::int64_t row : rows[static_cast<std::size_t>(pixel / out.cols % out.rows)]) {
      for (const std::int64_t col : cols[static_cast<std::size_t>(pixel % out.cols)]) {
        const std::int64_t source = ((image * in.rows + row) * in.cols + col) * in.channels;
        reduction.take({values.data() + source, channels});
      }
    }
    reduction.finish({result.data() + pixel * out.channels, channels});
  }
  return result;
}

}  // namespace

std::vector<std::int8_t> pool(const Pooling& pooling, std::span<const std::int8_t> values) {
  SYSTOLE_CHECK(pooling.attributes.kind == PoolKind::Average ||
                    pooling.input_quantization == pooling.output_quantization,
                "max pooling changes the quantisation");
  return reduced<QuantizedReduction>(pooling, values);
}

std::vector<float> pool(const Pooling& pooling, std::span<const float> values) {
  return reduced<RealReduction>(pooling, values);
}

}  // namespace systole::reference
