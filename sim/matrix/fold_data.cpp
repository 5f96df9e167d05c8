#include "sim/matrix/fold_data.h"

#include <algorithm>
#include <bit>

#include "arch/diag/check.h"
#include "arch/isa/float_format.h"
#include "arch/isa/mac_kind.h"
#include "sim/matrix/fold_kernel.h"

namespace systole {

namespace {

/// Output positions multiplied at a time: their sums stay in the cache until they are copied.
constexpr std::size_t kChunk = 64;
static_assert(kChunk % kKernelLines == 0);

using Patterns = std::vector<std::int32_t>;

std::int32_t pattern_of(std::uint32_t sum) {
  return static_cast<std::int32_t>(sum);
}
std::int32_t pattern_of(float sum) {
  return static_cast<std::int32_t>(with_canonical_nan(std::bit_cast<std::uint32_t>(sum)));
}

/// The sums of a fold in the order of the instruction, chunk by chunk at the kernels' pitch.
template <class Sum>
class ChunkedSums {
 public:
  ChunkedSums(const Fold& fold, const Patterns& held, std::size_t pitch)
      : count_(static_cast<std::size_t>(fold.count)),
        cols_(static_cast<std::size_t>(fold.cols)),
        pitch_(pitch),
        held_(held),
        chunk_(rounded_up(std::min(count_, kChunk), kKernelLines) * pitch),
        patterns_(count_ * cols_) {}

  /// multiply(m, lines, sums) adds the products of `lines` output positions from m on.
  template <class Multiply>
  Patterns take(Multiply multiply) {
    for (std::size_t m = 0; m < count_; m += kChunk) {
      const std::size_t lines = std::min(count_ - m, kChunk);
      begin(m, lines);
      multiply(m, rounded_up(lines, kKernelLines), chunk_.data());
      end(m, lines);
    }
    return std::move(patterns_);
  }

 private:
  void begin(std::size_t m, std::size_t lines) {
    std::fill(chunk_.begin(), chunk_.end(), Sum{});
    if (held_.empty()) {
      return;
    }
    for (std::size_t line = 0; line < lines; ++line) {
      const std::int32_t* row = held_.data() + (m + line) * cols_;
      std::transform(row, row + cols_, chunk_.data() + line * pitch_,
                     [](std::int32_t pattern) { return std::bit_cast<Sum>(pattern); });
    }
  }

  void end(std::size_t m, std::size_t lines) {
    for (std::size_t line = 0; line < lines; ++line) {
      const Sum* row = chunk_.data() + line * pitch_;
      std::transform(row, row + cols_, patterns_.data() + (m + line) * cols_,
                     [](Sum sum) { return pattern_of(sum); });
    }
  }

  std::size_t count_;
  std::size_t cols_;
  std::size_t pitch_;
  const Patterns& held_;
  std::vector<Sum> chunk_;
  Patterns patterns_;
};

void check_operands(const Fold& fold, const FoldInputs& inputs, const ResidentTile& tile,
                    const Patterns& held) {
  SYSTOLE_CHECK(inputs.type == fold.activation_type && tile.type == fold.weight_type,
                "operands of types {} and {} for a fold of {} and {}", name_of(inputs.type),
                name_of(tile.type), name_of(fold.activation_type), name_of(fold.weight_type));
  SYSTOLE_CHECK(mac_kind(inputs.type, tile.type).has_value(),
                "operands of types {} and {} in the array", name_of(inputs.type),
                name_of(tile.type));
  SYSTOLE_CHECK(inputs.count == fold.count && inputs.rows == fold.rows,
                "inputs of {} x {} for a fold of {} x {}", inputs.count, inputs.rows, fold.count,
                fold.rows);
  SYSTOLE_CHECK(held.empty() || static_cast<std::int64_t>(held.size()) == fold.count * fold.cols,
                "a fold of {} x {} sums goes on with {}", fold.count, fold.cols, held.size());
}

/// Where the kernel's pitch is the instruction's, it adds to the results in place.
Patterns whole_integer_sums(const Fold& fold, const FoldInputs& inputs, const ResidentTile& tile,
                            const Patterns& held) {
  const std::size_t lines = rounded_up(static_cast<std::size_t>(fold.count), kKernelLines);
  const auto cols = static_cast<std::size_t>(fold.cols);
  Patterns patterns;
  patterns.reserve(lines * cols);
  patterns = held;  // none, or all of them
  patterns.resize(lines * cols);
  // Signed and unsigned numbers may look at the same memory.
  multiply_modulo(
      inputs.integers.data(), tile.integers.data(),
      reinterpret_cast<std::uint32_t*>(patterns.data()),
      {.m = lines, .k = rounded_up(static_cast<std::size_t>(fold.rows), kIntegerDepth), .n = cols});
  patterns.resize(static_cast<std::size_t>(fold.count) * cols);
  return patterns;
}

Patterns integer_sums(const Fold& fold, const FoldInputs& inputs, const ResidentTile& tile,
                      const Patterns& held) {
  const std::size_t depth = rounded_up(static_cast<std::size_t>(fold.rows), kIntegerDepth);
  const std::size_t pitch = rounded_up(static_cast<std::size_t>(fold.cols), kKernelLanes);
  if (pitch == static_cast<std::size_t>(fold.cols)) {
    return whole_integer_sums(fold, inputs, tile, held);
  }
  return ChunkedSums<std::uint32_t>(fold, held, pitch)
      .take([&](std::size_t m, std::size_t lines, std::uint32_t* sums) {
        multiply_modulo(inputs.integers.data() + m * depth, tile.integers.data(), sums,
                        {.m = lines, .k = depth, .n = pitch});
      });
}

Patterns floating_sums(const Fold& fold, const FoldInputs& inputs, const ResidentTile& tile,
                       const Patterns& held) {
  const auto depth = static_cast<std::size_t>(fold.rows);
  const std::size_t pitch = rounded_up(static_cast<std::size_t>(fold.cols), kKernelLanes);
  return ChunkedSums<float>(fold, held, pitch)
      .take([&](std::size_t m, std::size_t lines, float* sums) {
        multiply_in_order(inputs.floats.data() + m * depth, tile.floats.data(), sums,
                          {.m = lines, .k = depth, .n = pitch});
      });
}

}  // namespace

std::vector<std::int32_t> fold_sums(const Fold& fold, const FoldInputs& inputs,
                                    const ResidentTile& tile,
                                    const std::vector<std::int32_t>& held) {
  check_operands(fold, inputs, tile, held);
  if (fold.rows != tile.rows || fold.cols != tile.cols) {
    return fold_sums(fold, inputs, resized(tile, fold.rows, fold.cols), held);
  }
  return is_float(tile.type) ? floating_sums(fold, inputs, tile, held)
                             : integer_sums(fold, inputs, tile, held);
}

}  // namespace systole
