#include "report/json.h"

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "tests/golden/golden.h"
#include "tests/report/sample_result.h"

namespace systole {
namespace {

using nlohmann::json;

json report_of(const Result& result) {
  return json::parse(json_report(result));
}

TEST(JsonReport, IsAsReviewed) {
  Result result = sample_result();
  result.check = CheckResult{
      .tensors = 6,
      .elements = 10'276,
      .mismatches = 2,
      .first = {{.tensor = "conv1",
                 .batch = 1,
                 .row = 2,
                 .col = 3,
                 .channel = 4,
                 .expected = -17,
                 .actual = 5},
                {.tensor = "softmax (host)", .channel = 9, .expected = -128, .missing = true}}};
  EXPECT_TRUE(matches_golden("report/sample.json", json_report(result)));
}

TEST(JsonReport, BeginsWithItsSchema) {
  EXPECT_EQ(json_report(sample_result()).substr(0, 34),
            "{\n  \"schema\": \"systole.run/1\",\n  \"");
}

TEST(JsonReport, HasEnginesWhoseCausesAddUpToTheElapsedCycles) {
  const json report = report_of(sample_result());
  ASSERT_EQ(report["engines"].size(), 6U);
  for (const auto& [name, engine] : report["engines"].items()) {
    std::int64_t sum = 0;
    for (const auto& [cause, cycles] : engine.items()) {
      sum += cycles.get<std::int64_t>();
    }
    EXPECT_EQ(sum, report["total"]["cycles"]) << name;
  }
}

TEST(JsonReport, HasMatrixSharesThatAddUp) {
  const json report = report_of(sample_result());
  std::int64_t cycles = 0;
  double percent = 0;
  for (const json& share : report["matrix_cycles"]) {
    cycles += share["cycles"].get<std::int64_t>();
    percent += share["percent"].get<double>();
  }
  EXPECT_EQ(cycles, report["total"]["cycles"]);
  EXPECT_NEAR(percent, 100.0, 1e-9);
}

TEST(JsonReport, LeavesOutTheBusyCyclesFromStalls) {
  const json layer = report_of(sample_result())["layers"][3];
  EXPECT_EQ(layer["stalls"].size(), static_cast<std::size_t>(kCauseCount - 1));
  EXPECT_EQ(layer["stalls"]["weights"], 500);
  EXPECT_EQ(layer["busy"]["matrix"], 240);
}

TEST(JsonReport, SaysNullWhereNothingWasChecked) {
  EXPECT_TRUE(report_of(sample_result())["check"].is_null());
}

TEST(JsonReport, QuotesOddNames) {
  Result result = sample_result();
  result.graph.nodes[0].name = "a \"quoted\"\nname";
  result.graph.nodes[1].name = "broken \xC3";
  const json layers = report_of(result)["layers"];
  EXPECT_EQ(layers[0]["name"], "a \"quoted\"\nname");
  EXPECT_EQ(layers[1]["name"], "broken \xEF\xBF\xBD");
}

}  // namespace
}  // namespace systole
