#include "compiler/lowering/lowering_context.h"

#include <gtest/gtest.h>

namespace systole {
namespace {

/// Rows 2 and 3 of the second of two images of 5 x 4 pixels with 3 channels, at byte 1000.
PlacedBand band(DataType type) {
  return {.tensor = 7,
          .shape = {.batch = 2, .rows = 5, .cols = 4, .channels = 3},
          .type = type,
          .part = {.image = 1, .images = 1, .row = 2, .rows = 2},
          .address = 1000};
}

TEST(PlacedBand, IsPacked) {
  const PlacedBand int8 = band(DataType::Int8);
  EXPECT_EQ(int8.pixel_pitch(), 3);
  EXPECT_EQ(int8.row_pitch(), 4 * 3);
  EXPECT_EQ(int8.image_pitch(), 2 * 4 * 3);  // of the band's rows alone
  EXPECT_EQ(int8.pixels(), 2 * 4);
  const PlacedBand bf16 = band(DataType::Bf16);
  EXPECT_EQ(bf16.pixel_pitch(), 6);
  EXPECT_EQ(bf16.image_pitch(), 2 * 4 * 6);
  EXPECT_EQ(bf16.pixels(), 2 * 4);
}

/// An address counts from the band, an offset from the tensor: (1 * 5 + 2) rows of 12 elements
/// before it.
TEST(PlacedBand, KnowsWhereAnElementIsInItsTensor) {
  EXPECT_EQ(band(DataType::Int8).at(5), (Operand{.address = 1005, .tensor = 7, .offset = 89}));
  EXPECT_EQ(band(DataType::Bf16).at(5), (Operand{.address = 1010, .tensor = 7, .offset = 178}));
}

TEST(MakeWindow, WalksOverTheBandsOfInputAndOutput) {
  const PlacedBand input = band(DataType::Bf16);
  PlacedBand output = input;
  output.shape = {.batch = 2, .rows = 3, .cols = 2, .channels = 8};
  output.part = {.image = 1, .images = 1, .row = 1, .rows = 1};
  const Kernel kernel{.rows = 3, .cols = 2, .stride_rows = 2, .stride_cols = 1, .pad_top = 1};
  const Window window = make_window(kernel, input, output, 1, 2, -5);
  EXPECT_EQ(window.source, input.at(1));  // from channel 1 on
  EXPECT_EQ(window.channels, 2);
  EXPECT_EQ(window.pixel_pitch, 6);
  EXPECT_EQ(window.row_pitch, 24);
  EXPECT_EQ(window.image_pitch, 48);
  EXPECT_EQ(window.in_rows, 5);
  EXPECT_EQ(window.in_cols, 4);
  EXPECT_EQ(window.first_in_row, 2);
  EXPECT_EQ(window.out_rows, 1);
  EXPECT_EQ(window.out_cols, 2);
  EXPECT_EQ(window.first_out_row, 1);
  EXPECT_EQ(window.kernel_rows, 3);
  EXPECT_EQ(window.kernel_cols, 2);
  EXPECT_EQ(window.stride_rows, 2);
  EXPECT_EQ(window.pad_top, 1);
  EXPECT_EQ(window.pad_value, -5);
}

}  // namespace
}  // namespace systole
