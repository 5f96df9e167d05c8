#include "report/page/explain_page.h"

#include <string>

#include <gmock/gmock.h>

#include "compiler/frontend/read_network.h"

namespace systole {
namespace {

using testing::HasSubstr;
using testing::Not;

Explanation small_explanation() {
  const ChipSpec edge = read_chip(std::string(SYSTOLE_SOURCE_DIR) + "/configs/chips/edge.yaml");
  Network network = parse_network(
      "network: small\nbatch: 1\ninputs: [{name: x, features: 16}]\n"
      "layers: [{name: fc, op: dense, features: 10}]\n",
      "n.yaml");
  network.graph.name = "a<b";  // ONNX files have such names
  network.graph.nodes[0].name = "fc</script>";
  return explain(edge, network);
}

TEST(ExplainPage, IsWholeAndEndsNoElementByItsData) {
  const std::string page =
      explain_page(small_explanation(), std::nullopt, "systole explain edge '<b>'");
  EXPECT_THAT(page, HasSubstr("<title>a&lt;b on edge: how it is mapped</title>"));
  EXPECT_THAT(page, Not(HasSubstr("fc</script>")));
  EXPECT_THAT(page, HasSubstr("systole explain edge '\\u003cb>'"));
  EXPECT_THAT(page, HasSubstr("\"opened\":null"));
  for (const char* const outside : {" src=", "<link", "@import", "http://localhost"}) {
    EXPECT_THAT(page, Not(HasSubstr(outside)));
  }
}

TEST(ExplainPage, HoldsAllLayersWhicheverIsOpen) {
  const Explanation explanation = small_explanation();
  const std::string page = explain_page(explanation, 0, "");
  EXPECT_THAT(page, HasSubstr("\"opened\":0"));
  EXPECT_THAT(page, HasSubstr("\"schema\":\"systole.explain/1\""));
  EXPECT_THAT(
      page, HasSubstr("\"cycles\":" + std::to_string(explanation.result.counters.elapsed.count())));
  EXPECT_THAT(page, HasSubstr("\"begin_cycle\":"));
}

}  // namespace
}  // namespace systole
