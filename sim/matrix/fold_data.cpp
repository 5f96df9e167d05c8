#include "sim/matrix/fold_data.h"

#include <algorithm>

#include "arch/diag/check.h"
#include "sim/matrix/fold_kernel.h"
#include "sim/memory/window_reader.h"

namespace systole {

namespace {

/// Little-endian elements to numbers.
void widen(std::span<const std::int8_t> bytes, DataType type, std::int32_t* values) {
  switch (type) {
    case DataType::Int8:
      std::copy(bytes.begin(), bytes.end(), values);
      return;
    case DataType::Int16:
      for (std::size_t i = 0; i < bytes.size() / 2; ++i) {
        const auto low = static_cast<std::uint8_t>(bytes[2 * i]);
        values[i] = bytes[2 * i + 1] * 256 + low;
      }
      return;
    case DataType::Int4:
    case DataType::Fp8E4M3:
    case DataType::Fp8E5M2:
    case DataType::Fp16:
    case DataType::Bf16:
    case DataType::Int32:
    case DataType::Fp32:
      break;
  }
  SYSTOLE_CHECK(false, "operands of type {} in the array", name_of(type));
}

/// Elements of the reduction slice that are neighbours in the buffer.
struct Run {
  std::int64_t ky = 0;
  std::int64_t kx = 0;
  std::int64_t channel = 0;
  std::int64_t length = 0;
};

std::vector<Run> runs_of_slice(const Fold& fold) {
  const Window& window = fold.window;
  std::vector<Run> runs;
  std::int64_t k = fold.k_first;
  const std::int64_t end = fold.k_first + fold.rows;
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

/// The part of the array's weights that the fold uses.
std::vector<std::int32_t> used_weights(const Fold& fold, const ResidentTile& tile) {
  std::vector<std::int32_t> weights(static_cast<std::size_t>(fold.rows * fold.cols), 0);
  const std::int64_t cols = std::min(fold.cols, tile.cols);
  for (std::int64_t r = 0; r < std::min(fold.rows, tile.rows); ++r) {
    std::copy_n(tile.weights.data() + r * tile.cols, cols, weights.data() + r * fold.cols);
  }
  return weights;
}

}  // namespace

ResidentTile resident_tile(const Tile& tile) {
  ResidentTile resident{.rows = tile.rows, .cols = tile.cols, .weights = {}};
  if (!tile.bytes.empty()) {
    resident.weights.resize(static_cast<std::size_t>(tile.rows * tile.cols));
    widen(tile.bytes, tile.type, resident.weights.data());
  }
  return resident;
}

std::vector<std::int32_t> fold_inputs(const Fold& fold, const ByteMemory& buffer) {
  const WindowReader reader(fold.window, bytes_of(fold.activation_type), buffer);
  const std::vector<Run> runs = runs_of_slice(fold);
  std::vector<std::int32_t> rows(static_cast<std::size_t>(fold.count * fold.rows));
  std::int32_t* target = rows.data();
  for (std::int64_t i = 0; i < fold.count; ++i) {
    const WindowReader::Position at = reader.position(fold.first + i);
    for (const Run& run : runs) {
      const auto bytes = reader.channels(at, run.ky, run.kx, run.channel, run.length);
      if (bytes.empty()) {
        std::fill_n(target, run.length, fold.window.pad_value);
      } else {
        widen(bytes, fold.activation_type, target);
      }
      target += run.length;
    }
  }
  return rows;
}

std::vector<std::int32_t> fold_sums(const Fold& fold, const std::vector<std::int32_t>& inputs,
                                    const ResidentTile& tile,
                                    const std::vector<std::int32_t>& held) {
  std::vector<std::int32_t> sums(static_cast<std::size_t>(fold.count * fold.cols));
  if (fold.rows == tile.rows && fold.cols == tile.cols) {
    multiply_modulo(inputs.data(), tile.weights.data(), sums.data(), fold.count, fold.rows,
                    fold.cols);
  } else {
    multiply_modulo(inputs.data(), used_weights(fold, tile).data(), sums.data(), fold.count,
                    fold.rows, fold.cols);
  }
  if (!held.empty()) {
    SYSTOLE_CHECK(held.size() == sums.size(), "a fold of {} sums goes on with {}", sums.size(),
                  held.size());
    std::transform(sums.begin(), sums.end(), held.begin(), sums.begin(),
                   [](std::int32_t a, std::int32_t b) {
                     return static_cast<std::int32_t>(static_cast<std::uint32_t>(a) +
                                                      static_cast<std::uint32_t>(b));
                   });
  }
  return sums;
}

}  // namespace systole
