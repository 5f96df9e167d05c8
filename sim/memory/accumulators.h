#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace systole {

/// Accumulator entries of `cols` int32 partial sums each; sums wrap around as in hardware.
///
/// Timing: the matrix unit writes (or reads, adds and writes) one entry per streamed row; the
/// vector unit reads one entry per row at the same time. Not modelled: contention of the two.
class Accumulators {
 public:
  Accumulators(std::int64_t entries, std::int64_t cols);

  /// Writes (or adds) rows of `row_length` <= cols values to entries first, first + 1, ...
  /// Throws InternalError when an entry does not exist.
  void store(std::int64_t first, std::int64_t row_length, std::span<const std::int32_t> values,
             bool accumulate);
  /// The first `row_length` values of an entry. Throws like store.
  [[nodiscard]] std::span<const std::int32_t> row(std::int64_t entry,
                                                  std::int64_t row_length) const;

 private:
  void check(std::int64_t first, std::int64_t rows, std::int64_t row_length) const;

  std::int64_t entries_;
  std::int64_t cols_;
  std::vector<std::int32_t> values_;
};

}  // namespace systole
