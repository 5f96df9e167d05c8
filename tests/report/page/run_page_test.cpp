#include "report/page/run_page.h"

#include <gmock/gmock.h>

#include "tests/report/sample_result.h"
#include "tests/report/whole_result.h"

namespace systole {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(RunPage, IsWholeAndEndsNoElementByItsData) {
  WholeResult whole = whole_result("edge");
  whole.result.graph.nodes[0].name = "</script><b>";
  whole.result.graph.name = "a<b";
  const std::string page = run_page(whole.result, whole.extras, nullptr, "systole run a '<b>'");
  EXPECT_THAT(page, HasSubstr("<title>a&lt;b on "));
  EXPECT_THAT(page, Not(HasSubstr("</script><b>")));
  EXPECT_THAT(page, HasSubstr("systole run a '\\u003cb>'"));
  for (const char* const outside : {" src=", "<link", "@import", "http://localhost"}) {
    EXPECT_THAT(page, Not(HasSubstr(outside)));
  }
}

TEST(RunPage, HasEveryConstantWithItsSource) {
  const WholeResult whole = whole_result("edge");
  const std::string page = run_page(whole.result, whole.extras, nullptr, "");
  for (const Fact& fact : whole.result.chip.facts) {
    EXPECT_THAT(page, HasSubstr('"' + fact.path + "\",\""));
  }
}

}  // namespace
}  // namespace systole
