#include "sim/memory/accumulators.h"

#include <algorithm>
#include <bit>

#include <fmt/format.h>

#include "arch/diag/check.h"
#include "arch/diag/error.h"
#include "arch/isa/float_format.h"

namespace systole {

namespace {

constexpr std::int32_t kPoison = 0x55555555;  // memory does not start as zero

void add(DataType type, std::span<const std::int32_t> values, std::span<std::int32_t> to) {
  if (type == DataType::Int32) {
    std::transform(values.begin(), values.end(), to.begin(), to.begin(),
                   [](std::int32_t a, std::int32_t b) {
                     return static_cast<std::int32_t>(static_cast<std::uint32_t>(a) +
                                                      static_cast<std::uint32_t>(b));
                   });
    return;
  }
  std::transform(
      values.begin(), values.end(), to.begin(), to.begin(),
      [](std::int32_t value, std::int32_t held) {
        const float sum = std::bit_cast<float>(held) + std::bit_cast<float>(value);
        return static_cast<std::int32_t>(with_canonical_nan(std::bit_cast<std::uint32_t>(sum)));
      });
}

}  // namespace

Accumulators::Accumulators(std::int64_t entries, std::int64_t cols)
    : entries_(entries),
      cols_(cols),
      values_(static_cast<std::size_t>(entries * cols), kPoison),
      types_(static_cast<std::size_t>(entries)) {}

void Accumulators::store(std::int64_t first, std::int64_t row_length,
                         std::span<const std::int32_t> values, DataType type, bool accumulate) {
  SYSTOLE_CHECK(type == DataType::Int32 || type == DataType::Fp32, "sums of type {}",
                name_of(type));
  const auto length = static_cast<std::size_t>(row_length);
  const auto rows = static_cast<std::int64_t>(values.size() / length);
  check(first, rows, row_length);
  for (std::int64_t entry = first; entry < first + rows; ++entry) {
    const std::span<std::int32_t> target(values_.data() + entry * cols_, length);
    if (accumulate) {
      check_type(entry, type);
      types_[static_cast<std::size_t>(entry)] = type;
      add(type, values.first(length), target);
    } else {
      start(entry, type);
      std::copy_n(values.begin(), length, target.begin());
    }
    values = values.subspan(length);
  }
}

std::span<const std::int32_t> Accumulators::row(std::int64_t entry, std::int64_t row_length,
                                                DataType type) const {
  check(entry, 1, row_length);
  check_type(entry, type);
  return std::span(values_).subspan(static_cast<std::size_t>(entry * cols_),
                                    static_cast<std::size_t>(row_length));
}

void Accumulators::start(std::int64_t entry, DataType type) {
  auto& held = types_[static_cast<std::size_t>(entry)];
  if (held != type) {
    std::fill_n(values_.data() + entry * cols_, cols_, kPoison);
    held = type;
  }
}

void Accumulators::check(std::int64_t first, std::int64_t rows, std::int64_t row_length) const {
  if (first < 0 || first > entries_ - rows || row_length > cols_) {
    throw InternalError(
        fmt::format("accumulators {}..{} of {} columns are outside 0..{} of {} columns", first,
                    first + rows, row_length, entries_, cols_));
  }
}

void Accumulators::check_type(std::int64_t entry, DataType type) const {
  const auto& held = types_[static_cast<std::size_t>(entry)];
  if (held && *held != type) {
    throw InternalError(fmt::format("accumulator {} holds {} sums, expected {}", entry,
                                    name_of(*held), name_of(type)));
  }
}

}  // namespace systole
