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

/// Every byte that the window reads, by the definition in arch/isa/instruction.h.
bool reads_inside(const Window& window, std::int64_t position, const Region& region) {
  const std::int64_t image = position / (window.out_rows * window.out_cols);
  const std::int64_t out_row = window.first_out_row + position / window.out_cols % window.out_rows;
  const std::int64_t out_col = position % window.out_cols;
  for (std::int64_t ky = 0; ky < window.kernel_rows; ++ky) {
    for (std::int64_t kx = 0; kx < window.kernel_cols; ++kx) {
      const std::int64_t row =
          out_row * window.stride_rows - window.pad_top + ky * window.dilation_rows;
      const std::int64_t col =
          out_col * window.stride_cols - window.pad_left + kx * window.dilation_cols;
      if (row < 0 || row >= window.in_rows || col < 0 || col >= window.in_cols) {
        continue;
      }
      const std::int64_t address = window.source.address + image * window.image_pitch +
                                   (row - window.first_in_row) * window.row_pitch +
                                   col * window.pixel_pitch;
      const std::int64_t pixel = (address - region.base) / region.pitch;
      if (address < region.base || pixel >= region.rows) {
        return false;
      }
    }
  }
  return true;
}

TEST(WindowRegion, HoldsEveryPixelThatAnyPositionReads) {
  const Kernel kernel{.rows = 3,
                      .cols = 2,
                      .stride_rows = 2,
                      .stride_cols = 1,
                      .pad_top = 1,
                      .pad_bottom = 2,
                      .pad_left = 1,
                      .pad_right = 0,
                      .dilation_rows = 2};
  // Rows: (7 + 3 - 2 * 2 - 1) / 2 + 1 = 3; columns: 5 + 1 - 1 = 5.
  const PlacedBand input{.tensor = 0,
                         .shape = {.batch = 3, .rows = 7, .cols = 5, .channels = 4},
                         .part = {.images = 3, .rows = 7},
                         .address = 1000};
  const PlacedBand output{.tensor = 1,
                          .shape = {.batch = 3, .rows = 3, .cols = 5, .channels = 8},
                          .part = {.images = 3, .rows = 3},
                          .address = 5000};
  const Window window = make_window(kernel, input, output, 0, 4, 0);
  const std::int64_t positions = output.pixels();
  for (std::int64_t first = 0; first < positions; ++first) {
    for (std::int64_t count = 1; first + count <= positions; ++count) {
      const Region region = window_region(window, DataType::Int8, first, count, 0, 4);
      EXPECT_GE(region.base, 1000);
      EXPECT_LE(region.base + region.rows * region.pitch, 1000 + 3 * 7 * 5 * 4);
      for (std::int64_t position = first; position < first + count; ++position) {
        ASSERT_TRUE(reads_inside(window, position, region)) << first << '+' << count;
      }
    }
  }
}

}  // namespace
}  // namespace systole
