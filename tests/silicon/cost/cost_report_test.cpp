#include "silicon/cost/cost_report.h"

#include <cmath>

#include <gmock/gmock.h>

#include "arch/chip_spec.h"

namespace systole {
namespace {

Prices shipped_prices(const std::string& name) {
  return read_prices(std::string(SYSTOLE_SOURCE_DIR) + "/configs/prices/" + name + ".yaml");
}

/// Published and derived die costs: CSET wafer prices, no test, no harvesting; for Chiplet
/// Actuary's rules (clustering 10) and those of Ning et al. (their defects, clustering 3).
struct DieExample {
  double mm2;
  const char* node;
  double actuary_dies, actuary_yield, actuary_usd;
  double ttm_dies, ttm_yield, ttm_usd;
};
constexpr auto kDieExamples = std::to_array<DieExample>({
    {331, "28nm", 160.2, 0.80, 22.7, 176.9, 0.85, 19.2},   // TPU v1 at most
    {400, "7nm", 130.0, 0.70, 102.4, 143.4, 0.58, 112.6},  // TPU v4i at most
    {545, "16nm", 91.8, 0.65, 66.5, 101.2, 0.61, 65.0},    // T4
    {600, "7nm", 82.2, 0.59, 192.3, 90.6, 0.46, 226.6},    // TPU v4 at most
    {815, "16nm", 57.5, 0.53, 130.3, 63.4, 0.49, 129.3},   // V100
    {826, "7nm", 56.6, 0.49, 338.2, 62.4, 0.35, 422.6},    // A100
    {814, "5nm", 57.6, 0.42, 695.3, 63.5, 0.27, 982.5},    // H100
});

DieCost cost_with(const Prices& prices, const DieExample& example) {
  const NodePrices* node = prices.node(example.node);
  WaferInputs wafer = prices.wafer;
  wafer.price = node->wafer;
  YieldInputs process = prices.process;
  process.defects_per_cm2 = node->defects_per_cm2;
  return die_cost(wafer, process, SquareMillimetres(example.mm2));
}

TEST(ShippedPrices, MakeThePublishedDieCostsWithin2Percent) {
  const Prices actuary = shipped_prices("actuary");
  const Prices ttm = shipped_prices("ttm");
  constexpr double kHalfADigit = 0.006;  // yields are printed with two digits
  for (const DieExample& example : kDieExamples) {
    const DieCost first = cost_with(actuary, example);
    EXPECT_NEAR(first.dies_per_wafer / example.actuary_dies, 1.0, 0.01) << example.mm2;
    EXPECT_NEAR(first.yield, example.actuary_yield, kHalfADigit) << example.mm2;
    EXPECT_NEAR(first.good_die.count() / example.actuary_usd, 1.0, 0.02) << example.mm2;
    const DieCost second = cost_with(ttm, example);
    EXPECT_NEAR(second.dies_per_wafer / example.ttm_dies, 1.0, 0.01) << example.mm2;
    EXPECT_NEAR(second.yield, example.ttm_yield, kHalfADigit) << example.mm2;
    EXPECT_NEAR(second.good_die.count() / example.ttm_usd, 1.0, 0.02) << example.mm2;
  }
}

TEST(ShippedPrices, HaveASourceOrAreAssumptions) {
  for (const char* name : {"actuary", "ttm"}) {
    const Prices prices = shipped_prices(name);
    EXPECT_EQ(prices.nodes.size(), 6U);
    for (const Fact& fact : prices.facts) {
      EXPECT_TRUE(fact.status == FactStatus::Assumed || !fact.source.empty()) << fact.path;
    }
  }
}

CostSpec tpu_v1_cost() {
  return *read_chip(std::string(SYSTOLE_SOURCE_DIR) + "/configs/chips/tpu_v1.yaml").cost;
}

constexpr CostSubject kSubject{.technology = "28nm",
                               .die = SquareMillimetres(200.0),
                               .memory_gb = 8.0,
                               .inferences_per_second = 1000.0,
                               .busy = Watts(40.0),
                               .idle = Watts(28.0),
                               .tdp = Watts(75.0)};

TEST(CostReport, PutsTheUnitTogether) {
  const CostSpec spec = tpu_v1_cost();
  const CostReport report = cost_report(spec, kSubject);
  EXPECT_DOUBLE_EQ(report.unit.memory.count(), 8.0 * 3.0);
  EXPECT_EQ(report.unit.board, spec.board);
  EXPECT_EQ(report.unit.die, report.die.good_die);
  EXPECT_DOUBLE_EQ(report.price.count(), report.unit.total().count() / 0.4);
  // IBS: 51 M$ for 300 mm2: 0.8 x 200 / 300 + 0.2
  EXPECT_NEAR(report.nre_top_down.count(), 51e6 * (0.8 * 200.0 / 300.0 + 0.2), 1e-3);
  EXPECT_LT(report.nre_bottom_up.total(), report.nre_top_down);
}

TEST(CostReport, TakesAKnownDieForThatOfTheModel) {
  CostSpec spec = tpu_v1_cost();
  spec.die = SquareMillimetres(331.0);
  const CostReport report = cost_report(spec, kSubject);
  EXPECT_EQ(report.die_area, SquareMillimetres(331.0));
  EXPECT_NEAR(report.die.good_die.count(), 22.7, 0.02 * 22.7);
}

TEST(CostReport, SpreadsTheDesignOverTheVolume) {
  CostSpec spec = tpu_v1_cost();
  spec.volume = 1000;
  const double few = cost_report(spec, kSubject).build.hourly.device.count();
  spec.volume = 2000;
  const CostReport report = cost_report(spec, kSubject);
  // 3 years of 8760 hours
  EXPECT_NEAR(few - report.build.hourly.device.count(),
              report.nre_top_down.count() * (1.0 / 1000 - 1.0 / 2000) / (3.0 * 8760.0), 1e-9);
}

TEST(CostReport, BreaksEvenWhereBuildingCostsWhatBuyingCosts) {
  CostSpec spec = tpu_v1_cost();
  const CostReport report = cost_report(spec, kSubject);
  ASSERT_TRUE(report.break_even_volume.has_value());
  spec.volume = static_cast<std::int64_t>(std::ceil(*report.break_even_volume));
  const CostReport at = cost_report(spec, kSubject);
  EXPECT_LE(*at.build.per_inference, *at.own.per_inference);
  --spec.volume;
  const CostReport below = cost_report(spec, kSubject);
  EXPECT_GT(*below.build.per_inference, *below.own.per_inference);
  EXPECT_LT(*report.break_even_volume_bottom_up, *report.break_even_volume);
}

TEST(CostReport, ComparesWithRentingWhereACloudOffersTheChip) {
  CostSpec spec = tpu_v1_cost();
  EXPECT_FALSE(cost_report(spec, kSubject).rent.has_value());
  spec.rent = UsdPerHour(1.5);
  const CostReport report = cost_report(spec, kSubject);
  // 1.5 $ an hour in which 1000 a second are computed, and none of the others
  EXPECT_DOUBLE_EQ(report.rent->per_inference->count(), 1.5 / (1000.0 * 3600.0));
  EXPECT_TRUE(report.break_even_hours_rent.has_value());
  EXPECT_TRUE(report.break_even_volume_rent.has_value());
}

TEST(CostReport, SaysWhatChangesTheAnswerMost) {
  const CostReport report = cost_report(tpu_v1_cost(), kSubject);
  ASSERT_EQ(report.sensitivity.size(), 11U);
  for (std::size_t index = 1; index < report.sensitivity.size(); ++index) {
    EXPECT_GE(report.sensitivity[index - 1].width(), report.sensitivity[index].width());
  }
  // Twice the hours of work halve nearly everything; the wafer is a few dollars of thousands.
  EXPECT_EQ(report.sensitivity.front().name, "utilisation");
}

TEST(CostReport, OfAnEmptyRunHasNoPriceAnInference) {
  CostSubject subject = kSubject;
  subject.inferences_per_second = 0.0;
  const CostReport report = cost_report(tpu_v1_cost(), subject);
  EXPECT_FALSE(report.build.per_inference.has_value());
  EXPECT_TRUE(report.sensitivity.empty());
  EXPECT_GT(report.build.hourly.total().count(), 0.0);
}

TEST(CostReport, PutsMemoryStacksOnAnInterposer) {
  CostSpec spec = tpu_v1_cost();
  EXPECT_EQ(cost_report(spec, kSubject).unit.interposer, Usd(0.0));
  spec.memory_stacks = 2;
  EXPECT_GT(cost_report(spec, kSubject).unit.interposer, Usd(0.0));
}

}  // namespace
}  // namespace systole
