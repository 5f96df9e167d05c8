#include "silicon/cost/die.h"

#include <cmath>
#include <numbers>

#include "arch/diag/check.h"
#include "arch/units/portable_math.h"

namespace systole {

namespace {

constexpr double kSquareMillimetresPerCm2 = 100.0;

double placed(double area, double diameter) {
  const double radius = diameter / 2.0;
  const double dies = std::numbers::pi * radius * radius / area -
                      std::numbers::pi * diameter / std::sqrt(2.0 * area);
  return dies > 0.0 ? dies : 0.0;
}

double murphy(double defects) {
  // The quotient loses its digits near zero, where it is 1 - DA/2 + (DA)^2/6.
  constexpr double kSmall = 1e-4;
  const double share = defects < kSmall ? 1.0 - defects / 2.0 + defects * defects / 6.0
                                        : (1.0 - portable_exp(-defects)) / defects;
  return share * share;
}

}  // namespace

double die_yield(const YieldInputs& process, SquareMillimetres die) {
  const double defects = process.defects_per_cm2 * die.count() / kSquareMillimetresPerCm2;
  SYSTOLE_CHECK(defects >= 0.0, "{} defects a die", defects);
  switch (process.model) {
    case YieldModel::NegativeBinomial:
      SYSTOLE_CHECK(process.clustering > 0.0, "clustering {}", process.clustering);
      return portable_pow(1.0 + defects / process.clustering, -process.clustering);
    case YieldModel::Murphy:
      return murphy(defects);
    case YieldModel::Poisson:
      return portable_exp(-defects);
    case YieldModel::Seeds:
      return 1.0 / (1.0 + defects);
  }
  return 0.0;
}

double dies_per_wafer(const WaferInputs& wafer, SquareMillimetres die) {
  const double area = die.count();
  SYSTOLE_CHECK(area > 0.0, "a die of {} mm2", area);
  switch (wafer.count) {
    case DieCount::Simple:
      return placed(area, wafer.diameter_mm);
    case DieCount::Actuary: {
      const double scribe = wafer.scribe_mm;
      const double with_scribe = area + 2.0 * scribe * std::sqrt(area) + scribe * scribe;
      return placed(with_scribe, wafer.diameter_mm - 2.0 * wafer.edge_loss_mm);
    }
  }
  return 0.0;
}

DieCost die_cost(const WaferInputs& wafer, const YieldInputs& process, SquareMillimetres die) {
  const double dies = dies_per_wafer(wafer, die);
  const double yield = die_yield(process, die);
  SYSTOLE_CHECK(dies > 0.0 && yield > 0.0, "no good die of {} mm2", die.count());
  return {.dies_per_wafer = dies, .yield = yield, .good_die = wafer.price / (dies * yield)};
}

}  // namespace systole
