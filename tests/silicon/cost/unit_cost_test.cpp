#include "silicon/cost/unit_cost.h"

#include <gtest/gtest.h>

#include "arch/diag/error.h"

namespace systole {
namespace {

constexpr PackageInputs kPackage{.substrate_area_factor = 4.0,
                                 .substrate_usd_per_mm2 = 0.005,
                                 .layers_factor = 1.0,
                                 .c4_bump_usd_per_mm2 = 0.005,
                                 .bonding_yield = 0.99,
                                 .assembly = Usd(1.0),
                                 .test_share = 0.1};
constexpr DieCost kDie{.dies_per_wafer = 160.0, .yield = 0.8, .good_die = Usd(20.0)};

TEST(PackagedDie, AddsSubstrateBumpsAssemblyTestAndWhatBondingDestroys) {
  const UnitCost unit = packaged_die(kDie, SquareMillimetres(300.0), kPackage);
  EXPECT_DOUBLE_EQ(unit.test.count(), 2.0);
  // 300 mm2 * (4 * 0.005 + 0.005) + 1
  EXPECT_DOUBLE_EQ(unit.package.count(), 300.0 * 0.025 + 1.0);
  EXPECT_NEAR(unit.packaged().count(), (20.0 + 2.0 + 8.5) / 0.99, 1e-12);
  EXPECT_DOUBLE_EQ(unit.interposer.count(), 0.0);
}

TEST(PackagedDie, OnAnInterposerCarriesTheMemoryStacksToo) {
  const InterposerInputs interposer{
      .area_factor = 1.1,
      .wafer = {.count = DieCount::Simple, .diameter_mm = 300.0, .price = Usd(1937.0)},
      .process = {.model = YieldModel::Seeds, .defects_per_cm2 = 0.06},
      .micro_bump_usd_per_mm2 = 0.01,
      .bonding_yield = 0.95};
  const SquareMillimetres die(400.0);
  const SquareMillimetres stacks(200.0);
  const UnitCost unit = packaged_die(kDie, die, kPackage, interposer, stacks);
  const SquareMillimetres base(1.1 * 600.0);
  EXPECT_NEAR(unit.interposer.count(),
              die_cost(interposer.wafer, interposer.process, base).good_die.count() + 6.0, 1e-9);
  EXPECT_NEAR(unit.package.count(), 660.0 * 0.025 + 1.0, 1e-12);
  const double parts = 20.0 + 2.0 + unit.interposer.count() + unit.package.count();
  EXPECT_NEAR(unit.packaged().count(), parts / (0.99 * 0.95), 1e-9);
}

TEST(UnitCost, TotalIsEveryPart) {
  UnitCost unit = packaged_die(kDie, SquareMillimetres(300.0), kPackage);
  const double packaged = unit.packaged().count();
  unit.memory = Usd(24.0);
  unit.board = Usd(50.0);
  EXPECT_DOUBLE_EQ(unit.total().count(), packaged + 74.0);
}

TEST(PackagedDie, RejectsABondingYieldOfZero) {
  PackageInputs package = kPackage;
  package.bonding_yield = 0.0;
  EXPECT_THROW((void)packaged_die(kDie, SquareMillimetres(300.0), package), InternalError);
}

}  // namespace
}  // namespace systole
