#include "compiler/ops/rearrange.h"

#include <gtest/gtest.h>

#include "compiler/frontend/read_network.h"
#include "tests/arch/message_of.h"

namespace systole {
namespace {

/// Of a network with an image of 3 rows, 4 columns and 6 channels, x.
Graph graph_of(const std::string& layer) {
  return parse_network(
             "network: n\ninputs: [{name: x, rows: 3, cols: 4, channels: 6}]\nlayers:\n"
             "  - {name: l, op: rearrange, " +
                 layer + "}\n",
             "n.yaml")
      .graph;
}

Extents extents_of(const std::string& layer) {
  const Graph graph = graph_of(layer);
  return graph.tensor(graph.nodes.back().output()).type.extents;
}

std::string error_of(const std::string& layer) {
  return message_of([&] { (void)extents_of(layer); });
}

PixelSource source_of(const std::string& layer, std::int64_t row, std::int64_t col) {
  const Work work = graph_of(layer).nodes.back().work();
  return std::get<CopyWork>(work).source({.row = row, .col = col});
}

TEST(PixelMaps, ArePrintedAsTheyAreRead) {
  for (const std::string text :
       {"0..3 0..2*4", "-x2,0..3,- 0..2*4", "3..0,5", "0..6/2*3", "0,0,1,1", "7"}) {
    const PixelMap map = parse_pixel_map(text);
    EXPECT_EQ(map.error, "");
    EXPECT_EQ(parse_pixel_map(text_of(map.axes)).axes, map.axes) << text_of(map.axes);
  }
  EXPECT_EQ(text_of(parse_pixel_map("0,1,2,3 0,4,8 -,-").axes), "0..3 0..8/4 -x2");
}

TEST(Rearrangements, AreTransposesPartsAndBorders) {
  EXPECT_EQ(extents_of("map: \"0..3 0..2*4\""), (Extents{1, 4, 3, 6}));
  // Row 1, column 2 of the transposed image is row 2, column 1.
  const PixelSource turned = source_of("map: \"0..3 0..2*4\"", 1, 2);
  EXPECT_EQ(turned.at.row, 2);
  EXPECT_EQ(turned.at.col, 1);
  // A border of one column on the left, and the rows upside down.
  EXPECT_EQ(extents_of("map: \"2..0*4 -,0..3\", fill: 7"), (Extents{1, 3, 5, 6}));
  EXPECT_TRUE(source_of("map: \"2..0*4 -,0..3\", fill: 7", 0, 0).filled);
  EXPECT_EQ(source_of("map: \"2..0*4 -,0..3\", fill: 7", 0, 1).at.row, 2);
  // The second of two inputs begins at pixel 12.
  const PixelSource second = source_of("inputs: [x, x], map: \"0,12\"", 1, 0);
  EXPECT_EQ(second.input, 1);
  EXPECT_EQ(second.at.row, 0);
}

TEST(Rearrangements, SayWhatTheyCannotDo) {
  EXPECT_EQ(error_of("map: \"0..3 0..3*4\""),
            "n.yaml:4:35: l.map: expected a map to the 12 pixels of the inputs, got one to number "
            "15");
  EXPECT_EQ(error_of("map: \"0..x\""),
            "n.yaml:4:35: l.map: expected a number of 0..2^26 at letter 4 of the map, got 'x'");
  EXPECT_EQ(error_of("map: \"0;\""),
            "n.yaml:4:35: l.map: expected ',', '*' or ' ' at letter 2 of the map, got ';'");
  EXPECT_EQ(error_of("map: \"0..4/0\""),
            "n.yaml:4:35: l.map: expected a map whose steps are above 0, got 0");
  EXPECT_EQ(error_of("map: \"-x67108864,-x2\""),
            "n.yaml:4:35: l.map: expected a map of at most 2^26 indices, got more");
  EXPECT_EQ(error_of("map: \"-x65536 -x65536\""),
            "n.yaml:4:35: l.map: expected a map of 1..2^26 pixels, got more");
}

}  // namespace
}  // namespace systole
