#pragma once

#include <cstddef>
#include <cstdint>

namespace systole {

/// What the PEs of one row of the array do in one clock cycle, PE c from lane c of each operand.
/// All state is 32-bit lanes; masks are all ones or all zeros, but for `other_mask`.

/// PEs under `takes` take their shadow register, which is then no longer full.
struct TakeRow {
  const std::uint32_t* takes;
  const std::uint32_t* shadow;
  std::uint32_t* full;
  std::uint32_t* active;
};

/// PEs whose passing value has their row as tag keep it in their shadow register.
struct KeepRow {
  const std::uint32_t* tags;
  const std::uint32_t* values;
  std::uint32_t row;
  std::uint32_t* shadow;
  std::uint32_t* full;
};

/// Output registers copy the PE's sum (NaNs as the one NaN), or hold what they have, or take what
/// moves down.
struct OutputRow {
  const std::uint32_t* copies;
  const std::uint32_t* is_float;  ///< of the sums
  const std::uint32_t* sums;
  const std::uint32_t* above_values;
  const std::uint32_t* above_moving;
  std::uint32_t* values;
  std::uint32_t* held;
  std::uint32_t* moving;
};

/// sum_out = (sum_in & keep) + left * (other & other_mask), or sum_in & keep where `adds` is zero.
/// `sum_out` may be `sum_in`.
struct MacRow {
  const std::uint32_t* left;
  const std::uint32_t* other;
  const std::uint32_t* other_mask;  ///< selects a slice of an integer, left at its place
  const std::uint32_t* keep;
  const std::uint32_t* adds;
  const std::uint32_t* is_float;  ///< read by SumMix::Both
  const std::uint32_t* sum_in;
  std::uint32_t* sum_out;
};

/// Integer sums are modulo 2^32. Floating products are rounded to binary32, then the sums are;
/// never fused; NaNs keep what payload they get.
enum class SumMix : std::uint8_t { Integers, Floats, Both };

/// The steps of one row in their order within the cycle; null where nothing is to do.
struct RowStep {
  std::size_t cols = 0;
  const OutputRow* output = nullptr;
  const TakeRow* take = nullptr;
  const MacRow* mac = nullptr;
  SumMix mix = SumMix::Integers;
  const KeepRow* keep = nullptr;
};

enum class RowHazard : std::uint8_t {
  None,
  OutputLost,      ///< a held or moving value of an output register was overwritten
  NothingToTake,   ///< a shadow register was taken that held no new value
  ShadowOverwrite  ///< a shadow register was written before its value was taken
};

[[nodiscard]] RowHazard step_row(const RowStep& step);

}  // namespace systole
