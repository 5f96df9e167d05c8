#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace systole::reference {

/// How many bits of a source byte may meet int8 weights in one oneDNN run so that every step of
/// any of its int8 kernels is exact. Two things limit them:
///
///  1. Without VNNI, oneDNN adds two neighbouring products in a *saturating* int16 (vpmaddubsw),
///  and
///     2 * 255 * 128 does not fit. 7 bits do: 2 * 127 * 128 = 32512 <= 32767.
///  2. Some kernels convert the int32 sum to float32 before they store it as int32. Sums of at most
///     2^24 survive that.
///
/// A source that may not be used whole is cut into slices of that many bits, low bits first; the
/// caller adds the slices' results, each shifted back to its place. Exact on every machine, at the
/// price of one run per slice.

inline constexpr int kByteBits = 8;
/// The limit of machines without VNNI.
inline constexpr int kPairSafeBits = 7;

/// kByteBits where the instruction set that oneDNN uses on this machine has AVX-512 VNNI,
/// kPairSafeBits elsewhere (AVX-VNNI included: not all of oneDNN 2.6 uses it).
[[nodiscard]] int machine_source_bits();

/// The largest |sum| that a source of ones and zeros can reach in any column of weights
/// [group][k][n]: the larger of the positive and the negative weights' sums. Also its column sums.
struct WeightSums {
  std::int64_t largest_partial = 0;
  std::vector<std::int32_t> columns;  ///< sum over k for each of groups x n output channels
};
[[nodiscard]] WeightSums weight_sums(std::span<const std::int8_t> weights, std::int64_t groups,
                                     std::int64_t k, std::int64_t n);

/// The largest slice width (1..limit) with (2^width - 1) * largest_partial <= 2^24.
[[nodiscard]] int slice_bits(std::int64_t largest_partial, int limit);

/// (byte >> first) & (2^bits - 1) of every byte.
[[nodiscard]] std::vector<std::uint8_t> slice(std::span<const std::uint8_t> bytes, int first,
                                              int bits);

}  // namespace systole::reference
