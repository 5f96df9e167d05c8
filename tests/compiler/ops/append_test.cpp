#include <string>
#include <variant>

#include <gtest/gtest.h>

#include "compiler/frontend/read_network.h"
#include "compiler/ops/work.h"
#include "tests/arch/message_of.h"

namespace systole {
namespace {

/// Rows x of 2 tokens and 6 features, a cache of 8 tokens, and layers `text`.
Graph graph_of(const std::string& text) {
  return parse_network(
             "network: n\n"
             "inputs: [{name: x, extents: [2, 6]}]\n"
             "states: [{name: cache, extents: [8, 6]}]\n"
             "layers:\n" +
                 text,
             "n.yaml")
      .graph;
}

std::string error_of(const std::string& text) {
  return message_of([&] { (void)graph_of(text); });
}

TEST(Append, MakesAStateThatProductsRead) {
  const Graph graph = graph_of(
      "  - {name: a, op: append, inputs: [x, cache], at: 3}\n"
      "  - {name: s, op: matmul, inputs: [x, a], transpose_b: true, used: 5}\n");
  ASSERT_EQ(graph.states.size(), 1U);
  EXPECT_EQ(graph.inputs.size(), 1U);
  EXPECT_EQ(graph.tensor(graph.states[0]).role, GraphTensorRole::State);
  EXPECT_EQ(graph.tensor(graph.nodes[0].output()).type.extents, (Extents{1, 8, 6}));
  EXPECT_EQ(graph.nodes[0].shared_input(), 1U);
  EXPECT_EQ(graph.tensor(graph.nodes[1].output()).type.extents, (Extents{1, 2, 5}));
  EXPECT_EQ(graph.outputs, (std::vector<GraphTensorId>{graph.nodes[1].output()}));
}

TEST(Append, ThatNobodyReadsIsNoOutput) {
  const Graph graph = graph_of(
      "  - {name: a, op: append, inputs: [x, cache]}\n"
      "  - {name: r, op: relu, input: x}\n");
  EXPECT_EQ(graph.outputs, (std::vector<GraphTensorId>{graph.nodes[1].output()}));
}

TEST(Append, OfAContextLongerThanTheCacheIsOneLine) {
  EXPECT_EQ(error_of("  - {name: a, op: append, inputs: [x, cache], at: 7}\n"
                     "  - {name: r, op: relu, input: x}\n"),
            "n.yaml:5:51: a.at: expected a context of at most 8 tokens, as many as the cache "
            "holds, got 9");
}

std::string by_head(const std::string& written, int at) {
  return "network: n\ninputs: [{name: x, extents: " + written +
         "}]\nstates: [{name: cache, extents: [3, 8, 2]}]\nlayers:\n"
         "  - {name: a, op: append, inputs: [x, cache], at: " +
         std::to_string(at) + "}\n";
}

/// A state of 3 heads, 8 tokens, 2 features: token 5 of head 2 is the row's features 4 and 5.
TEST(Append, ToAStateByHeadTakesEachHeadOfARow) {
  const Graph graph = parse_network(by_head("[2, 6]", 4), "n.yaml").graph;
  EXPECT_EQ(graph.tensor(graph.nodes[0].output()).type.extents, (Extents{1, 3, 8, 2}));
  const auto copy = std::get<CopyWork>(graph.nodes[0].work());
  const PixelSource token = copy.source({.row = 2, .col = 5});
  EXPECT_EQ(token.input, 0);
  EXPECT_EQ(token.at.row, 1);
  EXPECT_EQ(token.at.col, 0);
  EXPECT_EQ(token.channel, 4);
  EXPECT_EQ(copy.source({.row = 2, .col = 3}).input, 1);
  EXPECT_EQ(copy.source({.row = 2, .col = 6}).input, 1);
  ASSERT_TRUE(copy.over);
  EXPECT_EQ(copy.over->rows, 3);
  EXPECT_EQ(copy.over->first_col, 4);
  EXPECT_EQ(copy.over->cols, 2);
}

TEST(Append, ToAStateByHeadTakesHeadsApart) {
  const Graph graph = parse_network(by_head("[3, 2, 2]", 6), "n.yaml").graph;
  const auto copy = std::get<CopyWork>(graph.nodes[0].work());
  const PixelSource token = copy.source({.row = 2, .col = 7});
  EXPECT_EQ(token.at.row, 2);
  EXPECT_EQ(token.at.col, 1);
  EXPECT_EQ(token.channel, 0);
}

TEST(Append, ToAStateByHeadRefusesWhatDoesNotFit) {
  const auto error = [](const std::string& text) {
    return message_of([&] { (void)parse_network(text, "n.yaml"); });
  };
  const std::string wanted =
      "n.yaml:5:5: a: expected rows and a state of batch, rows and the same features (or batch, "
      "heads, rows and features of a head), got ";
  EXPECT_EQ(error(by_head("[2, 5]", 0)), wanted + "1 x 2 x 5 and 1 x 3 x 8 x 2");
  EXPECT_EQ(error(by_head("[2, 2, 2]", 0)), wanted + "1 x 2 x 2 x 2 and 1 x 3 x 8 x 2");
  EXPECT_EQ(error(by_head("[6]", 0)), wanted + "1 x 6 and 1 x 3 x 8 x 2");
  EXPECT_EQ(
      error(by_head("[2, 6]", 7)),
      "n.yaml:5:51: a.at: expected a context of at most 8 tokens, as many as the cache holds, "
      "got 9");
}

TEST(Append, OfAWindowIsARing) {
  const auto rows_of = [](const std::string& layer) {
    const Graph graph = graph_of("  - {name: a, op: append, inputs: [x, cache], " + layer +
                                 "}\n  - {name: r, op: relu, input: x}\n");
    const Work work = graph.node(0).work();
    return *std::get<CopyWork>(work).over;
  };
  EXPECT_EQ(rows_of("at: 6, window: 8").first, 6);
  EXPECT_EQ(rows_of("at: 10, window: 8").first, 2);
  EXPECT_EQ(rows_of("at: 3, window: 100").first, 3);  // fewer rows than the window: no ring
  EXPECT_EQ(error_of("  - {name: a, op: append, inputs: [x, cache], at: 15, window: 8}\n"
                     "  - {name: r, op: relu, input: x}\n"),
            "n.yaml:5:51: a.at: expected rows that do not go over the end of a ring of 8, got 2 at "
            "15");
  EXPECT_EQ(error_of("  - {name: a, op: append, inputs: [x, cache], window: 7}\n"
                     "  - {name: r, op: relu, input: x}\n"),
            "n.yaml:5:55: a.window: expected a state of at most the window's 7 tokens, got 8");
}

TEST(Append, OfMoreRowsThanTheRingHasWritesTheLast) {
  const Graph graph = parse_network(
                          "network: n\n"
                          "inputs: [{name: x, extents: [7, 6]}]\n"
                          "states: [{name: cache, extents: [4, 6]}]\n"
                          "layers:\n"
                          "  - {name: a, op: append, inputs: [x, cache], at: 2, window: 4}\n"
                          "  - {name: r, op: relu, input: x}\n",
                          "n.yaml")
                          .graph;
  const Work work = graph.node(0).work();
  const auto& copy = std::get<CopyWork>(work);
  EXPECT_EQ(copy.over->first, 0);
  EXPECT_EQ(copy.over->rows, 4);
  // Tokens 2 .. 8 are rows 0 .. 6 of x; token t is row t % 4, so row 0 has token 8, row 1 token 5.
  std::vector<std::int64_t> from;
  for (std::int64_t row = 0; row < 4; ++row) {
    from.push_back(copy.source({.row = row, .col = 0}).at.row);
  }
  EXPECT_EQ(from, (std::vector<std::int64_t>{6, 3, 4, 5}));
}

TEST(States, AreForProductsAndAppendsAlone) {
  EXPECT_EQ(error_of("  - {name: r, op: add, inputs: [x, cache]}\n"),
            "n.yaml:5:5: r: expected inputs of one shape for add, got 2 x 1 x 6 and 8 x 1 x 6");
  EXPECT_EQ(error_of("  - {name: r, op: relu, input: cache}\n"
                     "  - {name: s, op: matmul, inputs: [x, cache], transpose_b: true}\n"),
            "n.yaml:5:5: r: expected a state on the right of an append or a matmul, or as a table "
            "that a gather "
            "reads, got 'cache'");
  EXPECT_EQ(error_of("  - {name: r, op: relu, input: x}\n"
                     "  - {name: a, op: append, inputs: [x, r]}\n"
                     "  - {name: s, op: matmul, inputs: [x, cache], transpose_b: true}\n"),
            "n.yaml:6:5: a: expected a state to append to, got 'r'");
  EXPECT_EQ(error_of("  - {name: a, op: append, inputs: [x, cache]}\n"
                     "  - {name: b, op: append, inputs: [x, cache], at: 4}\n"
                     "  - {name: r, op: relu, input: x}\n"),
            "n.yaml:6:5: b: expected one append for each state, got another for 'cache'");
  EXPECT_EQ(error_of("  - {name: a, op: append, inputs: [x, cache]}\n"
                     "  - {name: s, op: matmul, inputs: [x, cache], transpose_b: true}\n"),
            "n.yaml:6:5: s: expected what an append makes of the state 'cache', got the state");
  EXPECT_EQ(error_of("  - {name: s, op: matmul, inputs: [x, cache], transpose_b: true, used: 9}\n"),
            "n.yaml:5:72: s.used: expected at most the 8 rows of the right operand, got 9");
}

}  // namespace
}  // namespace systole
