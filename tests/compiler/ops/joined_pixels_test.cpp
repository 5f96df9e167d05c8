#include "compiler/ops/joined_pixels.h"

#include <algorithm>
#include <vector>

#include <gtest/gtest.h>

namespace systole {
namespace {

const std::vector<std::int64_t> kSizes{3, 1, 5, 2};

/// By a look at every row.
std::pair<std::int64_t, std::int64_t> looked_up(const JoinedPixels& joined, std::int32_t input,
                                                std::int64_t first, std::int64_t last) {
  std::int64_t lowest = 100;
  std::int64_t highest = -1;
  for (std::int64_t row = first; row <= last; ++row) {
    const PixelSource source = joined({.row = row, .col = 0});
    if (source.input == input) {
      lowest = std::min(lowest, source.at.row);
      highest = std::max(highest, source.at.row);
    }
  }
  return {lowest, highest};
}

TEST(JoinedPixels, ComeFromTheInputsOneBehindTheOther) {
  const JoinedPixels rows(kSizes, false);
  const JoinedPixels columns(kSizes, true);
  std::int64_t place = 0;
  for (std::size_t input = 0; input < kSizes.size(); ++input) {
    for (std::int64_t own = 0; own < kSizes[input]; ++own, ++place) {
      const PixelSource row = rows({.row = place, .col = 7});
      EXPECT_EQ(row.input, static_cast<std::int32_t>(input));
      EXPECT_EQ(row.at.row, own);
      EXPECT_EQ(row.at.col, 7);
      const PixelSource column = columns({.row = 7, .col = place});
      EXPECT_EQ(column.input, static_cast<std::int32_t>(input));
      EXPECT_EQ(column.at.row, 7);
      EXPECT_EQ(column.at.col, own);
    }
  }
}

TEST(JoinedPixels, SayWhichRowsABandHasOfEachInput) {
  const JoinedPixels joined(kSizes, false);
  for (std::int64_t first = 0; first < 11; ++first) {
    for (std::int64_t last = first; last < 11; ++last) {
      for (std::size_t input = 0; input < kSizes.size(); ++input) {
        const auto wanted = looked_up(joined, static_cast<std::int32_t>(input), first, last);
        const auto rows = joined.rows_of(input, first, last);
        if (wanted.second < 0) {
          EXPECT_LT(rows.second, rows.first);
        } else {
          EXPECT_EQ(rows, wanted) << first << " to " << last << " of input " << input;
        }
      }
    }
  }
  EXPECT_EQ(JoinedPixels(kSizes, true).rows_of(2, 4, 6),
            (std::pair<std::int64_t, std::int64_t>{4, 6}));
}

}  // namespace
}  // namespace systole
