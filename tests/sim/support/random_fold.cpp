#include "tests/sim/support/random_fold.h"

#include <cmath>
#include <limits>

namespace systole::testing {

namespace {

struct Fields {
  int exponent_bits;
  int fraction_bits;
};

Fields fields_of(DataType type) {
  switch (type) {
    case DataType::Fp8E4M3:
      return {4, 3};
    case DataType::Fp8E5M2:
      return {5, 2};
    case DataType::Fp16:
      return {5, 10};
    case DataType::Bf16:
      return {8, 7};
    case DataType::Fp32:
      return {8, 23};
    case DataType::Int4:
    case DataType::Int8:
    case DataType::Int16:
    case DataType::Int32:
      break;
  }
  return {};
}

double floating(std::int64_t pattern, DataType type) {
  const Fields fields = fields_of(type);
  const std::int64_t fraction = pattern % (std::int64_t{1} << fields.fraction_bits);
  const std::int64_t exponents = std::int64_t{1} << fields.exponent_bits;
  const std::int64_t field = (pattern >> fields.fraction_bits) % exponents;
  const double sign = (pattern >> (fields.fraction_bits + fields.exponent_bits)) == 0 ? 1 : -1;
  const bool is_e4m3 = type == DataType::Fp8E4M3;
  if (field == exponents - 1 && (!is_e4m3 || fraction == 7)) {
    return fraction == 0 ? sign * std::numeric_limits<double>::infinity() : std::nan("");
  }
  const auto bias = static_cast<int>(exponents / 2 - 1);
  const std::int64_t one = field == 0 ? 0 : std::int64_t{1} << fields.fraction_bits;
  const int exponent = static_cast<int>(field == 0 ? 1 : field) - bias - fields.fraction_bits;
  return sign * std::ldexp(static_cast<double>(one + fraction), exponent);
}

}  // namespace

std::vector<std::int8_t> Random::bytes(std::int64_t count) {
  std::vector<std::int8_t> values(static_cast<std::size_t>(count));
  for (auto& value : values) {
    value = static_cast<std::int8_t>(in(-128, 127));
  }
  return values;
}

Fold random_fold(Random& random, DataType activations, DataType weights) {
  Fold fold;
  fold.activation_type = activations;
  fold.weight_type = weights;
  Window& w = fold.window.edit();
  const std::int64_t images = random.in(1, 2);
  // Runs of int4 begin with whole bytes.
  const std::int64_t grain = activations == DataType::Int4 ? 2 : 1;
  w.channels = grain * random.in(1, 6);
  w.kernel_rows = random.in(1, 3);
  w.kernel_cols = random.in(1, 3);
  w.stride_rows = random.in(1, 2);
  w.stride_cols = random.in(1, 2);
  w.dilation_rows = random.in(1, 2);
  w.dilation_cols = random.in(1, 2);
  w.pad_top = random.in(0, 2);
  w.pad_left = random.in(0, 2);
  w.in_rows = random.in(1, 9);
  w.in_cols = random.in(1, 9);
  w.out_rows = random.in(1, 4);
  w.out_cols = random.in(1, 4);
  w.first_out_row = random.in(0, 2);
  if (!is_float(activations)) {
    const std::int64_t limit = activations == DataType::Int4 ? 8 : 128;
    w.pad_value = static_cast<std::int32_t>(random.in(-limit, limit - 1));
  }
  w.pixel_pitch = bytes_of(activations, w.channels + grain * random.in(0, 3));
  w.row_pitch = w.pixel_pitch * w.in_cols + random.in(0, 5);
  w.image_pitch = w.row_pitch * w.in_rows + random.in(0, 5);
  w.source.address = random.in(0, 20);
  const std::int64_t reduction = w.channels * w.kernel_rows * w.kernel_cols;
  fold.k_first = random.in(0, reduction / grain - 1) * grain;
  fold.rows = random.in(1, reduction - fold.k_first);
  fold.cols = random.in(1, 40);
  const std::int64_t positions = images * w.out_rows * w.out_cols;
  fold.first = random.in(0, positions - 1);
  fold.count = random.in(1, positions - fold.first);
  return fold;
}

std::int64_t buffer_bytes(const Fold& fold) {
  return fold.window->source.address + 2 * fold.window->image_pitch;
}

double element(const std::vector<std::int8_t>& bytes, std::int64_t byte, std::int64_t index,
               DataType type) {
  const std::int64_t bit = index * bits_of(type);
  std::int64_t pattern = 0;
  for (std::int64_t i = bytes_of(type); i-- > 0;) {
    pattern = pattern * 256 +
              static_cast<std::uint8_t>(bytes.at(static_cast<std::size_t>(byte + bit / 8 + i)));
  }
  const std::int64_t patterns = std::int64_t{1} << bits_of(type);
  pattern = (pattern >> (bit % 8)) % patterns;
  if (is_float(type)) {
    return floating(pattern, type);
  }
  return static_cast<double>(pattern < patterns / 2 ? pattern : pattern - patterns);
}

double activation(const Fold& fold, const std::vector<std::int8_t>& buffer, std::int64_t p,
                  std::int64_t k) {
  const Window& w = *fold.window;
  const std::int64_t image = p / (w.out_rows * w.out_cols);
  const std::int64_t oy = w.first_out_row + (p / w.out_cols) % w.out_rows;
  const std::int64_t ox = p % w.out_cols;
  const std::int64_t c = k % w.channels;
  const std::int64_t kx = (k / w.channels) % w.kernel_cols;
  const std::int64_t ky = k / (w.channels * w.kernel_cols);
  const std::int64_t iy = oy * w.stride_rows - w.pad_top + ky * w.dilation_rows;
  const std::int64_t ix = ox * w.stride_cols - w.pad_left + kx * w.dilation_cols;
  if (iy < 0 || iy >= w.in_rows || ix < 0 || ix >= w.in_cols) {
    return w.pad_value;
  }
  const std::int64_t pixel = w.source.address + image * w.image_pitch +
                             (iy - w.first_in_row) * w.row_pitch + ix * w.pixel_pitch;
  return element(buffer, pixel, c, fold.activation_type);
}

}  // namespace systole::testing
