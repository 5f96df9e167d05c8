#pragma once

#include <cstdint>
#include <optional>
#include <vector>

namespace systole {

/// A block of the unified buffer that is needed from layer `first` to layer `last` inclusive.
struct BlockRequest {
  std::int64_t bytes = 0;
  std::int32_t first = 0;
  std::int32_t last = 0;
};

/// Addresses for blocks that live at the same time to lie apart: largest first, each at the lowest
/// free address, multiples of `alignment`. `failed` is the first block that found no room.
struct Placement {
  std::vector<std::int64_t> addresses;
  std::optional<std::size_t> failed;
};
[[nodiscard]] Placement place(const std::vector<BlockRequest>& blocks, std::int64_t capacity,
                              std::int64_t alignment);

}  // namespace systole
