#include "silicon/cost/die.h"

#include <cmath>
#include <numbers>

#include <gtest/gtest.h>

#include "arch/diag/error.h"

namespace systole {
namespace {

constexpr YieldInputs kProcess{
    .model = YieldModel::NegativeBinomial, .defects_per_cm2 = 0.1, .clustering = 10.0};

YieldInputs with_model(YieldModel model) {
  YieldInputs process = kProcess;
  process.model = model;
  return process;
}

TEST(DieYield, FollowsTheFormulaOfEachModel) {
  const SquareMillimetres die(400.0);  // 4 cm2 * 0.1 = 0.4 defects
  EXPECT_NEAR(die_yield(kProcess, die), std::pow(1.04, -10.0), 1e-14);
  EXPECT_NEAR(die_yield(with_model(YieldModel::Murphy), die),
              std::pow((1.0 - std::exp(-0.4)) / 0.4, 2.0), 1e-14);
  EXPECT_NEAR(die_yield(with_model(YieldModel::Poisson), die), std::exp(-0.4), 1e-14);
  EXPECT_NEAR(die_yield(with_model(YieldModel::Seeds), die), 1.0 / 1.4, 1e-15);
}

TEST(DieYield, NegativeBinomialLiesBetweenSeedsAndPoissonItsLimits) {
  const SquareMillimetres die(600.0);
  YieldInputs process = kProcess;
  process.clustering = 1.0;
  EXPECT_NEAR(die_yield(process, die), die_yield(with_model(YieldModel::Seeds), die), 1e-14);
  process.clustering = 1e9;
  EXPECT_NEAR(die_yield(process, die), die_yield(with_model(YieldModel::Poisson), die), 1e-6);
}

TEST(DieYield, IsOneWithoutDefectsAndFallsWithArea) {
  for (const auto& [model, name] : kEnumNames<YieldModel>) {
    YieldInputs process = with_model(model);
    EXPECT_GT(die_yield(process, SquareMillimetres(100.0)),
              die_yield(process, SquareMillimetres(101.0)))
        << name;
    process.defects_per_cm2 = 0.0;
    EXPECT_DOUBLE_EQ(die_yield(process, SquareMillimetres(800.0)), 1.0) << name;
  }
}

TEST(DieYield, MurphyIsSmoothWhereItsQuotientLosesDigits) {
  const YieldInputs process = with_model(YieldModel::Murphy);
  // 1e-4 defects are 0.1 mm2 at 0.1 a cm2: one step below and above.
  const double below = die_yield(process, SquareMillimetres(0.0999999));
  const double above = die_yield(process, SquareMillimetres(0.1000001));
  EXPECT_NEAR(below, above, 1e-9);
}

TEST(DieYield, RejectsNegativeDefectsAndNoClustering) {
  YieldInputs process = kProcess;
  process.clustering = 0.0;
  EXPECT_THROW((void)die_yield(process, SquareMillimetres(1.0)), InternalError);
  process = kProcess;
  process.defects_per_cm2 = -1.0;
  EXPECT_THROW((void)die_yield(process, SquareMillimetres(1.0)), InternalError);
}

TEST(DiesPerWafer, SimpleIsAreaLessTheRim) {
  const WaferInputs wafer{.count = DieCount::Simple, .diameter_mm = 300.0};
  // pi 150^2 / 400 = 176.71; pi 300 / sqrt(800) = 33.32
  EXPECT_NEAR(dies_per_wafer(wafer, SquareMillimetres(400.0)),
              std::numbers::pi * 22500.0 / 400.0 - std::numbers::pi * 300.0 / std::sqrt(800.0),
              1e-10);
}

TEST(DiesPerWafer, ActuaryTakesScribeLinesAndEdgeOff) {
  const WaferInputs wafer{
      .count = DieCount::Actuary, .diameter_mm = 300.0, .scribe_mm = 0.2, .edge_loss_mm = 5.0};
  const double area = 20.2 * 20.2;  // 20 mm and 0.2 mm of scribe line
  EXPECT_NEAR(
      dies_per_wafer(wafer, SquareMillimetres(400.0)),
      std::numbers::pi * 145.0 * 145.0 / area - std::numbers::pi * 290.0 / std::sqrt(2.0 * area),
      1e-10);
  WaferInputs bare = wafer;
  bare.scribe_mm = 0.0;
  bare.edge_loss_mm = 0.0;
  WaferInputs simple = bare;
  simple.count = DieCount::Simple;
  EXPECT_DOUBLE_EQ(dies_per_wafer(bare, SquareMillimetres(400.0)),
                   dies_per_wafer(simple, SquareMillimetres(400.0)));
}

TEST(DiesPerWafer, IsZeroForADieAsLargeAsTheWafer) {
  const WaferInputs wafer{.count = DieCount::Simple, .diameter_mm = 300.0};
  EXPECT_EQ(dies_per_wafer(wafer, SquareMillimetres(60000.0)), 0.0);
  EXPECT_THROW((void)die_cost(wafer, kProcess, SquareMillimetres(60000.0)), InternalError);
}

TEST(DieCost, IsTheWaferOverItsGoodDies) {
  const WaferInputs wafer{.count = DieCount::Simple, .diameter_mm = 300.0, .price = Usd(9346.0)};
  const DieCost cost = die_cost(wafer, kProcess, SquareMillimetres(400.0));
  EXPECT_DOUBLE_EQ(cost.good_die.count() * cost.dies_per_wafer * cost.yield, 9346.0);
}

}  // namespace
}  // namespace systole
