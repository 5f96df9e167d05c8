#pragma once

#include <cstdint>
#include <vector>

#include "arch/isa/recipes.h"
#include "compiler/graph/graph.h"

namespace systole {

/// Limits of the stored int8 value for an activation in its output's quantisation.
struct Clamp {
  std::int32_t low = -128;
  std::int32_t high = 127;
};
[[nodiscard]] Clamp clamp_of(ActivationKind activation, const Quantization& output);

/// A sigmoid or tanh of int8 is a table; of other types the vector unit computes it.
[[nodiscard]] bool uses_lookup(const FusedActivation& activation, DataType type);

/// What becomes of a layer's results on their way to `out`, whose rows are `pitch` bytes apart:
/// `target` is their quantisation (before a lookup, if there is one), which only int8 has.
[[nodiscard]] Destination destination_of(const Operand& out, std::int64_t pitch, DataType type,
                                         ActivationKind activation, const Quantization& target);

/// Two scales with one shift: the larger multiplier has 31 bits, the smaller is rounded.
struct SharedShift {
  std::int64_t a_multiplier = 0;
  std::int64_t b_multiplier = 0;
  std::int32_t shift = 0;
};
[[nodiscard]] SharedShift to_shared_shift(double a, double b);

/// table[q + 128] = clamp(round(f(scale * (q - zero_point)) / output.scale) + output.zero_point)
/// for sigmoid or tanh of values quantised as `before`.
[[nodiscard]] std::vector<std::int8_t> lookup_table(ActivationKind activation,
                                                    const Quantization& before,
                                                    const Quantization& output);

/// table[d] = round(2^23 * exp(-d * input_scale)), d = 0..255.
[[nodiscard]] std::vector<std::int32_t> softmax_table(double input_scale);

}  // namespace systole
