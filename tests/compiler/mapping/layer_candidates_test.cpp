#include "compiler/mapping/layer_candidates.h"

#include <algorithm>
#include <string>

#include <gmock/gmock.h>

#include "compiler/frontend/read_network.h"

namespace systole {
namespace {

using ::testing::Contains;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

ChipSpec edge() {
  return read_chip(std::string(SYSTOLE_SOURCE_DIR) + "/configs/chips/edge.yaml");
}

Graph one_layer(const std::string& layer, std::int64_t batch = 2) {
  return parse_network("network: n\nbatch: " + std::to_string(batch) +
                           "\ninputs: [{name: x, rows: 14, cols: 14, channels: 32}]\nlayers: [" +
                           layer + "]\n",
                       "n.yaml")
      .graph;
}

/// The layer by the rule, everything streaming.
MappedLayer streaming(const ChipSpec& chip, const Graph& graph, const BandSize& band,
                      std::int64_t side_by_side = 1) {
  const OperandHomes homes = streaming_homes(chip, graph, tensor_lives(graph), graph.node(0));
  MappedLayer layer{.graph = graph,
                    .layer = 0,
                    .mapping = {},
                    .homes = homes,
                    .streaming = homes,
                    .staying = staying_homes(graph, tensor_lives(graph), 0, homes)};
  layer.mapping = with_rule(chip, layer, band, {.groups = side_by_side});
  return layer;
}

std::vector<std::string> changes(const std::vector<LayerCandidate>& candidates) {
  std::vector<std::string> names;
  for (const LayerCandidate& candidate : candidates) {
    names.push_back(candidate.change);
  }
  return names;
}

constexpr const char* kConv = "{name: a, op: conv2d, channels: 64, kernel: 3, padding: 1}";

TEST(LayerCandidates, DifferInOneDecisionAndComeCheapestFirst) {
  const ChipSpec chip = edge();
  const Graph graph = one_layer(kConv);
  const MappedLayer layer = streaming(chip, graph, {.images = 2, .rows = 14});
  const std::vector<LayerCandidate> candidates = layer_candidates(chip, layer);
  ASSERT_GT(candidates.size(), 5);
  for (std::size_t index = 0; index < candidates.size(); ++index) {
    EXPECT_NE(candidates[index].mapping, layer.mapping);
    EXPECT_EQ(candidates[index].cost,
              layer_cost(chip, graph, graph.node(0), candidates[index].mapping, layer.homes));
    if (index > 0) {
      EXPECT_GE(candidates[index].cost.score(), candidates[index - 1].cost.score());
    }
  }
  EXPECT_THAT(changes(candidates), Contains("2 bands of 1 image"));
  EXPECT_THAT(changes(candidates), Contains("4 bands of 7 rows"));
  EXPECT_THAT(changes(candidates), Contains("chunks of at most 256 positions"));
  EXPECT_THAT(changes(candidates), Not(Contains("one band")));     // as it is
  EXPECT_THAT(changes(candidates), Each(Not(HasSubstr("sums"))));  // weights stay here
}

TEST(LayerCandidates, AsItIsCostsWhatTheRuleCosts) {
  const ChipSpec chip = edge();
  const Graph graph = one_layer(kConv);
  const MappedLayer layer = streaming(chip, graph, {.images = 1, .rows = 14});
  EXPECT_EQ(chosen_candidate(chip, layer).cost,
            layer_cost(chip, graph, graph.node(0), BandSize{.images = 1, .rows = 14}, layer.homes));
}

TEST(LayerCandidates, OfGroupsAreTheDivisorsThatHaveColumns) {
  const ChipSpec chip = edge();
  const Graph graph =
      one_layer("{name: a, op: conv2d, channels: 32, kernel: 3, padding: 1, groups: 8}", 1);
  const MappedLayer layer = streaming(chip, graph, {.images = 1, .rows = 14}, 2);
  std::vector<std::string> packings = changes(layer_candidates(chip, layer));
  std::erase_if(packings, [](const std::string& change) {
    return change.find("group") == std::string::npos;
  });
  std::sort(packings.begin(), packings.end());
  EXPECT_THAT(packings,
              ElementsAre("4 groups side by side", "8 groups side by side", "a group a tile"));
}

/// What stays comes and goes over the host link as a whole; bands are chosen anew.
TEST(LayerCandidates, MayHaveAnOperandElsewhere) {
  const ChipSpec chip = edge();
  const Graph graph = one_layer(kConv);
  const MappedLayer layer = streaming(chip, graph, {.images = 1, .rows = 14});
  const std::vector<LayerCandidate> candidates = residency_candidates(chip, layer);
  EXPECT_THAT(changes(candidates), ElementsAre("x stays", "a stays"));
  EXPECT_EQ(candidates[0].homes.inputs.front(), Home::Passing);
  EXPECT_EQ(candidates[0].homes.output, Home::Host);
  EXPECT_EQ(candidates[1].homes.output, Home::Passing);
}

TEST(LayerCandidates, BandsAreSaidInWords) {
  const Graph graph = one_layer(kConv);
  const Node& node = graph.node(0);
  EXPECT_EQ(band_words(graph, node, {.images = 2, .rows = 14}), "one band");
  EXPECT_EQ(band_words(graph, node, {.images = 1, .rows = 14}), "2 bands of 1 image");
  EXPECT_EQ(band_words(graph, node, {.images = 1, .rows = 4}), "8 bands of 4 rows");
}

}  // namespace
}  // namespace systole
