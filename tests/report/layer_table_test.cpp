#include "report/layer_table.h"

#include <algorithm>

#include <gmock/gmock.h>

#include "report/summary.h"
#include "report/text.h"
#include "study/limits.h"
#include "tests/report/sample_result.h"
#include "tests/report/whole_result.h"

namespace systole {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

std::vector<std::string> names(const Result& result, const TextOptions& options) {
  std::vector<std::string> names;
  for (const std::size_t layer : shown_layers(result, options)) {
    names.push_back(result.graph.nodes[layer].name);
  }
  return names;
}

TEST(LayerTable, ShowsEveryLayerOfASmallNetworkInItsOrder) {
  EXPECT_THAT(names(sample_result(), {}),
              ElementsAre("conv1", "add1", "flatten", "dense1", "softmax"));
}

TEST(LayerTable, LosesWhatIsExposedBeyondTheBound) {
  const Result result = sample_result();
  for (std::size_t layer = 0; layer < result.graph.nodes.size(); ++layer) {
    const std::int64_t exposed = result.counters.layers[layer].exposed.count();
    const std::int64_t bound = layer_roofline(result, layer).cycles().count();
    EXPECT_EQ(lost_cycles(result, layer).count(), std::max<std::int64_t>(0, exposed - bound));
  }
}

TEST(LayerTable, OrdersByFigureWithViewsLast) {
  const Result result = sample_result();
  for (const LayerOrder order : {LayerOrder::Time, LayerOrder::Loss, LayerOrder::Energy}) {
    const std::vector<std::size_t> shown = shown_layers(result, {.by = order});
    EXPECT_EQ(result.graph.nodes[shown.back()].name, "flatten");
  }
  const std::vector<std::size_t> by_time = shown_layers(result, {.by = LayerOrder::Time});
  for (std::size_t i = 0; i + 2 < by_time.size(); ++i) {
    EXPECT_GE(result.counters.layers[by_time[i]].exposed,
              result.counters.layers[by_time[i + 1]].exposed);
  }
  EXPECT_THAT(names(result, {.by = LayerOrder::Name}),
              ElementsAre("add1", "conv1", "dense1", "flatten", "softmax"));
}

TEST(LayerTable, TheFirstFewAreThoseThatLoseMost) {
  const Result result = sample_result();
  const std::vector<std::size_t> two = shown_layers(result, {.layers = 2});
  ASSERT_EQ(two.size(), 2U);
  for (std::size_t layer = 0; layer < result.graph.nodes.size(); ++layer) {
    if (layer != two[0] && layer != two[1]) {
      EXPECT_LE(lost_cycles(result, layer), lost_cycles(result, two[1]));
    }
  }
  EXPECT_THAT(layer_table(result, {.layers = 2}),
              HasSubstr("The first 2 of 5 layers by loss; --layers all shows every one.\n"));
  EXPECT_EQ(layer_table(result, {.layers = 0}), "");
}

TEST(LayerTable, LeavesOutColumnsOnANarrowTerminal) {
  const std::string narrow = layer_table(sample_result(), {.width = 60});
  EXPECT_THAT(narrow, HasSubstr("(no room for: "));
  EXPECT_THAT(layer_table(sample_result(), {}), Not(HasSubstr("(no room for: ")));
}

TEST(Summary, SaysInTenLinesWhatMatters) {
  const WholeResult whole = whole_result("edge");
  const std::string text = summary(whole.result, whole.extras, {});
  EXPECT_THAT(text, StartsWith("summary\n  time             "));
  EXPECT_LE(std::count(text.begin(), text.end(), '\n'), 12);  // with heading and blank line
  EXPECT_THAT(text, HasSubstr("\n  bound "));
  EXPECT_THAT(text, HasSubstr("\n  lost by layer "));
  EXPECT_THAT(text, HasSubstr("\n  energy "));
  EXPECT_THAT(text, HasSubstr("\n  check            FAILED\n"));
}

TEST(Summary, CutsLinesWhereTheTerminalEnds) {
  const std::string text = summary(sample_result(), {}, {.width = kNarrowest});
  std::size_t begin = 0;
  while (begin < text.size()) {
    const std::size_t end = text.find('\n', begin);
    EXPECT_LE(end - begin, kNarrowest);
    begin = end + 1;
  }
}

}  // namespace
}  // namespace systole
