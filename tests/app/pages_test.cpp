#include <gmock/gmock.h>

#include "tests/app/process.h"
#include "tests/app/scratch.h"
#include "tests/support/browser.h"

namespace systole {
namespace {

using testing::HasSubstr;
using testing::Not;

/// Writes a page, opens it with a probe; empty without a browser.
std::string opened(const Scratch& scratch, std::vector<std::string> arguments,
                   const std::string& probe, int width) {
  arguments.insert(arguments.end(), {"--format", "html", "--output", scratch.path("page.html")});
  const ProcessResult result = run_systole(arguments);
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(result.out, "");
  scratch.write("probed.html", with_probe(scratch.read("page.html"), probe));
  return document_in_browser(scratch.path("probed.html"), width).value_or("");
}

class PagesInBrowser : public testing::TestWithParam<int> {};

TEST_P(PagesInBrowser, ARunShowsItsLayersAndAClickOpensOne) {
  const std::string probe =
      "const root = document.documentElement;"
      "const circle = document.querySelector('#roofline circle[data-layer=\"1\"]');"
      "circle.dispatchEvent(new MouseEvent('mousemove', {bubbles: true}));"
      "root.dataset.hovered = document.getElementById('tip').textContent;"
      "circle.dispatchEvent(new MouseEvent('click', {bubbles: true}));"
      "root.dataset.layer = document.querySelector('#layer td').textContent + "
      "document.querySelector('#layer tr td:last-child').textContent;"
      "root.dataset.hash = location.hash;"
      "root.dataset.circles = document.querySelectorAll('#roofline circle').length;"
      "root.dataset.bars = document.querySelectorAll('#time g.row').length;"
      "root.dataset.rows = document.querySelectorAll('#layers tbody tr').length;"
      "root.dataset.marked = document.querySelectorAll('#layers tr.selected').length;"
      "root.dataset.charts = document.querySelectorAll('#course svg').length;"
      "root.dataset.peak = document.getElementById('peak').textContent;"
      "root.dataset.check = document.getElementById('check').textContent;"
      "root.dataset.command = document.querySelector('#made code').textContent;"
      "root.dataset.facts = document.querySelectorAll('#constants tbody tr').length;"
      "const fact = document.querySelector('#constants tr[data-fact=\"clock\"] td');"
      "fact.dispatchEvent(new MouseEvent('mousemove', {bubbles: true}));"
      "root.dataset.source = document.getElementById('tip').textContent;"
      "const by = document.querySelector('#time select'); by.value = 4;"
      "by.dispatchEvent(new Event('change'));"
      "root.dataset.first = document.querySelector('#time g.row text').textContent;"
      "root.dataset.fits = document.body.scrollWidth <= innerWidth;";
  const Scratch scratch;
  const std::string document =
      opened(scratch, {"run", "tpu_v1", "mlp0", "--batch", "2", "--check"}, probe, GetParam());
  if (document.empty()) {
    GTEST_SKIP() << "no Chromium here";
  }
  EXPECT_THAT(document, Not(HasSubstr("data-errors")));
  EXPECT_THAT(document, HasSubstr("data-ready=\"true\""));
  EXPECT_THAT(document, HasSubstr("data-circles=\"5\""));
  EXPECT_THAT(document, HasSubstr("data-bars=\"5\""));
  EXPECT_THAT(document, HasSubstr("data-rows=\"5\""));
  EXPECT_THAT(document, HasSubstr("data-marked=\"1\""));
  EXPECT_THAT(document, HasSubstr("data-charts=\"3\""));  // buffer, DRAM, engines
  EXPECT_THAT(document, HasSubstr("data-hovered=\"fc2dense"));
  EXPECT_THAT(document, HasSubstr("data-layer=\"namefc2\""));
  EXPECT_THAT(document, HasSubstr("data-hash=\"#layer-1\""));
  EXPECT_THAT(document, HasSubstr("data-first=\"fc1\""));
  EXPECT_THAT(document, HasSubstr("data-peak=\"Unified buffer: at most "));
  EXPECT_THAT(document, HasSubstr("0 mismatches: passed"));
  EXPECT_THAT(document, HasSubstr("data-command=\"systole run tpu_v1 mlp0 --batch 2 --check"));
  EXPECT_THAT(document, HasSubstr("data-source=\"clock700 MHz"));
  EXPECT_THAT(document, Not(HasSubstr("data-facts=\"0\"")));
  EXPECT_THAT(document, HasSubstr("data-fits=\"true\""));
}

TEST_P(PagesInBrowser, AComparisonShowsDevicesOnOneScaleAndUnderLoad) {
  const std::string probe =
      "const root = document.documentElement;"
      "const row = document.querySelector('#relative g.row[data-row=\"1\"]');"
      "row.dispatchEvent(new MouseEvent('mousemove', {bubbles: true}));"
      "root.dataset.hovered = document.getElementById('tip').textContent;"
      "row.dispatchEvent(new MouseEvent('click', {bubbles: true}));"
      "root.dataset.selected = document.querySelectorAll('#rows tr.selected').length;"
      "root.dataset.whiskers = document.querySelectorAll('#relative .whisker').length;"
      "root.dataset.unknown = document.querySelectorAll('#relative .whisker.unknown').length;"
      "root.dataset.points = document.querySelectorAll('#scatter circle').length;"
      "root.dataset.curves = document.querySelectorAll('#load path.curve').length;"
      "root.dataset.rows = document.querySelectorAll('#rows tbody tr').length;"
      "root.dataset.fits = document.body.scrollWidth <= innerWidth;";
  const Scratch scratch;
  const std::string document = opened(
      scratch, {"compare", "mlp0", "--on", "tpu_v1,t4,h100", "--batch", "4"}, probe, GetParam());
  if (document.empty()) {
    GTEST_SKIP() << "no Chromium here";
  }
  EXPECT_THAT(document, Not(HasSubstr("data-errors")));
  EXPECT_THAT(document, HasSubstr("data-ready=\"true\""));
  EXPECT_THAT(document, HasSubstr("data-hovered=\"t4gpu"));
  EXPECT_THAT(document, HasSubstr("data-selected=\"1\""));
  EXPECT_THAT(document, HasSubstr("data-whiskers=\"6\""));  // of three figures of two devices
  EXPECT_THAT(document, HasSubstr("data-unknown=\"3\""));   // h100's family has no measurement
  EXPECT_THAT(document, HasSubstr("data-points=\"3\""));
  EXPECT_THAT(document, HasSubstr("data-curves=\"3\""));
  EXPECT_THAT(document, HasSubstr("data-rows=\"3\""));
  EXPECT_THAT(document, HasSubstr("data-fits=\"true\""));
}

/// On `edge` the first layer of 48 channels has a turn of the loop over n for each 32 columns.
TEST_P(PagesInBrowser, AnExplanationShowsHowALayerIsMapped) {
  const std::string probe =
      "const root = document.documentElement;"
      "const row = document.querySelector('#losses g.row[data-layer=\"0\"]');"
      "if (!row.classList.contains('selected')) {"
      "  row.dispatchEvent(new MouseEvent('click', {bubbles: true})); }"
      "root.dataset.open = document.querySelector('#layer h3').textContent;"
      "root.dataset.loops = document.querySelectorAll('#layer .loop').length;"
      "root.dataset.slices = document.querySelectorAll('#layer .loop')[1].textContent;"
      "root.dataset.rows = document.querySelectorAll('#layers tbody tr').length;"
      "root.dataset.marked = document.querySelectorAll('#layers tr.selected').length;"
      "root.dataset.changes = document.querySelectorAll('#hardware tbody tr').length;"
      "const block = document.querySelector('#buffer rect.block');"
      "block.dispatchEvent(new MouseEvent('mousemove', {bubbles: true}));"
      "root.dataset.hovered = document.getElementById('tip').textContent;"
      "root.dataset.command = document.querySelector('#made code').textContent;"
      "root.dataset.fits = document.body.scrollWidth <= innerWidth;";
  const Scratch scratch;
  scratch.write("small.yaml",
                "network: small\nbatch: 1\ninputs: [{name: x, rows: 16, cols: 16, channels: 8}]\n"
                "layers:\n  - {name: conv, op: conv2d, channels: 48, kernel: 3, padding: 1}\n"
                "  - {name: flat, op: flatten}\n  - {name: fc, op: dense, features: 10}\n");
  const std::string document =
      opened(scratch, {"explain", "edge", scratch.path("small.yaml")}, probe, GetParam());
  if (document.empty()) {
    GTEST_SKIP() << "no Chromium here";
  }
  EXPECT_THAT(document, Not(HasSubstr("data-errors")));
  EXPECT_THAT(document, HasSubstr("data-ready=\"true\""));
  EXPECT_THAT(document, HasSubstr("data-open=\"conv\""));
  EXPECT_THAT(document, HasSubstr("data-loops=\"5\""));
  EXPECT_THAT(document,
              HasSubstr("data-slices=\"unified buffer for each of 2 slices of n: 32 of 48 "
                        "channels"));
  EXPECT_THAT(document, HasSubstr("data-rows=\"3\""));
  EXPECT_THAT(document, HasSubstr("data-marked=\"1\""));
  EXPECT_THAT(document, HasSubstr("data-changes=\"10\""));
  EXPECT_THAT(document, HasSubstr("data-hovered=\"constants of convconstantsbytes192 B"));
  EXPECT_THAT(document, HasSubstr("data-command=\"systole explain edge "));
  EXPECT_THAT(document, HasSubstr("data-fits=\"true\""));
}

INSTANTIATE_TEST_SUITE_P(Widths, PagesInBrowser, testing::Values(480, 1400),
                         [](const auto& width) { return "Pixels" + std::to_string(width.param); });

TEST(Pages, OfResNet50StaysBelowTwoMegabytes) {
  const Scratch scratch;
  const ProcessResult result = run_systole(
      {"run", "tpu_v1", "resnet50", "--format", "html", "--output", scratch.path("page.html")});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  EXPECT_LT(scratch.read("page.html").size(), 2'000'000U);
}

TEST(Pages, HoldTheReportThatTheJsonFormatGives) {
  const Scratch scratch;
  const std::vector<std::string> run{"run", "edge", "mlp0", "--batch", "1"};
  std::vector<std::string> page = run;
  page.insert(page.end(), {"--format", "html", "--output", scratch.path("page.html")});
  std::vector<std::string> report = run;
  report.insert(report.end(), {"--format", "json", "--output", scratch.path("report.json")});
  ASSERT_EQ(run_systole(page).exit_code, 0);
  ASSERT_EQ(run_systole(report).exit_code, 0);
  EXPECT_THAT(run_systole({"diff", scratch.path("report.json"), scratch.path("page.html")}).out,
              HasSubstr("made from the same chip, network and options"));
}

}  // namespace
}  // namespace systole
