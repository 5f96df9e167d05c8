#include "sim/matrix/fold_inputs.h"

#include <algorithm>
#include <bit>
#include <span>
#include <utility>

#include "arch/diag/check.h"
#include "sim/arithmetic/operand_decoding.h"
#include "sim/matrix/fold_kernel.h"
#include "sim/memory/window_reader.h"

namespace systole {

namespace {

/// Elements of the reduction slice that are neighbours in the buffer.
struct Run {
  std::int64_t ky = 0;
  std::int64_t kx = 0;
  std::int64_t channel = 0;
  std::int64_t length = 0;
};

std::vector<Run> runs_of_slice(const Fold& fold) {
  const Window& window = *fold.window;
  std::vector<Run> runs;
  std::int64_t k = fold.k_first % (window.channels * window.kernel_rows * window.kernel_cols);
  const std::int64_t end = k + fold.rows;
  while (k < end) {
    const std::int64_t channel = k % window.channels;
    const std::int64_t length = std::min(window.channels - channel, end - k);
    runs.push_back({.ky = k / (window.channels * window.kernel_cols),
                    .kx = k / window.channels % window.kernel_cols,
                    .channel = channel,
                    .length = length});
    k += length;
  }
  return runs;
}

void check_padding(const Fold& fold) {
  const DataType type = fold.activation_type;
  const std::int64_t limit = is_float(type) ? 0 : std::int64_t{1} << (bits_of(type) - 1);
  const std::int64_t value = fold.window->pad_value;
  SYSTOLE_CHECK(value >= -limit && value <= std::max<std::int64_t>(limit - 1, 0),
                "{} activations padded with {}", name_of(type), value);
}

template <class Number>
void take_away(std::int32_t zero_point, std::span<Number> numbers) {
  for (Number& number : numbers) {
    number = static_cast<Number>(static_cast<std::int32_t>(number) - zero_point);
  }
}

std::size_t pitch_of(DataType type, std::int64_t rows) {
  const auto depth = static_cast<std::size_t>(rows);
  return is_float(type) ? depth : rounded_up(depth, kIntegerDepth);
}

/// The activations of output position m to numbers[m * pitch] and on, zeros between.
template <class Number>
void gather(const Fold& fold, const ByteMemory& buffer, std::vector<Number>& numbers) {
  const WindowReader reader(*fold.window, fold.activation_type, buffer);
  const std::vector<Run> runs = runs_of_slice(fold);
  const auto count = static_cast<std::size_t>(fold.count);
  const std::size_t pitch = pitch_of(fold.activation_type, fold.rows);
  numbers.resize(rounded_up(count, kKernelLines) * pitch);
  std::span<Number> rest = numbers;
  for (std::int64_t m = 0; m < fold.count; ++m) {
    const WindowReader::Position at = reader.position(fold.first + m);
    std::span<Number> line = rest.first(pitch);
    rest = rest.subspan(pitch);
    for (const Run& run : runs) {
      const std::span<Number> target = line.first(static_cast<std::size_t>(run.length));
      line = line.subspan(target.size());
      const auto bytes = reader.channels(at, run.ky, run.kx, run.channel, run.length);
      if (bytes.empty()) {
        std::fill(target.begin(), target.end(), static_cast<Number>(fold.window->pad_value));
      } else {
        decode(fold.activation_type, bytes, target);
      }
      if (fold.zero_point != 0) {
        take_away(fold.zero_point, target);
      }
    }
    std::fill(line.begin(), line.end(), Number{});
  }
  std::fill(rest.begin(), rest.end(), Number{});
}

}  // namespace

std::vector<std::int32_t> FoldInputs::patterns() const {
  std::vector<std::int32_t> result;
  result.reserve(static_cast<std::size_t>(count * rows));
  const std::size_t pitch = pitch_of(type, rows);
  for (std::size_t m = 0; m < static_cast<std::size_t>(count); ++m) {
    for (std::size_t k = m * pitch; k < m * pitch + static_cast<std::size_t>(rows); ++k) {
      result.push_back(is_float(type) ? std::bit_cast<std::int32_t>(floats[k])
                                      : std::int32_t{integers[k]});
    }
  }
  return result;
}

FoldInputs fold_inputs(const Fold& fold, const ByteMemory& buffer, FoldInputs recycled) {
  check_padding(fold);
  FoldInputs inputs{.count = fold.count,
                    .rows = fold.rows,
                    .type = fold.activation_type,
                    .integers = std::move(recycled.integers),
                    .floats = std::move(recycled.floats)};
  if (is_float(fold.activation_type)) {
    inputs.integers.clear();
    gather(fold, buffer, inputs.floats);
  } else {
    inputs.floats.clear();
    gather(fold, buffer, inputs.integers);
  }
  return inputs;
}

}  // namespace systole
