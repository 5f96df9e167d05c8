#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "arch/isa/data_type.h"

namespace systole {

/// Accumulator entries of `cols` partial sums each, as 32-bit patterns: int32 or fp32, the same in
/// a whole entry. int32 sums wrap around as in hardware; fp32 sums are rounded to nearest even, and
/// a NaN is 0x7fc00000.
///
/// The type belongs to the whole entry, from the write that starts its sums on: whoever adds to it
/// or reads it as the other type is told. What was never written holds poison of either type.
/// Timing: none; the ports are arbitrated elsewhere (memory_ports.h).
class Accumulators {
 public:
  Accumulators(std::int64_t entries, std::int64_t cols);

  /// Writes (or adds) rows of `row_length` <= cols values to entries first, first + 1, ...
  /// Throws InternalError when an entry does not exist, or is added to as another type.
  void store(std::int64_t first, std::int64_t row_length, std::span<const std::int32_t> values,
             DataType type, bool accumulate);
  /// The first `row_length` values of an entry. Throws like store.
  [[nodiscard]] std::span<const std::int32_t> row(std::int64_t entry, std::int64_t row_length,
                                                  DataType type) const;

 private:
  void check(std::int64_t first, std::int64_t rows, std::int64_t row_length) const;
  /// Values that an entry held as another type are lost.
  void start(std::int64_t entry, DataType type);
  void check_type(std::int64_t entry, DataType type) const;

  std::int64_t entries_;
  std::int64_t cols_;
  std::vector<std::int32_t> values_;
  std::vector<std::optional<DataType>> types_;  // of the entries written
};

}  // namespace systole
