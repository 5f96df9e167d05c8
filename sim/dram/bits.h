#pragma once

#include <bit>
#include <cstdint>

namespace systole {

/// Of a number below `count`, a power of two.
[[nodiscard]] inline int bits_of(std::int64_t count) {
  return std::countr_zero(static_cast<std::uint64_t>(count));
}

}  // namespace systole
