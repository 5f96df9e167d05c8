#include "report/page/compare_page.h"

#include <fstream>
#include <regex>
#include <sstream>

#include <gmock/gmock.h>

namespace systole {
namespace {

using testing::HasSubstr;

TEST(ComparePage, KnowsTheErrorsThatTheDocumentsState) {
  std::stringstream file;
  file << std::ifstream(std::string(SYSTOLE_SOURCE_DIR) + "/docs/devices.md").rdbuf();
  const std::string text = file.str();
  for (const std::string group : {"bert", "gemm", "mobilenet_v1", "resnet50", "all"}) {
    // | group | points | mean error | largest | validation points | mean error | largest |
    const std::regex row("\\| " + group +
                         " \\| \\d+ \\| [\\d.]+ % \\| [\\d.]+ % \\| \\d+ \\| ([\\d.]+) % \\| "
                         "([\\d.]+) % \\|");
    std::smatch cells;
    ASSERT_TRUE(std::regex_search(text, cells, row)) << group;
    const DeviceError& error = device_error(group);
    EXPECT_EQ(error.group, group);
    EXPECT_NEAR(error.mean, std::stod(cells[1]) / 100, 1e-9) << group;
    EXPECT_NEAR(error.largest, std::stod(cells[2]) / 100, 1e-9) << group;
  }
  EXPECT_EQ(device_error("bert_base").group, "bert");
  EXPECT_EQ(device_error("unet").group, "all");
}

TEST(ComparePage, HoldsTheReportAndTheCurves) {
  Comparison comparison{.network = "net", .baseline = "a", .site = "here"};
  comparison.rows.push_back({.name = "a"});
  comparison.rows.back().time = Femtoseconds(1'000'000'000'000);
  comparison.rows.back().load = ComparedLoad{};
  comparison.rows.back().load->curve.push_back({.per_second = 500,
                                                .p50 = stream_time(Femtoseconds(1'000'000'000)),
                                                .p99 = stream_time(Femtoseconds(2'000'000'000))});
  const std::string page = compare_page(comparison, "systole compare net", "systole 1");
  EXPECT_THAT(page, HasSubstr(R"("curves":[[[500.0,1e-06,2e-06]]])"));
  EXPECT_THAT(page, HasSubstr(R"("schema":"systole.compare/1")"));
  EXPECT_THAT(page, HasSubstr("<title>net compared</title>"));
}

}  // namespace
}  // namespace systole
