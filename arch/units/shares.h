#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace systole {

/// part / whole, or 0 where the whole is 0.
[[nodiscard]] double ratio(double part, double whole);

/// Shares of a whole in tenths of a percent that add up to exactly 1000 (100.0 %), by the method of
/// the largest remainder; equal remainders favour the earlier part. All zero where the sum is 0.
/// Parts must not be negative.
[[nodiscard]] std::vector<std::int64_t> tenths_of_percent(std::span<const std::int64_t> parts);

}  // namespace systole
