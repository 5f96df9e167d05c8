#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace systole {

/// Numbers that depend on a seed, a name and a position alone: word i is the i-th output of
/// SplitMix64 (Steele, Lea, Flood, OOPSLA 2014) started at a key mixed from seed and name. Equal on
/// every machine, and any part can be made without the parts before it.
class RandomStream {
 public:
  RandomStream(std::uint64_t seed, std::string_view name);

  [[nodiscard]] std::uint64_t word(std::uint64_t index) const;
  /// Fills with integers uniform in -127..127: four a word, 16 bits each (mean off by 0.002).
  void fill_int8(std::span<std::int8_t> values) const;
  /// An integer uniform in -limit..limit; `limit` in 0..2^31.
  [[nodiscard]] std::int64_t symmetric(std::uint64_t index, std::int64_t limit) const;

 private:
  std::uint64_t key_;
};

/// Variance of the integers of `fill_int8`: (255^2 - 1) / 12.
inline constexpr double kInt8Variance = (255.0 * 255.0 - 1.0) / 12.0;

}  // namespace systole
