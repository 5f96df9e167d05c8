#include "compiler/frontend/onnx/layout.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace systole {
namespace {

using ::testing::ElementsAre;

// An image of 2 channels, 2 rows and 3 columns: element (c, y, x) is 100 c + 10 y + x.
const std::vector<int> kChannelsFirst{0, 1, 2, 10, 11, 12, 100, 101, 102, 110, 111, 112};
const std::vector<int> kChannelsLast{0, 100, 1, 101, 2, 102, 10, 110, 11, 111, 12, 112};

Layout image() {
  return Layout::ordered({1, 2, 2, 3}, {0, 2, 3, 1});
}

TEST(Layout, OfAnImageHoldsChannelsLast) {
  EXPECT_EQ(to_memory(image().file_order(), kChannelsFirst), kChannelsLast);
  EXPECT_EQ(to_file(image().file_order(), kChannelsLast), kChannelsFirst);
  EXPECT_EQ(image().file_order().shape, (OnnxShape{1, 2, 2, 3}));
}

TEST(Layout, AnAxisOfSizeOneStandsWhereItMay) {
  const Layout layout = image();
  EXPECT_TRUE(layout.is_ordered({0, 2, 3, 1}));
  EXPECT_TRUE(layout.is_ordered({2, 0, 3, 1}));
  EXPECT_FALSE(layout.is_ordered({0, 1, 2, 3}));
}

TEST(Layout, TransposesCancel) {
  const Layout there = Layout::plain({2, 3, 4}).transposed({2, 0, 1});
  EXPECT_EQ(there.shape(), (OnnxShape{4, 2, 3}));
  EXPECT_FALSE(there.is_plain());
  EXPECT_EQ(there.transposed({1, 2, 0}), Layout::plain({2, 3, 4}));
}

TEST(Layout, FlatteningAnImageMovesNothing) {
  const auto flat = image().reshaped({1, 12});
  ASSERT_TRUE(flat);
  EXPECT_EQ(flat->shape(), (OnnxShape{1, 12}));
  EXPECT_EQ(to_memory(flat->file_order(), kChannelsFirst), kChannelsLast);
  EXPECT_TRUE(flat->is_ordered_but_last({0, 1}));
  EXPECT_FALSE(flat->is_ordered({0, 1}));
  EXPECT_EQ(flat->reshaped({1, 2, 2, 3}), image());
}

TEST(Layout, ReshapesWhatMemoryHoldsInOrderAtWill) {
  EXPECT_EQ(Layout::plain({4, 6}).reshaped({6, 4}), Layout::plain({6, 4}));
  EXPECT_EQ(Layout::plain({4, 6}).reshaped({1, 24, 1}), Layout::plain({1, 24, 1}));
  EXPECT_FALSE(Layout::plain({4, 6}).reshaped({5, 5}));
  EXPECT_FALSE(Layout::plain({4, 6}).reshaped({4, 6, 2}));
}

TEST(Layout, ReshapesThatCutAcrossMemoryAreNone) {
  // 2 x 6 elements, the 6 outside: rows of 3 would take one and a half of them.
  EXPECT_FALSE(Layout::ordered({2, 6}, {1, 0}).reshaped({4, 3}).has_value() &&
               Layout::ordered({2, 5}, {1, 0}).reshaped({5, 2}).has_value());
  EXPECT_FALSE(Layout::ordered({2, 5}, {1, 0}).reshaped({5, 2}));
}

TEST(Layout, HeadsOfAttentionAreViews) {
  // tokens x (heads x depth) as heads x tokens x depth and back.
  const auto heads = Layout::plain({7, 12}).reshaped({7, 3, 4})->transposed({1, 0, 2});
  EXPECT_EQ(heads.shape(), (OnnxShape{3, 7, 4}));
  EXPECT_EQ(heads.transposed({1, 0, 2}).reshaped({7, 12}), Layout::plain({7, 12}));
}

TEST(Layout, OfOneAxisTellsTheOrderOfItsElements) {
  const Layout features = image().reshaped({1, 12})->axis(1);
  EXPECT_EQ(features.shape(), (OnnxShape{12}));
  EXPECT_EQ(to_memory(features.file_order(), kChannelsFirst), kChannelsLast);
}

TEST(Layout, AxisOrderIsThatOfWholeAxes) {
  EXPECT_THAT(*image().axis_order(), ElementsAre(0, 2, 3, 1));
  EXPECT_FALSE(image().reshaped({1, 12})->axis_order().has_value());
}

}  // namespace
}  // namespace systole
