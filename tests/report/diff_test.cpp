#include "report/diff.h"

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "arch/diag/error.h"
#include "report/json.h"
#include "report/page/run_page.h"
#include "tests/report/sample_result.h"

namespace systole {
namespace {

using Json = nlohmann::ordered_json;
using testing::HasSubstr;

Json report() {
  return Json::parse(json_report(sample_result()));
}

/// dense1 takes 100 cycles more, of the run and of its own; all else as it was.
Json slower() {
  Json json = report();
  for (Json& layer : json["layers"]) {
    if (layer["name"] == "dense1") {
      layer["cycles"] = layer["cycles"].get<std::int64_t>() + 100;
      layer["exposed_cycles"] = layer["exposed_cycles"].get<std::int64_t>() + 100;
    }
  }
  json["total"]["cycles"] = 4100;
  json["chip"] = "other";
  return json;
}

std::string message_of(const std::string& text) {
  try {
    (void)report_in(text, "a.json");
  } catch (const UserError& error) {
    return error.what();
  }
  return "";
}

TEST(Diff, OfEqualRunsIsNothing) {
  const std::string text = diff_text(report(), report(), {});
  EXPECT_THAT(text, HasSubstr("made from the same chip, network and options\n"));
  EXPECT_THAT(text, HasSubstr("layers: all 5 are equal\n"));
}

TEST(Diff, NamesWhatChangedLayerByLayer) {
  const std::string text = diff_text(report(), slower(), {});
  EXPECT_THAT(text, HasSubstr("  chip     sample_chip  other\n"));
  EXPECT_THAT(text, HasSubstr("4,000"));
  EXPECT_THAT(text, HasSubstr("+2.5 %"));  // 4100 / 4000
  EXPECT_THAT(text, HasSubstr("dense1"));
  EXPECT_THAT(text, HasSubstr("+100"));
  EXPECT_THAT(text, HasSubstr("4 layers are equal.\n"));
}

TEST(Diff, HasLayersThatOnlyOneRunHas) {
  Json fewer = report();
  fewer["layers"].erase(1);
  const Json json = diff_json(report(), fewer);
  std::size_t alone = 0;
  for (const Json& layer : json["layers"]) {
    alone += static_cast<std::size_t>(layer["after"].is_null());
  }
  EXPECT_EQ(alone, 1U);
  EXPECT_EQ(diff_json(report(), slower())["total"]["cycles"],
            (Json{{"before", 4000.0}, {"after", 4100.0}}));
}

TEST(Diff, ReadsAPageAsWell) {
  EXPECT_EQ(report_in(run_page(sample_result(), {}, nullptr, ""), "page.html"), report());
}

TEST(Diff, RefusesWhatIsNoReport) {
  EXPECT_EQ(message_of("{"), "a.json: expected a run's report (JSON or HTML), got no JSON");
  EXPECT_EQ(message_of("[]"), "a.json: expected a run's report (JSON or HTML), got something else");
  EXPECT_EQ(message_of(R"({"schema":"systole.compare/1"})"),
            "a.json: expected a run's report (JSON or HTML), got 'systole.compare/1'");
  EXPECT_EQ(message_of("<!doctype html>\n"),
            "a.json: expected a run's report (JSON or HTML), got a page without data");
  EXPECT_THROW((void)diff_text(Json{{"schema", "systole.run/1"}}, report(), {}), UserError);
}

}  // namespace
}  // namespace systole
