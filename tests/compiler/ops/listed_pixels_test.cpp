#include "compiler/ops/listed_pixels.h"

#include <algorithm>
#include <memory>
#include <random>
#include <vector>

#include <gtest/gtest.h>

namespace systole {
namespace {

constexpr std::int64_t kRows = 12;
constexpr std::int64_t kCols = 5;

/// Of three inputs of 20 rows; some pixels come from nowhere, and row 3 does as a whole.
std::shared_ptr<const std::vector<PixelSource>> any_sources() {
  std::mt19937_64 random(23);
  const auto below = [&](std::uint64_t limit) {
    return static_cast<std::int64_t>(random() % limit);
  };
  auto sources = std::make_shared<std::vector<PixelSource>>();
  for (std::int64_t pixel = 0; pixel < kRows * kCols; ++pixel) {
    sources->push_back({.input = static_cast<std::int32_t>(below(3)),
                        .at = {.row = below(20), .col = below(7)},
                        .filled = pixel / kCols == 3 || below(4) == 0});
  }
  return sources;
}

TEST(ListedPixels, ComeFromWhereTheListSays) {
  const auto sources = any_sources();
  const ListedPixels listed(sources, kCols);
  for (std::int64_t pixel = 0; pixel < kRows * kCols; ++pixel) {
    const PixelSource source = listed({.row = pixel / kCols, .col = pixel % kCols});
    const PixelSource& expected = (*sources)[static_cast<std::size_t>(pixel)];
    EXPECT_EQ(source.input, expected.input);
    EXPECT_EQ(source.at.row, expected.at.row);
    EXPECT_EQ(source.at.col, expected.at.col);
    EXPECT_EQ(source.filled, expected.filled);
  }
}

/// By a look at every pixel.
TEST(ListedPixels, SayWhichRowsABandHasOfEachInput) {
  const ListedPixels listed(any_sources(), kCols);
  for (std::int64_t first = 0; first < kRows; ++first) {
    for (std::int64_t last = first; last < kRows; ++last) {
      for (std::int32_t input = 0; input < 3; ++input) {
        std::int64_t lowest = 100;
        std::int64_t highest = -1;
        for (std::int64_t pixel = first * kCols; pixel < (last + 1) * kCols; ++pixel) {
          const PixelSource source = listed({.row = pixel / kCols, .col = pixel % kCols});
          if (source.input == input && !source.filled) {
            lowest = std::min(lowest, source.at.row);
            highest = std::max(highest, source.at.row);
          }
        }
        const auto rows = listed.rows_of(static_cast<std::size_t>(input), first, last);
        if (highest < 0) {
          EXPECT_LT(rows.second, rows.first);
        } else {
          EXPECT_EQ(rows, std::pair(lowest, highest)) << first << " to " << last << " of " << input;
        }
      }
    }
  }
  EXPECT_LT(listed.rows_of(0, 3, 3).second, 0);
  EXPECT_LT(listed.rows_of(3, 0, kRows - 1).second, 0);
}

}  // namespace
}  // namespace systole
