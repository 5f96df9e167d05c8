#include "sim/vector/vector_data.h"

#include <algorithm>
#include <numeric>
#include <span>

#include "arch/diag/check.h"
#include "sim/memory/window_reader.h"
#include "sim/vector/fixed_point_arithmetic.h"
#include "sim/vector/real_data.h"
#include "sim/vector/row_loop_data.h"
#include "sim/vector/scale_kernel.h"

namespace systole {

namespace {

constexpr std::int64_t kSoftmaxOne = 256;  // 1.0 at the output scale
constexpr std::int32_t kMaxShift = 62;

void check_shift(std::int32_t shift) {
  SYSTOLE_CHECK(shift >= 0 && shift <= kMaxShift, "shift {}", shift);
}

/// Room for `count` more values.
std::int8_t* room_for(std::int64_t count, std::vector<std::int8_t>& values) {
  const std::size_t before = values.size();
  values.resize(before + static_cast<std::size_t>(count));
  return values.data() + before;
}

/// The table that stored values go through, if there is one.
class Lookup {
 public:
  Lookup(const Operand& table, const ByteMemory& buffer) {
    if (table.tensor != kNoTensor) {
      table_ = buffer.at(table.address, kLookupBytes);
    }
  }
  void apply(std::vector<std::int8_t>& values) const {
    if (!table_.empty()) {
      std::transform(values.begin(), values.end(), values.begin(), [&](std::int8_t value) {
        return table_[static_cast<std::size_t>(value + 128)];
      });
    }
  }

 private:
  std::span<const std::int8_t> table_;
};

class Compute {
 public:
  Compute(const ByteMemory& buffer, const Accumulators& accumulators)
      : buffer_(buffer), accumulators_(accumulators) {}

  VectorResults operator()(const Requantize& requantize) const {
    check_shift(requantize.scale.shift);
    const Lookup lookup(requantize.lookup, buffer_);
    const std::vector<std::int32_t> bias = words_at(requantize.bias.address, requantize.cols);
    VectorResults results = empty_results(requantize.rows, requantize.cols);
    results.sums.resize(results.values.capacity());
    std::int32_t* sums = results.sums.data();
    for (std::int64_t r = 0; r < requantize.rows; ++r) {
      const auto row =
          accumulators_.row(requantize.accumulator + r, requantize.cols, DataType::Int32);
      std::transform(row.begin(), row.end(), bias.begin(), sums,
                     [](std::int32_t x, std::int32_t y) {
                       return static_cast<std::int32_t>(static_cast<std::uint32_t>(x) +
                                                        static_cast<std::uint32_t>(y));
                     });
      scale_sums(sums, row.size(), requantize.scale, requantize.to,
                 room_for(requantize.cols, results.values));
      sums += row.size();
    }
    lookup.apply(results.values);
    return results;
  }

  VectorResults operator()(const Rescale& rescale) const {
    check_shift(rescale.scale.shift);
    const Lookup lookup(rescale.lookup, buffer_);
    VectorResults results = empty_results(rescale.rows, rescale.cols);
    for (std::int64_t r = 0; r < rescale.rows; ++r) {
      const auto row = buffer_.at(rescale.in.address + r * rescale.in_pitch, rescale.cols);
      scale_values(row.data(), row.size(), rescale.in_zero_point, rescale.scale, rescale.to,
                   room_for(rescale.cols, results.values));
    }
    lookup.apply(results.values);
    return results;
  }

  VectorResults operator()(const Add& add) const {
    check_shift(add.shift);
    VectorResults results = empty_results(add.rows, add.cols);
    for (std::int64_t r = 0; r < add.rows; ++r) {
      const auto a = buffer_.at(add.a.address + r * add.a_pitch, add.cols);
      const auto b = buffer_.at(add.b.address + r * add.b_pitch, add.cols);
      add_scaled(a.data(), b.data(), a.size(), add, room_for(add.cols, results.values));
    }
    return results;
  }

  VectorResults operator()(const Pool& pool) const {
    check_shift(pool.scale.shift);
    VectorResults results = empty_results(pool.count, pool.window.channels);
    const WindowReader reader(pool.window, DataType::Int8, buffer_);
    for (std::int64_t i = 0; i < pool.count; ++i) {
      const WindowReader::Position at = reader.position(pool.first + i);
      switch (pool.kind) {
        case PoolKind::Max:
          pool_maximum(pool, reader, at, results.values);
          break;
        case PoolKind::Average:
          pool_average(pool, reader, at, results.values);
          break;
      }
    }
    return results;
  }

