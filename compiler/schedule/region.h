#pragma once

#include <cstdint>

#include "arch/isa/memory.h"

namespace systole {

/// A strided block of a memory: `rows` runs of `row_bytes`, `pitch` apart. Units are bytes, in the
/// accumulators entries.
struct Region {
  Memory memory = Memory::Buffer;
  std::int64_t base = 0;
  std::int64_t rows = 1;
  std::int64_t row_bytes = 0;
  std::int64_t pitch = 0;

  bool operator==(const Region&) const = default;
};

/// One past the last byte.
[[nodiscard]] std::int64_t end_of(const Region& region);

/// Whether the two share a byte. Exact when one of them is contiguous or both have one pitch;
/// otherwise it may say yes for two that interleave without touching.
[[nodiscard]] bool overlap(const Region& a, const Region& b);

}  // namespace systole
