#pragma once

#include <cstdint>
#include <span>

namespace systole {

/// The part of an operand that a PE multiplies. PEs multiply 8-bit slices: the low slice of a
/// 16-bit value v is its unsigned low byte, the high slice its signed high byte, and
/// v = 256 * high + low. Operands of up to 8 bits, and floating ones, are multiplied whole.
enum class OperandSlice : std::uint8_t { Whole, Low, High };

/// What the PEs add in: int32 modulo 2^32, or binary32 rounded to nearest even.
enum class SumKind : std::uint8_t { Int32, Fp32 };

/// What moves with a phase through the array.
struct PhaseFlags {
  bool first = false;         ///< of its fold
  bool last = false;          ///< of its fold
  bool takes_shadow = false;  ///< PEs take the waiting tile (dataflows that load one)
  bool clears = false;        ///< sums start from zero (output stationary)
  bool drains = false;        ///< with `last`: sums leave afterwards (output stationary)
  bool multiplies = true;     ///< false: occupies its cycle, and no PE multiplies
  bool is_step = true;        ///< false: a bubble between phases, which may take the shadow
};

/// One cycle's worth of streaming through an array of R x C PEs. Operands are 32-bit lanes: an
/// integer is sign-extended, a floating value is the binary32 pattern that equals it.
struct Phase {
  PhaseFlags flags;
  SumKind sums = SumKind::Int32;
  OperandSlice left_slice = OperandSlice::Whole;
  OperandSlice other_slice = OperandSlice::Whole;  ///< of the stationary operand, or of the top one
  std::span<const std::uint32_t> left;             ///< R lanes
  std::span<const std::uint32_t> top;  ///< C lanes in an output-stationary array, else none
};

}  // namespace systole
