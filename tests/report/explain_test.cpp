#include "report/explain.h"

#include <numeric>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "study/time_parts.h"
#include "tests/report/sample_result.h"

namespace systole {
namespace {

using testing::HasSubstr;
using testing::Not;

/// The convolution of the sample as somebody explained it; everything else has no nest.
class ExplainReport : public testing::Test {
 protected:
  ExplainReport() {
    explanation_.result = sample_result();
    explanation_.layers.resize(explanation_.result.graph.nodes.size());
    explanation_.compiled.plans.push_back({.layers = {},
                                           .bands = {},
                                           .segments = {},
                                           .roots = {},
                                           .resident = {},
                                           .buffer_bytes = 4096,
                                           .blocks = {}});
    explanation_.compiled.mapping.shares.push_back(
        {.images = 1, .segments = {}, .resident = {}, .layers = {}});
    explanation_.compiled.mapping.shares.front().layers.resize(explanation_.layers.size());
    LayerExplanation& layer = explanation_.layers[0];
    layer.chosen.mapping.pixels = 4;
    layer.chosen.cost = {.cycles = CoreCycles(2500), .dram = Bytes(4736)};
    layer.nest = {{.level = NestLevel::Dram,
                   .axis = "band",
                   .unit = "images",
                   .count = 2,
                   .size = 1,
                   .total = 2},
                  {.level = NestLevel::Buffer,
                   .axis = "n",
                   .unit = "channels",
                   .count = 1,
                   .size = 32,
                   .total = 32}};
    layer.operands = {{.name = "input", .home = Home::Host},
                      {.name = "residual", .is_added = true, .home = Home::PassingDram},
                      {.name = "conv1", .is_output = true, .home = Home::None}};
    layer.traffic = {{.level = "dram_read", .unit = "B", .moved = 9472, .least = 4736},
                     {.level = "host", .unit = "B", .moved = 0, .least = 0}};
    LayerCandidate other = layer.chosen;
    other.change = "one band";
    other.cost.cycles = CoreCycles(2750);
    layer.others = {other};
    explanation_.layers[1].fused = true;
  }

  Explanation explanation_;
};

TEST_F(ExplainReport, OfALayerNamesItsLoopsOperandsTrafficAndOtherWays) {
  const std::string text = explanation_text(explanation_, {}, 0);
  EXPECT_THAT(text, HasSubstr("conv1 (conv2d, 8x8x32), 4 neighbouring positions as one\n"));
  EXPECT_THAT(text, HasSubstr("model expected 2,500\n"));
  EXPECT_THAT(text, HasSubstr("input: streams, band by band, over the host link\n"));
  EXPECT_THAT(text, HasSubstr("for each of 2 bands: 1 of 2 images\n"));
  EXPECT_THAT(text, HasSubstr("1 slice of n: 32 channels\n"));
  EXPECT_THAT(text, HasSubstr("dram read  9.472 kB  4.736 kB   2.00\n"));
  EXPECT_THAT(text, Not(HasSubstr("  host ")));  // nothing moved there
  EXPECT_THAT(text, HasSubstr("one band"));
  EXPECT_THAT(text, HasSubstr("2,750  +10.0 %"));
}

/// What a fused layer adds is no operand of the product.
TEST_F(ExplainReport, TellsWhatIsAddedFromOperands) {
  const std::string text = explanation_text(explanation_, {}, 0);
  EXPECT_THAT(text,
              HasSubstr("residual: stays in the unified buffer, from or to DRAM as a whole\n"));
  EXPECT_THAT(text, HasSubstr("added"));
  const auto json = nlohmann::ordered_json(explanation_json(explanation_, 0));
  const auto& operands = json.at("layers").at(0).at("operands");
  EXPECT_EQ(operands.at(0).at("role"), "input");
  EXPECT_EQ(operands.at(1).at("role"), "added");
  EXPECT_EQ(operands.at(1).at("home"), "buffer_over_dram");
  EXPECT_EQ(operands.at(2).at("role"), "output");
}

TEST_F(ExplainReport, OfALayerThatAnotherComputesSaysSo) {
  EXPECT_THAT(explanation_text(explanation_, {}, 1),
              HasSubstr("computed by the layer before, on the way out of the accumulators"));
  EXPECT_THAT(explanation_text(explanation_, {}, 2), HasSubstr("a view: nothing moves"));
}

/// 4,000 cycles, of which the array streams for 2,800.
TEST_F(ExplainReport, BeginsWithWhatTheTimeIsMadeOf) {
  const TimeParts parts = time_parts(explanation_.result);
  EXPECT_EQ(std::accumulate(parts.cycles.begin(), parts.cycles.end(), CoreCycles(0)),
            CoreCycles(4000));
  EXPECT_EQ(parts[TimePart::Least] + parts[TimePart::Edges] + parts[TimePart::Unpacked],
            CoreCycles(2800));
  // 100 of conv1, 500 of dense1
  EXPECT_EQ(parts[TimePart::LateWeights] + parts[TimePart::Weights], CoreCycles(600));
}

TEST_F(ExplainReport, IsJsonOfItsSchema) {
  const auto json = nlohmann::ordered_json(explanation_json(explanation_, 0));
  EXPECT_EQ(json.at("schema"), "systole.explain/1");
  EXPECT_EQ(json.at("buffer_bytes"), 4096);
  ASSERT_EQ(json.at("layers").size(), 1);
  const auto& layer = json.at("layers").at(0);
  EXPECT_EQ(layer.at("name"), "conv1");
  EXPECT_EQ(layer.at("pixels"), 4);
  EXPECT_EQ(layer.at("side_by_side"), 1);
  EXPECT_EQ(layer.at("estimated_cycles"), 2500);
  EXPECT_FALSE(json.contains("changes"));
}

}  // namespace
}  // namespace systole
