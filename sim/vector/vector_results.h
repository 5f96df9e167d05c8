#pragma once

#include <cstdint>
#include <vector>

namespace systole {

/// What a vector instruction computes from the memories' present contents, row-major and packed.
struct VectorResults {
  std::int64_t rows = 0;
  std::int64_t row_bytes = 0;
  std::vector<std::int8_t> values;
  /// Of loops that take sums, one for each result: accumulator + bias, as an int32 that wraps
  /// around or as the pattern of an fp32.
  std::vector<std::int32_t> sums;
};

[[nodiscard]] inline VectorResults empty_results(std::int64_t rows, std::int64_t row_bytes) {
  VectorResults results{.rows = rows, .row_bytes = row_bytes, .values = {}, .sums = {}};
  results.values.reserve(static_cast<std::size_t>(rows * row_bytes));
  return results;
}

}  // namespace systole
