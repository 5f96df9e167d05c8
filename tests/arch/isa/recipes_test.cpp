#include "arch/isa/recipes.h"

#include <gtest/gtest.h>

#include "arch/isa/program_operands.h"

namespace systole {
namespace {

/// Networks may say of a maximum that padding counts; there is nothing to divide.
TEST(Recipes, AnAverageAloneCountsPadding) {
  const auto counts = [](PoolKind kind) {
    const RowLoop loop = Pool{.kind = kind, .count = 1, .count_padding = true};
    return std::get<WindowStage>(loop.stages().front()).count_padding;
  };
  EXPECT_TRUE(counts(PoolKind::Average));
  EXPECT_FALSE(counts(PoolKind::Max));
}

TEST(Recipes, SumsAreScaledTogetherOrColumnByColumn) {
  Requantize requantize{
      .rows = 2, .cols = 3, .bias = Operand{}, .scale = {.multiplier = 5, .shift = 2}};
  const RowLoop together = requantize;
  EXPECT_EQ(std::get<ScaleStage>(together.stages()[1]).scale, requantize.scale);
  EXPECT_EQ(together.operands.size(), 1U);
  requantize.factors = {.address = 64, .tensor = 3, .offset = 8};
  const RowLoop by_column = requantize;
  const auto& stage = std::get<ColumnScaleStage>(by_column.stages()[1]);
  EXPECT_EQ(stage.of, 0);
  EXPECT_EQ(by_column.operand(stage.factors), requantize.factors);
  // A pair of int32 for each of 3 columns.
  const StageRead read = read_of(by_column.stages()[1], by_column);
  EXPECT_EQ(read.what, StageRead::What::Parameter);
  EXPECT_EQ(read.row_bytes, 3 * 8);
}

}  // namespace
}  // namespace systole
