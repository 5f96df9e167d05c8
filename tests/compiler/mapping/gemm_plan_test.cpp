#include "compiler/mapping/gemm_plan.h"

#include <gtest/gtest.h>

#include "tests/compiler/mapping/round_chip.h"

namespace systole {
namespace {

using testing::round_chip;

ChipSpec with_units(std::int64_t units) {
  ChipSpec chip = round_chip();  // 8 x 4
  chip.matrix.count = units;
  return chip;
}

struct Planned {
  GemmPlan plan;
  GemmCost cost;
};
Planned planned(std::int64_t units, const GemmShape& gemm) {
  const ChipSpec chip = with_units(units);
  const TileGrid grid = tile_grid(chip, gemm);
  const GemmPlan plan = gemm_plan(chip, grid, DataType::Int8, gemm.m);
  return {plan, plan_cost(chip, grid, DataType::Int8, gemm.m, plan)};
}

TEST(GemmPlan, OfOneUnitIsWhatTheUnitDoes) {
  const ChipSpec chip = with_units(1);
  const GemmShape gemm{.m = 33, .k = 24, .n = 11};
  const TileGrid grid = tile_grid(chip, gemm);
  const GemmLoops loops = gemm_loops(chip, grid, DataType::Int8, gemm.m);
  const GemmCost alone = gemm_cost(chip, grid, DataType::Int8, gemm.m, loops);
  const auto [plan, cost] = planned(1, gemm);
  EXPECT_EQ(plan.whole.slices, 3);
  EXPECT_EQ(plan.rest.slices, 0);
  EXPECT_EQ(cost.array, alone.array);
  EXPECT_EQ(cost.vector, alone.vector);
  EXPECT_EQ(cost.weights, alone.weights);
  EXPECT_EQ(cost.weight_bytes, alone.weight_bytes);
}

TEST(GemmPlan, UnitsTakeAnOutputSliceEachAndNoWeightTwice) {
  // 8 slices of 4 columns, one tile each: 4 units take two, of 32 positions.
  const auto [plan, cost] = planned(4, {.m = 32, .k = 8, .n = 32});
  EXPECT_EQ(plan.whole.slices, 8);
  EXPECT_EQ(plan.rest.slices, 0);
  EXPECT_EQ(cost.array, CoreCycles(2 * 32));
  EXPECT_EQ(cost.weight_bytes, Bytes(8 * 32));
}

TEST(GemmPlan, WhatIsLeftOverIsCutIntoPartsOfItsPositions) {
  // 5 slices: four side by side, and a quarter of the fifth's positions for each unit.
  const auto [plan, cost] = planned(4, {.m = 256, .k = 64, .n = 20});
  EXPECT_EQ(plan.whole.slices, 4);
  EXPECT_EQ(plan.rest.slices, 1);
  EXPECT_EQ(plan.rest.parts, 4);
  EXPECT_EQ(cost.array * 4, planned(4, {.m = 256, .k = 64, .n = 16}).cost.array * 5);
}

TEST(GemmPlan, FewPositionsAreNotWorthLoadingWeightsTwice) {
  // A tile takes 8 cycles to load, however few positions stream.
  const auto [plan, cost] = planned(4, {.m = 4, .k = 64, .n = 4});
  EXPECT_EQ(plan.rest.slices, 1);
  EXPECT_EQ(plan.rest.parts, 1);
  EXPECT_EQ(cost.weight_bytes, Bytes(64 * 4));
}

TEST(GemmPlan, MorePartsThanPositionsThereAreNot) {
  const auto [plan, cost] = planned(4, {.m = 2, .k = 8, .n = 4});
  EXPECT_LE(plan.rest.parts, 2);
}

TEST(GemmPlan, MoreUnitsAreNeverEstimatedSlower) {
  for (const std::int64_t m : {1, 7, 32, 100, 1000}) {
    for (const std::int64_t n : {1, 4, 9, 16, 30}) {
      for (const std::int64_t groups : {1, 3}) {
        const GemmShape gemm{.groups = groups, .m = m, .k = 40, .n = n};
        for (std::int64_t units = 2; units <= 4; ++units) {
          EXPECT_LE(planned(units, gemm).cost.score(), planned(1, gemm).cost.score())
              << m << " " << n << " " << units;
        }
      }
    }
  }
}

}  // namespace
}  // namespace systole
