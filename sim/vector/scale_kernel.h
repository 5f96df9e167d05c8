#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "arch/isa/row_loop.h"

namespace systole {

/// The loops of the vector unit's fixed-point instructions, row by row, with AVX-512 or AVX2 code
/// where the machine has it. The arithmetic is that of fixed_point_arithmetic.h, in 64 bits where
/// they hold every step and in 128 otherwise; the results are the same.

/// out[i] = clamp(zero point + values[i] * scale).
void scale_sums(const std::int32_t* values, std::size_t count, const FixedPoint& scale,
                const Store& to, std::int8_t* out);

/// The same with a scale for each of them; multipliers are of 32 bits.
struct ColumnScales {
  explicit ColumnScales(const std::vector<FixedPoint>& scales);

  std::vector<std::int64_t> multipliers;
  std::vector<std::int64_t> shifts;
  std::vector<std::int64_t> halves;  ///< what rounds
};
void scale_sums(const std::int32_t* values, const ColumnScales& scales, const Store& to,
                std::int8_t* out);

/// out[i] = clamp(zero point + (values[i] - in_zero_point) * scale).
void scale_values(const std::int8_t* values, std::size_t count, std::int32_t in_zero_point,
                  const FixedPoint& scale, const Store& to, std::int8_t* out);

/// out[i] = clamp(zero point + (a[i] and b[i] less their zero points, times their multipliers,
/// added up, over 2^shift)).
struct Addend {
  std::int64_t zero_point = 0;
  std::int64_t multiplier = 1;
};
void add_scaled(const std::int8_t* a, const std::int8_t* b, std::size_t count, const Addend& of_a,
                const Addend& of_b, std::int32_t shift, const Store& to, std::int8_t* out);

}  // namespace systole
