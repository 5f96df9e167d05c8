#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "report/json.h"
#include "study/figures.h"
#include "tests/report/sample_result.h"
#include "tests/report/whole_result.h"

namespace systole {
namespace {

using Json = nlohmann::ordered_json;

/// The numbers and flags of a JSON object that stand in no list.
void flatten(const Json& json, const std::string& path, std::vector<Figure>& figures) {
  for (const auto& [key, value] : json.items()) {
    const std::string full = path.empty() ? key : path + '.' + key;
    if (value.is_object()) {
      flatten(value, full, figures);
    } else if (value.is_boolean()) {
      figures.push_back({full, value.get<bool>() ? 1.0 : 0.0, ""});
    } else if (value.is_number()) {
      figures.push_back({full, value.get<double>(), ""});
    }
  }
}

class FigureKeys : public testing::TestWithParam<const char*> {};

TEST_P(FigureKeys, AreThoseOfTheJsonReportAndSoAreTheValues) {
  WholeResult whole = whole_result(GetParam());
  const Result& result = whole.result;
  whole.extras.deadline = std::nullopt;
  std::vector<Figure> expected;
  flatten(Json::parse(json_report(result, whole.extras)), "", expected);
  const std::vector<Figure> figures = figures_of(result);
  ASSERT_EQ(figures.size(), expected.size());
  for (std::size_t index = 0; index < figures.size(); ++index) {
    EXPECT_EQ(figures[index].key, expected[index].key);
    EXPECT_EQ(figures[index].value, expected[index].value) << figures[index].key;
  }
}

INSTANTIATE_TEST_SUITE_P(Chips, FigureKeys, testing::Values("edge", "tpu_v1", "fpga_overlay_u250"));

TEST(FigureNamed, IsFoundByItsKey) {
  const Result result = sample_result();
  ASSERT_TRUE(figure_named(result, "total.cycles"));
  EXPECT_EQ(figure_named(result, "total.cycles")->value, 4000);
  EXPECT_EQ(figure_named(result, "total.cycles")->unit, "cycles");
  EXPECT_FALSE(figure_named(result, "energy.joules"));
  EXPECT_FALSE(figure_named(result, "total.roofline.bound"));
}

}  // namespace
}  // namespace systole
