#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "tests/support_array/array_driver.h"
#include "tests/support_array/random_bits.h"

namespace systole::testing {

/// What folds compute, as a plain loop over their operands in the order in which an array adds;
/// knows nothing of cycles, skews or slices. One entry per fold, shaped like FoldOutcome::results.
/// Integers modulo 2^32; floats as binary32, each product and each sum rounded, one quiet NaN.
[[nodiscard]] std::vector<Lanes> expected_results(const ArrayConfig& config,
                                                  std::span<const ArrayFold> folds);

/// When folds without bubbles start, end and complete, from the closed rules alone (`results` stay
/// empty). With R rows, C columns, P phases of a fold:
///   weight- and input-stationary: a load of R cycles starts when the tile before is taken, and R
///     cycles after the load before; a fold starts R cycles after its load and not before the end
///     of the fold before; end = start + P; completion = end + R + C - 2.
///   output-stationary: start = end of the fold before; end = start + P, a draining fold's at least
///     R after the end of the draining fold before; completion = end + 2R + C - 2 where it drains,
///     else end + R + C - 2. A lone phase is first and last, so it starts when it may end.
///   overlap none: load, or start where there is none, = completion of the fold before.
[[nodiscard]] std::vector<FoldOutcome> expected_times(const ArrayConfig& config,
                                                      std::span<const ArrayFold> folds);

/// The kinds of operands that an array takes.
enum class OperandKind : std::uint8_t {
  Int4,
  Int8,
  Int16,
  Bfloat16,
  Float16,
  Float8E4M3,
  Float8E5M2
};

/// Whether operands of the kind are binary32 patterns; 16-bit integers are sliced.
[[nodiscard]] constexpr bool is_floating(OperandKind kind) {
  return kind >= OperandKind::Bfloat16;
}
[[nodiscard]] constexpr bool is_sliced(OperandKind kind) {
  return kind == OperandKind::Int16;
}

/// A random operand as its 32-bit lane; the ends of the range and, of floats, subnormals,
/// infinities and NaNs are among them.
[[nodiscard]] std::uint32_t random_lane(OperandKind kind, RandomBits& random);

[[nodiscard]] Lanes random_lanes(int rows, int cols, OperandKind kind, RandomBits& random);

/// A fold of `steps` steps of the time axis. Weight- and input-stationary: with a tile of its own,
/// which the caller may empty to keep the tile before.
[[nodiscard]] ArrayFold random_fold(const ArrayConfig& config, int steps, OperandKind left,
                                    OperandKind other, RandomBits& random);

}  // namespace systole::testing
