#include "reference/compare/summation_order.h"

#include <gtest/gtest.h>

#include "arch/diag/error.h"
#include "tests/reference/small_network.h"

namespace systole {
namespace {

/// A convolution of 2 images of 2 x 3 pixels, 5 channels to 4, and a view behind it.
class SummationOrders : public testing::Test {
 protected:
  void SetUp() override {
    builder.type = DataType::Bf16;
    const auto x = builder.input("x", {2, 2, 3, 5}, {});
    const auto y = builder.node("y", Conv2d{}, {x}, {2, 2, 3, 4}, {});
    builder.node("flat", Flatten{}, {y}, {2, 1, 1, 24}, {});
    program.batch = 2;
    program.layers.resize(2);
    program.tensors = {{.name = "x",
                        .role = TensorRole::Input,
                        .type = DataType::Bf16,
                        .pixels = 12,
                        .channels = 5}};
    program.tiles = {{.layer = 0, .k_first = 0, .rows = 3, .n_first = 1, .cols = 2},
                     {.layer = 0, .k_first = 3, .rows = 2, .n_first = 1, .cols = 2}};
  }
  /// A fold over `count` positions of a band of whole rows that begins with row 1 of image 1.
  void add_fold(std::int64_t first, std::int64_t count, bool drain) {
    Fold fold{.rows = 3, .cols = 2, .drain = drain, .first = first, .count = count};
    fold.window.edit().source = {.tensor = 0, .offset = (6 + 3) * 5 * 2};
    fold.window.edit().out_rows = 1;
    fold.window.edit().out_cols = 3;
    fold.window.edit().first_out_row = 1;
    program.stream(EngineKind::Matrix).push_back({.layer = 0, .operation = fold});
  }

  GraphByHand builder;
  Program program;
};

TEST_F(SummationOrders, HaveAPartForEachRowOfTiles) {
  add_fold(0, 3, true);
  const auto orders = summation_orders(builder.graph, program);
  ASSERT_EQ(orders.size(), 2U);
  EXPECT_EQ(orders[0].parts, (std::vector<std::int64_t>{3, 2}));
  EXPECT_TRUE(orders[0].stays.empty());
  EXPECT_TRUE(orders[1].parts.empty());
}

/// Other columns of the same pixels may be added in parts: several matrix units share a layer's
/// columns, and what each does decides.
TEST_F(SummationOrders, MarkTheSumsOfFoldsThatDoNotDrain) {
  add_fold(1, 2, false);
  std::vector<bool> expected(48, false);
  for (const std::size_t pixel : {10U, 11U}) {  // image 1, row 1, columns 1 and 2
    expected[pixel * 4 + 1] = expected[pixel * 4 + 2] = true;
  }
  EXPECT_EQ(summation_orders(builder.graph, program)[0].stays, expected);
}

/// A kernel of three columns over two positions as one is one of four: the first position has no
/// product in the last column, the second none in the first. Tiles of 16 and 4 of 20 rows.
TEST(SummationOrdersOfPositions, AreCutWhereTheirOwnWindowsAre) {
  GraphByHand builder;
  builder.type = DataType::Bf16;
  const auto x = builder.input("x", {1, 1, 6, 5}, {});
  builder.node("y", Conv2d{.kernel = {.cols = 3, .pad_left = 1, .pad_right = 1}}, {x}, {1, 1, 6, 4},
               {});
  Program program;
  program.batch = 1;
  program.layers.resize(1);
  program.tensors = {
      {.name = "x", .role = TensorRole::Input, .type = DataType::Bf16, .pixels = 6, .channels = 5}};
  program.tiles = {{.layer = 0, .k_first = 0, .rows = 8, .n_first = 0, .cols = 8},
                   {.layer = 0, .k_first = 8, .rows = 8, .n_first = 0, .cols = 8},
                   {.layer = 0, .k_first = 16, .rows = 4, .n_first = 0, .cols = 8}};
  Fold fold{.rows = 4, .cols = 6, .drain = false, .first = 1, .count = 1};
  fold.window.edit().source = {.tensor = 0, .offset = 0};
  fold.window.edit().channels = 5;
  fold.window.edit().kernel_cols = 4;
  fold.window.edit().stride_cols = 2;
  fold.window.edit().out_cols = 3;
  program.stream(EngineKind::Matrix).push_back({.layer = 0, .operation = fold});
  const reference::SummationOrder order = summation_orders(builder.graph, program)[0];
  EXPECT_EQ(order.side_by_side, (std::vector<std::vector<std::int64_t>>{{8, 7, 0}, {3, 8, 4}}));
  std::vector<bool> stays(24, false);  // the third position's four channels, the fourth's first two
  std::fill_n(stays.begin() + 8, 6, true);
  EXPECT_EQ(order.stays, stays);
}

/// Two of four groups of three channels in a tile: rows of one, then of the other, for each element
/// of the kernel.
TEST(SummationOrdersOfGroups, AreCutWhereTheirOwnChannelsAre) {
  GraphByHand builder;
  builder.type = DataType::Bf16;
  const auto x = builder.input("x", {1, 1, 6, 12}, {});
  builder.node("y", Conv2d{.kernel = {.cols = 2, .pad_right = 1}, .groups = 4}, {x}, {1, 1, 6, 4},
               {});
  Program program;
  program.batch = 1;
  program.layers.resize(1);
  program.tiles = {{.layer = 0, .k_first = 0, .rows = 7, .n_first = 0, .cols = 2},
                   {.layer = 0, .k_first = 7, .rows = 5, .n_first = 0, .cols = 2}};
  Fold fold{.rows = 7, .cols = 2, .first = 0, .count = 6};
  fold.window.edit().out_cols = 6;
  program.stream(EngineKind::Matrix).push_back({.layer = 0, .operation = fold});
  EXPECT_EQ(summation_orders(builder.graph, program)[0].side_by_side,
            (std::vector<std::vector<std::int64_t>>{{4, 2}, {3, 3}}));
}

TEST_F(SummationOrders, OfAnotherNetworkAreAnError) {
  program.layers.resize(1);
  EXPECT_THROW(static_cast<void>(summation_orders(builder.graph, program)), InternalError);
}

TEST_F(SummationOrders, OfTilesThatDisagreeAreAnError) {
  program.tiles.push_back({.layer = 0, .k_first = 3, .rows = 1});
  EXPECT_THROW(static_cast<void>(summation_orders(builder.graph, program)), InternalError);
}

}  // namespace
}  // namespace systole
