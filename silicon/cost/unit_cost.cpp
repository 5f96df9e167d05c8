#include "silicon/cost/unit_cost.h"

#include "arch/diag/check.h"

namespace systole {

namespace {

Usd on_substrate(SquareMillimetres carried, const PackageInputs& package) {
  const double per_mm2 =
      package.substrate_area_factor * package.substrate_usd_per_mm2 * package.layers_factor +
      package.c4_bump_usd_per_mm2;
  return Usd(carried.count() * per_mm2) + package.assembly;
}

Usd scrapped(const UnitCost& unit, double yield) {
  SYSTOLE_CHECK(yield > 0.0 && yield <= 1.0, "a bonding yield of {}", yield);
  return (unit.die + unit.test + unit.interposer + unit.package) * (1.0 / yield - 1.0);
}

}  // namespace

UnitCost packaged_die(const DieCost& die, SquareMillimetres area, const PackageInputs& package) {
  UnitCost unit{.die = die.good_die,
                .test = die.good_die * package.test_share,
                .package = on_substrate(area, package)};
  unit.scrap = scrapped(unit, package.bonding_yield);
  return unit;
}

UnitCost packaged_die(const DieCost& die, SquareMillimetres area, const PackageInputs& package,
                      const InterposerInputs& interposer, SquareMillimetres beside_die) {
  const SquareMillimetres carried = area + beside_die;
  const SquareMillimetres base = carried * interposer.area_factor;
  UnitCost unit{.die = die.good_die, .test = die.good_die * package.test_share};
  unit.interposer = die_cost(interposer.wafer, interposer.process, base).good_die +
                    Usd(carried.count() * interposer.micro_bump_usd_per_mm2);
  unit.package = on_substrate(base, package);
  unit.scrap = scrapped(unit, package.bonding_yield * interposer.bonding_yield);
  return unit;
}

}  // namespace systole
