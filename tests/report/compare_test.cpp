#include "report/compare.h"

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "tests/golden/golden.h"

namespace systole {
namespace {

/// A chip without power, a GPU with everything, one row that failed, and the chip at another batch.
Comparison sample() {
  Comparison comparison{.network = "net",
                        .macs_per_input = 1'000'000'000,
                        .baseline = "gpu",
                        .site = "here: 50 % busy",
                        .arrival_rate = 250,
                        .deadline = Femtoseconds(7'000'000'000'000)};
  comparison.rows.push_back({.name = "chip",
                             .batch = 4,
                             .time_obtained = Obtained::Simulated,
                             .time = Femtoseconds(2'000'000'000'000),
                             .macs = 4'000'000'000,
                             .utilisation = 0.125,
                             .notes = {"no power: nothing is known"}});
  LoadResult load{
      .requests = 100, .p50 = StreamTime(3'000'000'000'000), .p99 = StreamTime(5'000'000'000'000)};
  comparison.rows.push_back(
      {.name = "gpu",
       .kind = ComparedKind::Gpu,
       .type = DataType::Fp16,
       .batch = 4,
       .time_obtained = Obtained::Modelled,
       .time = Femtoseconds(8'000'000'000'000),
       .macs = 4'000'000'000,
       .utilisation = 0.5,
       .power = Watts(100),
       .price = Usd(12'345),
       .own_per_million = Usd(0.5),
       .rent_per_million = Usd(2),
       .load = ComparedLoad{.at_rate = load,
                            .largest = LargestLoad{.mean_gap = StreamTime(4'000'000'000'000),
                                                   .result = load},
                            .largest_batch = 4},
       .stream = StreamFigures{.busy_share = 0.5,
                               .use = {.utilisation = 0.25,
                                       .power = Watts(60),
                                       .energy_per_inference = Joules(0.24),
                                       .own_per_million = Usd(0.75),
                                       .rent_per_million = Usd(3)}}});
  comparison.rows.push_back({.name = "broken, \"b\"", .batch = 4, .error = "a.yaml:1:1: no"});
  comparison.rows.push_back({.name = "chip",
                             .batch = 8,
                             .time = Femtoseconds(1'000'000'000'000),
                             .macs = 8'000'000'000,
                             .utilisation = 0.25,
                             .power = Watts(10),
                             .power_obtained = Obtained::Simulated});
  return comparison;
}

/// 4 inputs in 2 ms are 2000 a second, in 8 ms 500; 100 W for 8 ms are 200 mJ each of four.
TEST(CompareFigures, AreRatiosToTheBaselineOfTheBatch) {
  const Comparison comparison = sample();
  EXPECT_DOUBLE_EQ(relative_figures(comparison, comparison.rows[0]).speed, 4);
  EXPECT_DOUBLE_EQ(relative_figures(comparison, comparison.rows[0]).energy, 0);  // no power
  EXPECT_DOUBLE_EQ(relative_figures(comparison, comparison.rows[1]).energy, 1);
  EXPECT_DOUBLE_EQ(relative_figures(comparison, comparison.rows[3]).speed, 0);  // no such batch
  EXPECT_DOUBLE_EQ(comparison.rows[1].energy_per_inference()->count(), 0.2);
  EXPECT_DOUBLE_EQ(comparison.rows[1].tops(), 1);  // 8 GOP in 8 ms
  EXPECT_DOUBLE_EQ(*comparison.rows[1].tops_per_watt(), 0.01);
}

TEST(CompareText, IsAsReviewed) {
  EXPECT_TRUE(matches_golden("report/compare.txt", compare_text(sample(), {})));
}

TEST(CompareCsv, IsAsReviewed) {
  EXPECT_TRUE(matches_golden("report/compare.csv", compare_csv(sample())));
}

TEST(CompareJson, IsAsReviewed) {
  EXPECT_TRUE(matches_golden("report/compare.json", compare_json(sample())));
  EXPECT_EQ(nlohmann::json::parse(compare_json(sample()))["rows"].size(), 4);
}

}  // namespace
}  // namespace systole
