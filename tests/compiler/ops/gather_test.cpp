#include "compiler/ops/gather.h"

#include <set>
#include <string>

#include <gtest/gtest.h>

#include "compiler/frontend/read_network.h"
#include "tests/arch/message_of.h"

namespace systole {
namespace {

/// A table of 100 rows of 6 features, and layers `text`.
Graph graph_of(const std::string& text) {
  return parse_network(
             "network: n\ninputs: [{name: x, extents: [2, 6]}]\n"
             "states: [{name: table, extents: [100, 6]}]\nlayers:\n" +
                 text,
             "n.yaml")
      .graph;
}

std::string error_of(const std::string& keys) {
  return message_of([&] {
    (void)graph_of("  - {name: g, op: gather, input: table" + keys +
                   "}\n  - {name: r, op: relu, input: x}\n");
  });
}

TEST(Gather, TakesRowsOfATable) {
  const Graph graph = graph_of(
      "  - {name: g, op: gather, input: table, rows: \"7,99,0..2\"}\n"
      "  - {name: r, op: relu, input: x}\n");
  EXPECT_EQ(graph.tensor(graph.node(0).output()).type.extents, (Extents{1, 5, 6}));
  const CopyWork copy = *gathering(graph.node(0));
  EXPECT_EQ(copy.source({.row = 1, .col = 0}).at.row, 99);
  EXPECT_EQ(copy.source({.row = 4, .col = 0}).at.row, 2);
  EXPECT_FALSE(gathering(graph.node(1)));
}

TEST(Gather, DrawsRowsFromAllOfTheTable) {
  const Graph graph = graph_of(
      "  - {name: g, op: gather, input: table, count: 1000}\n"
      "  - {name: r, op: relu, input: x}\n");
  const CopyWork copy = *gathering(graph.node(0));
  std::set<std::int64_t> rows;
  for (std::int64_t i = 0; i < 1000; ++i) {
    rows.insert(copy.source({.row = i, .col = 0}).at.row);
  }
  EXPECT_GT(rows.size(), 95U);
  EXPECT_EQ(*rows.begin(), 0);
  EXPECT_EQ(*rows.rbegin(), 99);
}

TEST(Gather, SaysWhatItCannotDo) {
  EXPECT_EQ(error_of(""), "n.yaml:5:5: g: expected either rows or count, got none");
  EXPECT_EQ(error_of(", rows: \"1\", count: 2"),
            "n.yaml:5:59: layers[0].count: expected either rows or count, got both");
  EXPECT_EQ(error_of(", rows: \"1,100\""), "n.yaml:5:47: g.rows: expected rows of 0..99, got 100");
  EXPECT_EQ(error_of(", rows: \"one\""),
            "n.yaml:5:47: g.rows: expected a number of 0..2^26 at letter 1 of the map, got 'one'");
}

}  // namespace
}  // namespace systole
