#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace systole::reference {

/// Softmax over the `channels` values of each pixel: e = round_half_away(2^23 * exp(-d * scale))
/// with d the distance to the pixel's maximum, q = clamp(-128 + floor((2 * 256 * e + sum) / (2 *
/// sum))). The result has scale 1/256 and zero point -128; the input's zero point cancels. Plain
/// code.
[[nodiscard]] std::vector<std::int8_t> softmax(std::span<const std::int8_t> values,
                                               std::int64_t channels, double input_scale);

}  // namespace systole::reference
