#include "report/page/study_page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "arch/diag/error.h"
#include "tests/support/browser.h"
#include "tests/support/temporary_directory.h"

namespace systole {
namespace {

using Json = nlohmann::ordered_json;
using testing::HasSubstr;
using testing::Not;

/// Three simulated points, two of them on the front, one that failed and one that a bound skipped.
Json small_study() {
  return Json::parse(R"json({
    "study": {"name": "small & <quick>", "description": "", "sampler": "grid", "seed": 1,
              "base": "edge", "networks": ["mlp0"]},
    "axes": [{"path": "matrix_unit.rows", "unit": "1"}, {"path": "dram.standard", "unit": ""}],
    "objectives": [
      {"key": "total.seconds", "name": "latency", "unit": "s", "direction": "min"},
      {"key": "energy.joules", "name": "energy", "unit": "J", "direction": "min"}],
    "constraints": ["area < 50 mm2"],
    "points": [
      {"id": 1, "axes": [16, "ddr4_2400"], "status": "ok", "reason": "", "front": true,
       "objectives": [0.002, 0.001], "figures": {"total.cycles": 1234567}},
      {"id": 2, "axes": [32, "ddr4_2400"], "status": "ok", "reason": "", "front": true,
       "objectives": [0.001, 0.002], "figures": {"total.cycles": 700}},
      {"id": 3, "axes": [32, "lpddr4_3200"], "status": "ok", "reason": "", "front": false,
       "objectives": [0.003, 0.003], "figures": {"total.cycles": 800}},
      {"id": 4, "axes": [64, "ddr4_2400"], "status": "infeasible", "front": false,
       "reason": "area 61 mm2 </script> breaks area < 50 mm2", "objectives": null, "figures": {}},
      {"id": 5, "axes": [64, "lpddr4_3200"], "status": "pruned", "front": false, "reason": "",
       "objectives": null, "figures": {}}],
    "units": {"total.cycles": "cycles"},
    "importance": [{"axis": "matrix_unit.rows", "shares": [0.75, 0.5]},
                   {"axis": "dram.standard", "shares": [0.25, 0.1]}],
    "made_by": "systole 0.1.0"})json");
}

std::string opened(const std::string& page, int width) {
  const TemporaryDirectory directory;
  const std::optional<std::string> document =
      document_in_browser(directory.write("study.html", page), width);
  return document.value_or("");
}

TEST(StudyPage, EndsNoElementByItsData) {
  const std::string page = study_page(small_study());
  EXPECT_THAT(page, HasSubstr("<title>small &amp; &lt;quick&gt;</title>"));
  EXPECT_THAT(page, Not(HasSubstr("61 mm2 </script>")));
  EXPECT_THAT(page, HasSubstr("61 mm2 \\u003c/script>"));
}

TEST(StudyPage, AsksNoNetwork) {
  const std::string page = study_page(small_study());
  EXPECT_THAT(page, Not(HasSubstr(" src=")));
  EXPECT_THAT(page, Not(HasSubstr("<link")));
  EXPECT_THAT(page, Not(HasSubstr("@import")));
  EXPECT_LT(page.size(), 400'000U);
}

TEST(StudyPage, NamesWhatItLacks) {
  Json study = small_study();
  study.erase("units");
  EXPECT_THROW((void)study_page(study), InternalError);
}

class StudyPageInBrowser : public testing::TestWithParam<int> {};

TEST_P(StudyPageInBrowser, RendersWithoutErrorsAndAClickSelectsAPoint) {
  const std::string probe =
      "const circle = document.querySelector('#scatter circle[data-point=\"2\"]');"
      "circle.dispatchEvent(new MouseEvent('click', {bubbles: true}));"
      "circle.dispatchEvent(new MouseEvent('mousemove', {bubbles: true}));"
      "const root = document.documentElement;"
      "root.dataset.selected = document.querySelector('#point').textContent;"
      "root.dataset.circles = document.querySelectorAll('#scatter circle').length;"
      "root.dataset.lines = document.querySelectorAll('#parallel path[data-point]').length;"
      "root.dataset.rows = document.querySelectorAll('#front tbody tr').length;"
      "root.dataset.outcomes = document.querySelectorAll('#outcomes tbody tr').length;"
      "root.dataset.cells = document.querySelectorAll('#heat rect.cell').length;"
      "root.dataset.hovered = document.getElementById('tip').textContent;"
      "root.dataset.fits = document.body.scrollWidth <= innerWidth;";
  const std::string document = opened(with_probe(study_page(small_study()), probe), GetParam());
  if (document.empty()) {
    GTEST_SKIP() << "no Chromium here";
  }
  EXPECT_THAT(document, Not(HasSubstr("data-errors")));
  EXPECT_THAT(document, HasSubstr("data-ready=\"true\""));
  EXPECT_THAT(document, HasSubstr("data-circles=\"3\""));
  EXPECT_THAT(document, HasSubstr("data-lines=\"3\""));
  EXPECT_THAT(document, HasSubstr("data-rows=\"2\""));
  EXPECT_THAT(document, HasSubstr("data-outcomes=\"1\""));
  EXPECT_THAT(document, HasSubstr("data-cells=\"4\""));  // 16 and 32 rows by two standards
  EXPECT_THAT(document, HasSubstr("data-selected=\"A pointpoint2, on the frontmatrix_unit.rows32"
                                  "dram.standardddr4_2400latency1 msenergy2 mJtotal.cycles700"));
  EXPECT_THAT(document, HasSubstr("data-hovered=\"point 2on the front"));
  EXPECT_THAT(document, HasSubstr("data-fits=\"true\""));
}

TEST_P(StudyPageInBrowser, TellsWhenNothingWasSimulated) {
  Json study = small_study();
  study["points"].erase(study["points"].begin(), study["points"].begin() + 3);
  const std::string document = opened(with_probe(study_page(study), ""), GetParam());
  if (document.empty()) {
    GTEST_SKIP() << "no Chromium here";
  }
  EXPECT_THAT(document, Not(HasSubstr("data-errors")));
  EXPECT_THAT(document, HasSubstr("data-ready=\"true\""));
  EXPECT_THAT(document, HasSubstr("no point was simulated"));
}

INSTANTIATE_TEST_SUITE_P(Widths, StudyPageInBrowser, testing::Values(480, 1400),
                         [](const auto& width) { return "Pixels" + std::to_string(width.param); });

}  // namespace
}  // namespace systole
