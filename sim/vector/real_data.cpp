#include "sim/vector/real_data.h"

#include <algorithm>
#include <bit>
#include <span>
#include <vector>

#include "arch/diag/check.h"
#include "arch/isa/float_format.h"
#include "sim/memory/window_reader.h"
#include "sim/vector/real_rows.h"
#include "sim/vector/row_loop_data.h"

namespace systole {

namespace {

class Compute {
 public:
  Compute(const Destination& to, const ByteMemory& buffer, const Accumulators& accumulators)
      : type_(to.type),
        reader_(to.type),
        writer_(to),
        buffer_(buffer),
        accumulators_(accumulators) {}

  VectorResults operator()(const Convert& convert) const {
    Reals bias;
    RealReader(DataType::Fp32)
        .read(buffer_.at(convert.bias.address, bytes_of(DataType::Fp32, convert.cols)), bias);
    VectorResults results = empty_results(convert.rows, bytes_of(type_, convert.cols));
    for (std::int64_t r = 0; r < convert.rows; ++r) {
      const auto row = accumulators_.row(convert.accumulator + r, convert.cols, DataType::Fp32);
      for (std::size_t c = 0; c < row.size(); ++c) {
        const float sum = std::bit_cast<float>(row[c]) + bias[c];
        results.sums.push_back(
            static_cast<std::int32_t>(with_canonical_nan(std::bit_cast<std::uint32_t>(sum))));
        writer_.append(sum * convert.scale, results.values);
      }
    }
    return results;
  }

  VectorResults operator()(const Rescale& rescale) const {
    VectorResults results = empty_results(rescale.rows, bytes_of(type_, rescale.cols));
    Reals row;
    for (std::int64_t r = 0; r < rescale.rows; ++r) {
      read(rescale.in.address + r * rescale.in_pitch, rescale.cols, row);
      for (const float x : row) {
        writer_.append(x, results.values);
      }
    }
    return results;
  }

  VectorResults operator()(const Add& add) const {
    VectorResults results = empty_results(add.rows, bytes_of(type_, add.cols));
    Reals a;
    Reals b;
    for (std::int64_t r = 0; r < add.rows; ++r) {
      read(add.a.address + r * add.a_pitch, add.cols, a);
      read(add.b.address + r * add.b_pitch, add.cols, b);
      for (std::size_t c = 0; c < a.size(); ++c) {
        writer_.append(a[c] + b[c], results.values);
      }
    }
    return results;
  }

  VectorResults operator()(const Pool& pool) const {
    VectorResults results = empty_results(pool.count, bytes_of(type_, pool.window.channels));
    const WindowReader window(pool.window, type_, buffer_);
    for (std::int64_t i = 0; i < pool.count; ++i) {
      for (const float value : pooled(pool, window, window.position(pool.first + i))) {
        writer_.append(value, results.values);
      }
    }
    return results;
  }

  VectorResults operator()(const Softmax& softmax) const {
    VectorResults results = empty_results(softmax.rows, bytes_of(type_, softmax.cols));
    Reals row;
    for (std::int64_t r = 0; r < softmax.rows; ++r) {
      read(softmax.in.address + r * softmax.in_pitch, softmax.cols, row);
      float largest = row.front();
      for (const float x : row) {
        largest = larger(largest, x);
      }
      float sum = 0;
      for (float& x : row) {
        x = exponential(x - largest);
        sum += x;
      }
      for (const float x : row) {
        writer_.append(x / sum, results.values);
      }
    }
    return results;
  }

  VectorResults operator()(const RowLoop& loop) const { return row_loop_results(loop, buffer_); }
  VectorResults operator()(const Transfer& /*transfer*/) const { not_here(); }
  VectorResults operator()(const LoadTile& /*load*/) const { not_here(); }
  VectorResults operator()(const Fold& /*fold*/) const { not_here(); }
  VectorResults operator()(const Requantize& /*requantize*/) const { not_here(); }

 private:
  [[noreturn]] void not_here() const {
    SYSTOLE_CHECK(false, "the instruction has no results of type {}", name_of(type_));
  }

  void read(std::int64_t address, std::int64_t count, Reals& reals) const {
    reader_.read(buffer_.at(address, bytes_of(type_, count)), reals);
  }

  /// The elements inside the image, row by row of the kernel.
  [[nodiscard]] Reals pooled(const Pool& pool, const WindowReader& window,
                             const WindowReader::Position& at) const {
    Reals result(static_cast<std::size_t>(pool.window.channels));
    Reals channels;
    std::int64_t inside = 0;
    for (std::int64_t ky = 0; ky < pool.window.kernel_rows; ++ky) {
      for (std::int64_t kx = 0; kx < pool.window.kernel_cols; ++kx) {
        reader_.read(window.channels(at, ky, kx, 0, pool.window.channels), channels);
        if (!channels.empty()) {
          take(pool.kind, inside++ == 0, channels, result);
        }
      }
    }
    const bool zeros_count = pool.kind == PoolKind::Average && pool.count_padding;
    SYSTOLE_CHECK(inside > 0 || zeros_count, "pooling over no elements");
    if (pool.kind == PoolKind::Average) {
      const std::int64_t counted =
          pool.count_padding ? pool.window.kernel_rows * pool.window.kernel_cols : inside;
      std::transform(result.begin(), result.end(), result.begin(),
                     [&](float sum) { return sum / static_cast<float>(counted); });
    }
    return result;
  }

  static void take(PoolKind kind, bool first, const Reals& channels, Reals& result) {
    for (std::size_t c = 0; c < channels.size(); ++c) {
      switch (kind) {
        case PoolKind::Max:
          result[c] = first ? channels[c] : larger(result[c], channels[c]);
          break;
        case PoolKind::Average:
          result[c] += channels[c];
          break;
      }
    }
  }

  DataType type_;
  RealReader reader_;
  RealWriter writer_;
  const ByteMemory& buffer_;
  const Accumulators& accumulators_;
};

}  // namespace

VectorResults real_results(const Operation& operation, const ByteMemory& buffer,
                           const Accumulators& accumulators) {
  return std::visit(Compute(destination_of(operation), buffer, accumulators), operation);
}

}  // namespace systole
