#pragma once

#include <optional>

#include "arch/isa/row_loop.h"

namespace systole {

// Row loops that programs are full of, with the fields that say which one is meant. Each is a
// recipe: a list of stages, a store, and the class of work whose pace it has.

/// Where a recipe puts its results, and what becomes of each: a store (row_loop.h) and its place.
/// What a recipe reads from the unified buffer is of `type`, too (but for biases and tables).
struct Destination {
  Operand out;
  std::int64_t pitch = 0;
  DataType type = DataType::Int8;
  std::int32_t zero_point = 0;
  float low = -std::numeric_limits<float>::infinity();
  float high = std::numeric_limits<float>::infinity();
  RealFunction function = RealFunction::None;

  [[nodiscard]] Store store(float steps = 1) const {
    return {.pitch = pitch,
            .type = type,
            .zero_point = zero_point,
            .low = low,
            .high = high,
            .function = function,
            .steps = steps};
  }
};

/// Puts a loop together: operands get their numbers, stages their places.
class RowLoopWriter {
 public:
  using Value = std::int32_t;

  RowLoopWriter(std::int64_t rows, std::int64_t cols) : loop_{.rows = rows, .cols = cols} {}

  void begin_at(std::int64_t first) { loop_.first = first; }
  void take_sums_from(std::int64_t accumulator) { loop_.accumulator = accumulator; }

  /// The number of an operand; the same one for the same place.
  std::int32_t operand(const Operand& operand);
  /// kNoOperand for none.
  std::int32_t operand(const std::optional<Operand>& operand) {
    return operand ? this->operand(*operand) : kNoOperand;
  }
  Value add(Stage stage);
  [[nodiscard]] RowLoop store(const Destination& to, LoopClass cost, float steps = 1) &&;

 private:
  RowLoop loop_;
  RowBody body_;
};

/// accumulators -> unified buffer: q = clamp(zero_point + scale(acc + bias[col])), where `factors`
/// (of ColumnScaleStage, when factors.tensor != kNoTensor) has a scale for each column; with a
/// lookup table (256 int8 entries at `lookup`, when lookup.tensor != kNoTensor) the stored value is
/// table[q + 128] instead. `bias` points at `cols` little-endian int32 values; without one nothing
/// is added.
struct Requantize {
  std::int64_t accumulator = 0;
  std::int64_t rows = 0;
  std::int64_t cols = 0;
  std::optional<Operand> bias;
  FixedPoint scale;
  Operand factors;
  Operand lookup;
  Destination to;

  operator RowLoop() const;  // NOLINT(google-explicit-constructor): it is one
};

/// unified buffer -> unified buffer, element by element. int8:
/// q = clamp(zero_point + scale(x - in_zero_point)), then the lookup table as in Requantize.
/// Floating: v = x; in_zero_point, scale and lookup stay at their defaults.
struct Rescale {
  Operand in;
  std::int64_t in_pitch = 0;
  std::int64_t rows = 0;
  std::int64_t cols = 0;
  std::int32_t in_zero_point = 0;
  FixedPoint scale;
  Operand lookup;
  Destination to;

  operator RowLoop() const;  // NOLINT(google-explicit-constructor): it is one
};

/// int8: q = clamp(zero_point + round_half_away(((a - a_zero) * a_multiplier + (b - b_zero) *
/// b_multiplier) / 2^shift)); one rounding for the sum. Floating: v = a + b in binary32; the zero
/// points, multipliers and shift stay at their defaults.
struct Add {
  Operand a;
  std::int64_t a_pitch = 0;
  std::int32_t a_zero_point = 0;
  std::int64_t a_multiplier = 0;
  Operand b;
  std::int64_t b_pitch = 0;
  std::int32_t b_zero_point = 0;
  std::int64_t b_multiplier = 0;
  std::int32_t shift = 0;
  std::int64_t rows = 0;
  std::int64_t cols = 0;
  Destination to;

  operator RowLoop() const;  // NOLINT(google-explicit-constructor): it is one
};

/// Pools output positions first .. first + count - 1 of `window`, `window.channels` channels each,
/// as the stage does (row_loop.h). The output of a maximum is quantised as the input: scale,
/// in_zero_point and count_padding are unused.
struct Pool {
  PoolKind kind = PoolKind::Max;
  Window window;
  std::int64_t first = 0;
  std::int64_t count = 0;
  std::int32_t in_zero_point = 0;
  FixedPoint scale;
  bool count_padding = false;
  Destination to;

  operator RowLoop() const;  // NOLINT(google-explicit-constructor): it is one
};

/// Row-wise softmax over `cols` values. int8: d = max - x, e = table[d] (256 little-endian int32
/// entries at `table`), q = clamp(zero_point + floor((2 * 256 * e + sum) / (2 * sum))). Output
/// scale 1/256. Floating, without a table: e_i = exp(x_i - max) as docs/numerics.md computes it,
/// v_i = e_i / s, s = ((0 + e_0) + e_1) + ...
struct Softmax {
  Operand in;
  std::int64_t in_pitch = 0;
  std::int64_t rows = 0;
  std::int64_t cols = 0;
  Operand table;
  Destination to;

  operator RowLoop() const;  // NOLINT(google-explicit-constructor): it is one
};

/// accumulators of fp32 sums -> unified buffer: v = (acc + bias[col]) * scale, one addition and one
/// multiplication in binary32, to a destination of a floating type. `bias` points at `cols`
/// little-endian fp32 values; without one nothing is added.
struct Convert {
  std::int64_t accumulator = 0;
  std::int64_t rows = 0;
  std::int64_t cols = 0;
  std::optional<Operand> bias;
  float scale = 1;
  Destination to;

  operator RowLoop() const;  // NOLINT(google-explicit-constructor): it is one
};

}  // namespace systole
