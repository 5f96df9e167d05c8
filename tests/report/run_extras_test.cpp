#include "report/run_extras.h"

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "report/describe.h"
#include "report/format.h"
#include "report/fpga.h"
#include "report/json.h"
#include "report/text.h"
#include "tests/golden/golden.h"
#include "tests/report/sample_result.h"

namespace systole {
namespace {

using testing::HasSubstr;
using testing::Not;

/// The sample in the shipped U250, which is far too large for it.
Result on_a_card() {
  Result result = sample_result();
  result.chip.fpga =
      read_chip(std::string(SYSTOLE_SOURCE_DIR) + "/configs/chips/fpga_overlay_u250.yaml").fpga;
  return result;
}

/// 2 inputs in 8 us, 10 W: 40 uJ an inference, 0.5 inferences a microsecond.
RunExtras extras() {
  return {.own = {.name = "sample",
                  .kind = ComparedKind::Fpga,
                  .batch = 2,
                  .time = Femtoseconds(8'000'000'000),
                  .macs = 630'784,
                  .power = Watts(10),
                  .price = Usd(7695),
                  .own_per_million = Usd(0.125)},
          .deadline = DeadlineResult{.deadline = Femtoseconds(2'000'000'000'000),
                                     .time = Femtoseconds(1'900'000'000'000),
                                     .worst = {.time = Femtoseconds(2'500'000'000'000),
                                               .refreshes = 1200,
                                               .refresh = Femtoseconds(500'000'000)}},
          .devices = {{.name = "gpu",
                       .kind = ComparedKind::Gpu,
                       .type = DataType::Fp16,
                       .batch = 2,
                       .time_obtained = Obtained::Modelled,
                       .time = Femtoseconds(4'000'000'000'000),
                       .macs = 1000,
                       .utilisation = 0.5,
                       .power = Watts(100),
                       .own_per_million = Usd(0.25)}}};
}

TEST(RunExtras, TextIsAsReviewed) {
  EXPECT_TRUE(matches_golden("report/run_extras.txt", extras_text(on_a_card(), extras())));
}

TEST(RunExtras, TableOfACardIsAsReviewed) {
  EXPECT_TRUE(matches_golden("report/fpga_card.txt", fpga_table(on_a_card().chip, false)));
  EXPECT_THAT(describe_chip(on_a_card().chip), HasSubstr(fpga_table(on_a_card().chip, false)));
}

TEST(RunExtras, NoLineIsTooLong) {
  std::istringstream text(extras_text(on_a_card(), extras()) + fpga_table(on_a_card().chip, false));
  for (std::string line; std::getline(text, line);) {
    EXPECT_LE(display_width(line), kReportWidth) << line;
  }
}

TEST(RunExtras, SayWhatIsNotKnownOfACard) {
  RunExtras unpriced = extras();
  unpriced.own.price.reset();
  EXPECT_THAT(extras_text(on_a_card(), unpriced),
              HasSubstr("  cost    no price of the card is known\n"));
}

TEST(RunExtras, SayNothingWhereNothingWasAsked) {
  EXPECT_EQ(extras_text(sample_result(), {}), "");
  EXPECT_EQ(fpga_table(sample_result().chip, false), "");
}

TEST(RunExtras, JsonHasTheSameFigures) {
  const auto json = nlohmann::json::parse(json_report(on_a_card(), extras()));
  EXPECT_EQ(json["deadline"]["met"], true);
  EXPECT_EQ(json["deadline"]["worst_case_met"], false);
  EXPECT_DOUBLE_EQ(json["deadline"]["margin_seconds"].get<double>(), 1e-4);
  EXPECT_EQ(json["devices"][0]["time_obtained"], "modelled");
  EXPECT_DOUBLE_EQ(json["devices"][0]["joules_per_inference"].get<double>(), 0.2);
  EXPECT_EQ(json["devices"][0]["own_usd_per_million"], 0.25);
  EXPECT_EQ(json["fpga"]["card"], "alveo_u250");
  EXPECT_DOUBLE_EQ(json["fpga"]["joules_per_inference"].get<double>(), 4e-5);
  // 2 x 630,784 MACs in 8 us at 10 W
  EXPECT_DOUBLE_EQ(json["fpga"]["tops_per_watt"].get<double>(), 2 * 630'784 / 8e-6 / 1e12 / 10);
  EXPECT_EQ(json["fpga"]["own_usd_per_million"], 0.125);
  EXPECT_EQ(json["fpga"]["available"]["multipliers"], 12'288);
  const auto plain = nlohmann::json::parse(json_report(sample_result()));
  EXPECT_TRUE(plain["fpga"].is_null());
  EXPECT_TRUE(plain["deadline"].is_null());
  EXPECT_TRUE(plain["devices"].empty());
}

}  // namespace
}  // namespace systole
