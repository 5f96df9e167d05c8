#include "compiler/allocation/segment.h"

#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "compiler/frontend/read_network.h"

namespace systole {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

const std::vector<Segment> kSegments{{.first = 2, .end = 5, .parts = 4},
                                     {.first = 5, .end = 7, .parts = 2}};

TEST(Segments, OfALayerThatIsInNoneIsTheLayer) {
  EXPECT_EQ(segment_of(kSegments, 1), (Segment{.first = 1, .end = 2, .parts = 1}));
  EXPECT_EQ(segment_of(kSegments, 2), kSegments[0]);
  EXPECT_EQ(segment_of(kSegments, 4), kSegments[0]);
  EXPECT_EQ(segment_of(kSegments, 5), kSegments[1]);
}

/// From a layer before to one in the first: until its last part is done. From one in the first to
/// one in the second: both of them.
TEST(Segments, StretchWhatOthersNeedToo) {
  const auto stretched = [](std::int32_t first, std::int32_t last) {
    const Lifetime life = in_whole_segments(kSegments, {.first = first, .last = last});
    return std::pair{life.first, life.last};
  };
  EXPECT_EQ(stretched(0, 1), (std::pair{0, 1}));
  EXPECT_EQ(stretched(1, 3), (std::pair{1, 4}));
  EXPECT_EQ(stretched(3, 5), (std::pair{2, 6}));
  EXPECT_EQ(stretched(6, 9), (std::pair{5, 9}));
}

TEST(Segments, HoldWhatNobodyElseNeeds) {
  EXPECT_TRUE(kSegments[0].holds({.first = 2, .last = 4}));
  EXPECT_FALSE(kSegments[0].holds({.first = 1, .last = 4}));
  EXPECT_FALSE(kSegments[0].holds({.first = 2, .last = 5}));
}

Graph network(const std::string& layers, std::int64_t batch) {
  return parse_network("network: n\ninputs: [{name: x, extents: [6, 8]}]\nlayers:\n" + layers,
                       "n.yaml", {.batch = batch})
      .graph;
}

TEST(PartsOfBatch, DivideIt) {
  const Graph graph = network("  - {name: a, op: dense, features: 4}\n", 12);
  EXPECT_THAT(parts_of_batch(graph), ElementsAre(2, 3, 4, 6, 12));
  PartGraphs graphs(graph);
  EXPECT_EQ(graphs.of(4).batch, 3);
  EXPECT_EQ(graphs.of(4).tensor(graph.outputs.front()).type.extents.front(), 3);
  EXPECT_EQ(&graphs.of(1), &graph);
}

TEST(PartsOfBatch, OfOneImageAreNone) {
  EXPECT_THAT(parts_of_batch(network("  - {name: a, op: dense, features: 4}\n", 1)), IsEmpty());
}

}  // namespace
}  // namespace systole
