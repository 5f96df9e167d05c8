#include "arch/isa/recipes.h"

#include <gtest/gtest.h>

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

}  // namespace
}  // namespace systole
