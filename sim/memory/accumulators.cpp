#include "sim/memory/accumulators.h"

#include <algorithm>

#include <fmt/format.h>

#include "arch/diag/error.h"

namespace systole {

namespace {

constexpr std::int32_t kPoison = 0x55555555;  // memory does not start as zero

std::int32_t wrapping_sum(std::int32_t a, std::int32_t b) {
  return static_cast<std::int32_t>(static_cast<std::uint32_t>(a) + static_cast<std::uint32_t>(b));
}

}  // namespace

Accumulators::Accumulators(std::int64_t entries, std::int64_t cols)
    : entries_(entries), cols_(cols), values_(static_cast<std::size_t>(entries * cols), kPoison) {}

void Accumulators::store(std::int64_t first, std::int64_t row_length,
                         std::span<const std::int32_t> values, bool accumulate) {
  const auto length = static_cast<std::size_t>(row_length);
  const auto rows = static_cast<std::int64_t>(values.size() / length);
  check(first, rows, row_length);
  for (std::int64_t r = 0; r < rows; ++r) {
    const auto source = values.subspan(static_cast<std::size_t>(r) * length, length);
    std::int32_t* target = values_.data() + (first + r) * cols_;
    if (accumulate) {
      std::transform(source.begin(), source.end(), target, target, wrapping_sum);
    } else {
      std::copy(source.begin(), source.end(), target);
    }
  }
}

std::span<const std::int32_t> Accumulators::row(std::int64_t entry, std::int64_t row_length) const {
  check(entry, 1, row_length);
  return std::span(values_).subspan(static_cast<std::size_t>(entry * cols_),
                                    static_cast<std::size_t>(row_length));
}

void Accumulators::check(std::int64_t first, std::int64_t rows, std::int64_t row_length) const {
  if (first < 0 || first > entries_ - rows || row_length > cols_) {
    throw InternalError(
        fmt::format("accumulators {}..{} of {} columns are outside 0..{} of {} columns", first,
                    first + rows, row_length, entries_, cols_));
  }
}

}  // namespace systole
