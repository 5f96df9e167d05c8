#pragma once

#include <cstdint>
#include <vector>

#include "arch/diag/check.h"
#include "arch/isa/instruction.h"

namespace systole {

/// What a vector instruction computes from the memories' present contents, row-major and packed.
struct VectorResults {
  std::int64_t rows = 0;
  std::int64_t row_bytes = 0;
  std::vector<std::int8_t> values;
  /// Of Requantize and Convert, one for each result: accumulator + bias, as an int32 that wraps
  /// around or as the pattern of an fp32.
  std::vector<std::int32_t> sums;
};

/// Where the instruction, one of the vector unit's, puts them.
[[nodiscard]] inline const Destination& destination_of(const Operation& operation) {
  return std::visit(
      [](const auto& any) -> const Destination& {
        if constexpr (requires { any.to; }) {
          return any.to;
        } else {
          SYSTOLE_CHECK(false, "not an operation of the vector unit");
        }
      },
      operation);
}

[[nodiscard]] inline VectorResults empty_results(std::int64_t rows, std::int64_t row_bytes) {
  VectorResults results{.rows = rows, .row_bytes = row_bytes, .values = {}, .sums = {}};
  results.values.reserve(static_cast<std::size_t>(rows * row_bytes));
  return results;
}

}  // namespace systole
