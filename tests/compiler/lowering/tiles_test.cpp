#include "compiler/lowering/tiles.h"

#include <gtest/gtest.h>

#include "compiler/lowering/lowering_context.h"

namespace systole {
namespace {

TEST(Slices, LeaveTheRestToTheLast) {
  const auto result = slices(600, 256);
  ASSERT_EQ(result.size(), 3U);
  EXPECT_EQ(result[2].first, 512);
  EXPECT_EQ(result[2].size, 88);
}

TEST(Slices, EvenOnesDifferByLittleAndAreAsFew) {
  const auto result = even_slices(3136, 2048);
  ASSERT_EQ(result.size(), 2U);
  EXPECT_EQ(result[0].size, 1568);
  EXPECT_EQ(result[1].size, 1568);
}

TEST(TileGrid, FoldsKernelPositionsIntoTheReduction) {
  ChipSpec chip;
  chip.matrix.rows = 256;
  chip.matrix.cols = 256;
  // ResNet-50's first convolution: 7 x 7 x 3 = 147 rows of the array, one tile, not 49.
  const TileGrid grid = tile_grid(chip, {.groups = 1, .m = 12544, .k = 147, .n = 64});
  EXPECT_EQ(grid.k.size(), 1U);
  EXPECT_EQ(grid.n.size(), 1U);
}

}  // namespace
}  // namespace systole
