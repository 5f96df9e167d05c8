#pragma once

#include <cmath>
#include <cstdint>
#include <span>
#include <vector>

#include "arch/isa/float_format.h"
#include "arch/isa/row_loop.h"
#include "sim/vector/real_functions.h"

namespace systole {

using Reals = std::vector<float>;

/// Packed little-endian elements become binary32 numbers, which hold them all exactly.
class RealReader {
 public:
  explicit RealReader(DataType type)
      : format_(float_format(type)), bytes_(static_cast<std::size_t>(bytes_of(type))) {}

  void read(std::span<const std::int8_t> packed, Reals& reals) const {
    reals.clear();
    for (std::size_t at = 0; at < packed.size(); at += bytes_) {
      std::uint32_t pattern = 0;
      for (std::size_t byte = bytes_; byte-- > 0;) {
        pattern = pattern << 8U | static_cast<std::uint8_t>(packed[at + byte]);
      }
      reals.push_back(decoded(format_, pattern));
    }
  }

 private:
  FloatFormat format_;
  std::size_t bytes_;
};

/// Clamps, applies the function, rounds and packs.
class RealWriter {
 public:
  explicit RealWriter(const Store& to)
      : to_(to), format_(float_format(to.type)), bytes_(bytes_of(to.type)) {}

  void append(float value, std::vector<std::int8_t>& packed) const {
    const float clamped = value < to_.low ? to_.low : (value > to_.high ? to_.high : value);
    std::uint32_t pattern = rounded(format_, applied(to_.function, clamped));
    for (std::int64_t byte = 0; byte < bytes_; ++byte, pattern >>= 8U) {
      packed.push_back(static_cast<std::int8_t>(pattern & 255U));
    }
  }

 private:
  Store to_;
  FloatFormat format_;
  std::int64_t bytes_;
};

/// The larger one; `kept` where they are equal or `kept` is a NaN.
inline float larger(float kept, float x) {
  return kept < x || std::isnan(x) ? x : kept;
}

}  // namespace systole
