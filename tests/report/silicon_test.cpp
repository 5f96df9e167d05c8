#include "report/silicon.h"

#include <sstream>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "report/csv.h"
#include "report/describe.h"
#include "report/format.h"
#include "report/json.h"
#include "tests/report/sample_result.h"

namespace systole {
namespace {

using ::testing::HasSubstr;

/// The sample's counters on the shipped TPU v1, which has all of silicon and cost.
Result result_with_silicon() {
  Result result = sample_result();
  result.chip = read_chip(std::string(SYSTOLE_SOURCE_DIR) + "/configs/chips/tpu_v1.yaml");
  result.area = chip_area(result.chip);
  result.energy = energy_report(result.chip, result.counters, result.graph.batch);
  result.cost = cost_report(*result.chip.cost, {.technology = "28nm",
                                                .die = result.area->die,
                                                .memory_gb = 8.0,
                                                .inferences_per_second = 1000.0,
                                                .busy = result.energy->average_power,
                                                .idle = result.energy->idle_power,
                                                .tdp = Watts(75.0)});
  return result;
}

TEST(SiliconText, SaysThatEnergyIsNotKnownWithoutATechnology) {
  const Result result = sample_result();
  EXPECT_THAT(silicon_text(result), HasSubstr("energy and cost: not known, as "));
  EXPECT_THAT(silicon_text(result), HasSubstr(" names no technology\n"));
}

TEST(SiliconText, SaysThatCostIsNotKnownWithoutASection) {
  Result result = result_with_silicon();
  result.cost.reset();
  EXPECT_THAT(silicon_text(result),
              HasSubstr("cost: not known, as the chip has no section 'cost'"));
}

TEST(SiliconText, ShowsPowerAgainstTheTdpAndTheWaysToHaveTheChip) {
  const std::string text = silicon_text(result_with_silicon());
  EXPECT_THAT(text, HasSubstr("% of the TDP of 75.00 W; peak 49.16 W, 65.5 %; idle\n               "
                              "    27.08 W, ungated"));
  EXPECT_THAT(text, HasSubstr("  build 100.0 k"));
  EXPECT_THAT(text, HasSubstr("  own, bought at "));
  EXPECT_THAT(text, HasSubstr("no cloud price is known for this chip"));
  EXPECT_THAT(text, HasSubstr("building beats buying from "));
  EXPECT_THAT(text, HasSubstr("  most uncertain   utilisation ("));
}

TEST(SiliconText, FitsAHundredColumns) {
  const Result result = result_with_silicon();
  std::istringstream lines(silicon_text(result) + describe_chip(result.chip));
  for (std::string line; std::getline(lines, line);) {
    EXPECT_LE(display_width(line), kReportWidth) << line;
  }
}

TEST(DescribeSilicon, PrintsTheConstantsWithTheirSources) {
  const std::string text = describe_chip(result_with_silicon().chip);
  EXPECT_THAT(text, HasSubstr("28nm.multiplier.int8xint8.energy"));
  EXPECT_THAT(text, HasSubstr("ddr3_x64.energy"));
  EXPECT_THAT(text, HasSubstr("actuary.nodes.28nm.wafer"));
  EXPECT_THAT(text, HasSubstr("Ten Lessons From Three Generations"));
  EXPECT_THAT(text, HasSubstr("  matrix_unit.int8xint8"));
  EXPECT_THAT(text, HasSubstr("28nm.sram.error"));
  EXPECT_THAT(text, HasSubstr("  uncertainty      x 0.617 by the other published scaling from node "
                              "to node; memories within 9.0 %\n"));
  EXPECT_EQ(describe_silicon(sample_chip()), "");
}

TEST(DescribeSilicon, SaysWhichFiguresAreTheUsers) {
  ChipSpec chip = result_with_silicon().chip;
  chip.silicon->energies.push_back({Action::BufferRead, 1.0, "mine.yaml:7"});
  EXPECT_THAT(describe_silicon(chip), HasSubstr("given at mine.yaml:7"));
}

TEST(SiliconJson, HasTheFiguresOfTheStructs) {
  const Result result = result_with_silicon();
  const auto json = nlohmann::json::parse(json_report(result));
  EXPECT_EQ(json["energy"]["obtained"], "simulated");
  EXPECT_EQ(json["energy"]["joules"], result.energy->total.total().count());
  EXPECT_EQ(json["energy"]["tdp_watts"], 75.0);
  double sum = 0.0;
  for (const auto& [name, joules] : json["energy"]["components"].items()) {
    sum += joules.get<double>();
  }
  EXPECT_NEAR(sum, result.energy->total.total().count(), 1e-15);
  EXPECT_EQ(json["layers"][0]["joules"], result.energy->layers[0].total().count());
  EXPECT_EQ(json["area"]["die_mm2"], result.area->die.count());
  EXPECT_EQ(json["cost"]["build"]["usd_per_inference"], result.cost->build.per_inference->count());
  EXPECT_TRUE(json["cost"]["rent"].is_null());
  EXPECT_EQ(json["cost"]["sensitivity"].size(), 11U);
}

TEST(SiliconJson, IsNullWhereNothingIsKnown) {
  const auto json = nlohmann::json::parse(json_report(sample_result()));
  for (const char* key : {"energy", "area", "cost"}) {
    EXPECT_TRUE(json[key].is_null()) << key;
  }
  EXPECT_TRUE(json["layers"][0]["joules"].is_null());
}

TEST(SiliconCsv, EndsEachRowWithTheLayersEnergy) {
  const Result result = result_with_silicon();
  const std::string csv = csv_report(result);
  EXPECT_THAT(csv, HasSubstr(",joules,matrix_unit_joules,"));
  EXPECT_THAT(csv, HasSubstr(",supply_joules\n"));
  const auto& layer = result.energy->layers[0];
  EXPECT_THAT(csv, HasSubstr(fmt::format(",{},{},", layer.total().count(),
                                         layer.of(Component::MatrixUnit).count())));
}

TEST(Engineering, HasFourDigitsAndAPrefix) {
  EXPECT_EQ(engineering(0.0, "J"), "0 J");
  EXPECT_EQ(engineering(3.2014e-4, "J"), "320.1 uJ");
  EXPECT_EQ(engineering(44.319, "W"), "44.32 W");
  EXPECT_EQ(engineering(0.99999, "W"), "1.000 W");
  EXPECT_EQ(engineering(2.5e-13, "J"), "0.250 pJ");
  EXPECT_EQ(engineering(1.5e6, "W"), "1.500 MW");
}

}  // namespace
}  // namespace systole
