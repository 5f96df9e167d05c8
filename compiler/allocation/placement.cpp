#include "compiler/allocation/placement.h"

#include <algorithm>
#include <numeric>

#include "arch/units/units.h"

namespace systole {

namespace {

bool live_together(const BlockRequest& a, const BlockRequest& b) {
  return a.first <= b.last && b.first <= a.last;
}

/// Lowest address at which `bytes` fit between the occupied intervals (sorted by address).
std::int64_t lowest_gap(std::vector<std::pair<std::int64_t, std::int64_t>> occupied,
                        std::int64_t bytes, std::int64_t alignment) {
  std::sort(occupied.begin(), occupied.end());
  std::int64_t address = 0;
  for (const auto& [begin, end] : occupied) {
    if (address + bytes <= begin) {
      break;
    }
    address = std::max(address, round_up(end, alignment));
  }
  return address;
}

}  // namespace

Placement place(const std::vector<BlockRequest>& blocks, std::int64_t capacity,
                std::int64_t alignment) {
  std::vector<std::size_t> order(blocks.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return blocks[a].bytes > blocks[b].bytes; });
  Placement result{.addresses = std::vector<std::int64_t>(blocks.size(), -1), .failed = {}};
  std::vector<std::size_t> placed;
  for (const std::size_t index : order) {
    std::vector<std::pair<std::int64_t, std::int64_t>> occupied;
    for (const std::size_t other : placed) {
      if (live_together(blocks[index], blocks[other])) {
        occupied.emplace_back(result.addresses[other],
                              result.addresses[other] + blocks[other].bytes);
      }
    }
    const std::int64_t address = lowest_gap(std::move(occupied), blocks[index].bytes, alignment);
    if (address + blocks[index].bytes > capacity) {
      result.failed = index;
      return result;
    }
    result.addresses[index] = address;
    placed.push_back(index);
  }
  return result;
}

}  // namespace systole
