#include "report/python_figures.h"

#include <gmock/gmock.h>

#include "tests/golden/golden.h"

namespace systole {
namespace {

using testing::HasSubstr;

TEST(PythonFigures, AreThoseThatThePackageShips) {
  EXPECT_TRUE(matches_golden("../../python/systole/figures.py", python_figures()));
}

TEST(PythonFigures, HaveTheTypesOfTheTables) {
  const std::string figures = python_figures();
  EXPECT_THAT(figures, HasSubstr("class Total(Figures):\n    cycles: int"));
  EXPECT_THAT(figures, HasSubstr("    distance: Optional[float]"));
  EXPECT_THAT(figures, HasSubstr("    roofline: LayerRoofline"));
  EXPECT_THAT(figures, HasSubstr("    steps: list[Phase]"));
  EXPECT_THAT(figures, HasSubstr("    components: Mapping[str, float]"));
}

}  // namespace
}  // namespace systole
