#include <gtest/gtest.h>

#include "compiler/frontend/read_network.h"
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

TEST(States, AreForProductsAndAppendsAlone) {
  EXPECT_EQ(error_of("  - {name: r, op: add, inputs: [x, cache]}\n"),
            "n.yaml:5:5: r: expected inputs of one shape for add, got 2 x 1 x 6 and 8 x 1 x 6");
  EXPECT_EQ(error_of("  - {name: r, op: relu, input: cache}\n"
                     "  - {name: s, op: matmul, inputs: [x, cache], transpose_b: true}\n"),
            "n.yaml:5:5: r: expected a state on the right of an append or a matmul, got 'cache'");
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
