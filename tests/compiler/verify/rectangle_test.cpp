#include "compiler/verify/rectangle.h"

#include <map>
#include <random>
#include <set>

#include <gtest/gtest.h>

namespace systole::verification {
namespace {

std::multiset<std::int64_t> bytes_of(const Rectangle& rectangle) {
  std::multiset<std::int64_t> bytes;
  for (std::int64_t row = 0; row < rectangle.rows; ++row) {
    for (std::int64_t byte = 0; byte < rectangle.row_bytes; ++byte) {
      bytes.insert(rectangle.base + row * rectangle.pitch + byte);
    }
  }
  return bytes;
}

std::multiset<std::int64_t> bytes_of(const Rectangles& rectangles) {
  std::multiset<std::int64_t> bytes;
  for (const Rectangle& rectangle : rectangles) {
    bytes.merge(bytes_of(rectangle));
  }
  return bytes;
}

TEST(Rectangle, JoinsRowsThatTouch) {
  const Rectangle joined = rectangle(10, 3, 4, 4);
  EXPECT_EQ(joined, (Rectangle{.base = 10, .rows = 1, .row_bytes = 12, .pitch = 12}));
  EXPECT_EQ(rectangle(10, 1, 4, 99),
            (Rectangle{.base = 10, .rows = 1, .row_bytes = 4, .pitch = 4}));
  const Rectangle apart = rectangle(10, 3, 4, 5);
  EXPECT_EQ(apart, (Rectangle{.base = 10, .rows = 3, .row_bytes = 4, .pitch = 5}));
  EXPECT_EQ(apart.end(), 10 + 2 * 5 + 4);
  EXPECT_EQ(apart.bytes(), 3 * 4);
}

/// Against sets of bytes: every pair of shapes, pitches equal and different, wrapped and not.
TEST(Rectangle, IntersectsAndSubtractsAsSetsOfBytes) {
  std::mt19937_64 random(3);
  const auto below = [&](std::uint64_t limit) {
    return static_cast<std::int64_t>(random() % limit);
  };
  const auto any = [&](std::int64_t pitch) {
    const std::int64_t row_bytes = 1 + below(static_cast<std::uint64_t>(pitch));
    return rectangle(below(40), 1 + below(6), row_bytes, pitch);
  };
  int touching = 0;
  for (int round = 0; round < 20000; ++round) {
    const std::int64_t pitch = 1 + below(9);
    const Rectangle one = any(pitch);
    const Rectangle other = any(random() % 2 == 0 ? pitch : 1 + below(9));
    const auto ones = bytes_of(one);
    const auto others = bytes_of(other);
    std::multiset<std::int64_t> common;
    std::multiset<std::int64_t> rest;
    for (const std::int64_t byte : ones) {
      (others.contains(byte) ? common : rest).insert(byte);
    }
    ASSERT_EQ(bytes_of(intersection(one, other)), common) << round;
    ASSERT_EQ(common_bytes(one, other), static_cast<std::int64_t>(common.size())) << round;
    ASSERT_EQ(bytes_of(difference(one, other)), rest) << round;
    touching += common.empty() ? 0 : 1;
  }
  EXPECT_GT(touching, 5000);
}

/// What is left of a column under one of half its pitch: rows before it, behind it, and of each
/// row that it meets the part beside it.
TEST(Rectangle, LeavesRowsThatLoseTheSameTogether) {
  const Rectangle from = rectangle(0, 100, 32, 512);
  const Rectangle what = rectangle(20 * 512 + 16, 100, 32, 256);
  EXPECT_EQ(difference(from, what),
            (Rectangles{rectangle(0, 20, 32, 512), rectangle(20 * 512, 50, 16, 512),
                        rectangle(70 * 512, 30, 32, 512)}));
}

/// Every pair of small rectangles: what columns tell apart shares no byte.
TEST(Columns, TellApartOnlyWhatSharesNothing) {
  std::vector<Rectangle> all;
  for (std::int64_t base = 0; base < 7; ++base) {
    for (std::int64_t rows = 1; rows < 4; ++rows) {
      for (std::int64_t row_bytes = 1; row_bytes < 4; ++row_bytes) {
        for (std::int64_t pitch = row_bytes; pitch < 6; ++pitch) {
          all.push_back(rectangle(base, rows, row_bytes, pitch));
        }
      }
    }
  }
  int told_apart = 0;
  for (const Rectangle& one : all) {
    for (const Rectangle& other : all) {
      if (are_beside(columns_of(one), columns_of(other))) {
        EXPECT_EQ(common_bytes(one, other), 0);
        ++told_apart;
      }
    }
  }
  EXPECT_GT(told_apart, 1000);
}

}  // namespace
}  // namespace systole::verification
