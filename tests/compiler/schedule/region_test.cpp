#include "compiler/schedule/region.h"

#include <cstdint>
#include <set>

#include <gtest/gtest.h>

namespace systole {
namespace {

std::set<std::int64_t> bytes_of_region(const Region& region) {
  std::set<std::int64_t> bytes;
  for (std::int64_t row = 0; row < region.rows; ++row) {
    for (std::int64_t column = 0; column < region.row_bytes; ++column) {
      bytes.insert(region.base + row * region.pitch + column);
    }
  }
  return bytes;
}

bool share_a_byte(const Region& a, const Region& b) {
  const auto bytes = bytes_of_region(a);
  for (const std::int64_t byte : bytes_of_region(b)) {
    if (bytes.contains(byte)) {
      return true;
    }
  }
  return false;
}

std::vector<Region> all_small_regions(std::int64_t pitch) {
  std::vector<Region> regions;
  for (std::int64_t base = 0; base <= 14; ++base) {
    for (std::int64_t rows = 1; rows <= 4; ++rows) {
      for (std::int64_t width = 1; width <= pitch; ++width) {
        regions.push_back({.base = base, .rows = rows, .row_bytes = width, .pitch = pitch});
      }
    }
  }
  return regions;
}

TEST(RegionOverlap, IsExactForEveryPairOfOnePitch) {
  const auto regions = all_small_regions(5);
  for (const Region& a : regions) {
    for (const Region& b : regions) {
      ASSERT_EQ(overlap(a, b), share_a_byte(a, b))
          << a.base << ' ' << a.rows << 'x' << a.row_bytes << " against " << b.base << ' ' << b.rows
          << 'x' << b.row_bytes;
    }
  }
}

TEST(RegionOverlap, IsExactWhenOneIsContiguous) {
  for (const Region& a : all_small_regions(4)) {
    for (std::int64_t base = 0; base < 24; ++base) {
      for (std::int64_t bytes = 1; bytes < 8; ++bytes) {
        const Region b{.base = base, .rows = 1, .row_bytes = bytes, .pitch = 100};
        ASSERT_EQ(overlap(a, b), share_a_byte(a, b));
        ASSERT_EQ(overlap(b, a), share_a_byte(a, b));
      }
    }
  }
}

TEST(RegionOverlap, NeverMissesAByteOfDifferentPitches) {
  for (const Region& a : all_small_regions(4)) {
    for (const Region& b : all_small_regions(3)) {
      if (share_a_byte(a, b)) {
        ASSERT_TRUE(overlap(a, b));
      }
    }
  }
}

TEST(RegionOverlap, NeverMixesMemories) {
  const Region buffer{.memory = Memory::Buffer, .base = 0, .rows = 1, .row_bytes = 8, .pitch = 8};
  Region dram = buffer;
  dram.memory = Memory::Dram;
  EXPECT_TRUE(overlap(buffer, buffer));
  EXPECT_FALSE(overlap(buffer, dram));
}

}  // namespace
}  // namespace systole