  VectorResults operator()(const Softmax& softmax) const {
    VectorResults results = empty_results(softmax.rows, softmax.cols);
    const auto table = buffer_.at(softmax.table.address, kSoftmaxTableBytes);
    for (std::int64_t r = 0; r < softmax.rows; ++r) {
      const auto row = buffer_.at(softmax.in.address + r * softmax.in_pitch, softmax.cols);
      const std::int8_t maximum = *std::max_element(row.begin(), row.end());
      const auto weight = [&](std::int8_t x) -> std::int64_t {
        return int32_at(table, static_cast<std::size_t>(maximum - x));
      };
      const std::int64_t sum =
          std::accumulate(row.begin(), row.end(), std::int64_t{0},
                          [&](std::int64_t total, std::int8_t x) { return total + weight(x); });
      SYSTOLE_CHECK(sum > 0, "softmax weights of row {} add up to {}", r, sum);
      for (const std::int8_t x : row) {
        const std::int64_t value = (2 * kSoftmaxOne * weight(x) + sum) / (2 * sum);
        results.values.push_back(quantized(value, softmax.to));
      }
    }
    return results;
  }

  VectorResults operator()(const RowLoop& loop) const { return row_loop_results(loop, buffer_); }
  VectorResults operator()(const Transfer& /*transfer*/) const { not_here(); }
  VectorResults operator()(const LoadTile& /*load*/) const { not_here(); }
  VectorResults operator()(const Fold& /*fold*/) const { not_here(); }
  VectorResults operator()(const Convert& /*convert*/) const { not_here(); }

 private:
  [[noreturn]] static void not_here() {
    SYSTOLE_CHECK(false, "the instruction has no results of type int8");
  }

  /// Little-endian 32-bit values.
  [[nodiscard]] std::vector<std::int32_t> words_at(std::int64_t address, std::int64_t count) const {
    const auto bytes = buffer_.at(address, count * 4);
    std::vector<std::int32_t> words(static_cast<std::size_t>(count));
    for (std::size_t i = 0; i < words.size(); ++i) {
      words[i] = int32_at(bytes, i);
    }
    return words;
  }

  /// Calls `visit` with the channels under each kernel element inside the image.
  template <class Visit>
  static void for_each_inside(const Window& window, const WindowReader& reader,
                              const WindowReader::Position& at, Visit visit) {
    for (std::int64_t ky = 0; ky < window.kernel_rows; ++ky) {
      for (std::int64_t kx = 0; kx < window.kernel_cols; ++kx) {
        const auto channels = reader.channels(at, ky, kx, 0, window.channels);
        if (!channels.empty()) {
          visit(channels);
        }
      }
    }
  }

  static void pool_maximum(const Pool& pool, const WindowReader& reader,
                           const WindowReader::Position& at, std::vector<std::int8_t>& values) {
    std::int8_t* const maximum = room_for(pool.window.channels, values);
    std::fill_n(maximum, pool.window.channels, std::int8_t{-128});
    for_each_inside(pool.window, reader, at, [&](std::span<const std::int8_t> channels) {
      std::transform(channels.begin(), channels.end(), maximum, maximum,
                     [](std::int8_t a, std::int8_t b) { return std::max(a, b); });
    });
    std::transform(maximum, maximum + pool.window.channels, maximum,
                   [&](std::int8_t value) { return clamped(value, pool.to); });
  }

  static void pool_average(const Pool& pool, const WindowReader& reader,
                           const WindowReader::Position& at, std::vector<std::int8_t>& values) {
    std::vector<std::int64_t> sums(static_cast<std::size_t>(pool.window.channels), 0);
    std::int64_t inside = 0;
    for_each_inside(pool.window, reader, at, [&](std::span<const std::int8_t> channels) {
      ++inside;
      std::transform(channels.begin(), channels.end(), sums.begin(), sums.begin(),
                     [&](std::int8_t x, std::int64_t sum) { return sum + x - pool.in_zero_point; });
    });
    const std::int64_t counted =
        pool.count_padding ? pool.window.kernel_rows * pool.window.kernel_cols : inside;
    SYSTOLE_CHECK(counted > 0, "average over no elements");
    const WideInteger divisor = static_cast<WideInteger>(counted) << pool.scale.shift;
    for (const std::int64_t sum : sums) {
      const WideInteger product = static_cast<WideInteger>(sum) * pool.scale.multiplier;
      values.push_back(quantized(divide_half_away(product, divisor), pool.to));
    }
  }

  const ByteMemory& buffer_;
  const Accumulators& accumulators_;
};

}  // namespace

VectorResults vector_results(const Operation& operation, const ByteMemory& buffer,
                             const Accumulators& accumulators) {
  const DataType type = destination_of(operation).type;
  if (is_float(type)) {
    return real_results(operation, buffer, accumulators);
  }
  SYSTOLE_CHECK(type == DataType::Int8, "results of type {}", name_of(type));
  return std::visit(Compute(buffer, accumulators), operation);
}

}  // namespace systole
