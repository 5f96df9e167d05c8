#include <algorithm>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "compiler/frontend/read_network.h"
#include "tests/arch/message_of.h"

namespace systole {
namespace {

using testing::ElementsAre;

/// Queries of 6 tokens, keys and values of 8, and layers `text`.
Graph graph_of(const std::string& text, DataType type = DataType::Bf16) {
  return parse_network(
             "network: n\ninputs:\n  - {name: q, extents: [6, 8]}\n"
             "  - {name: k, extents: [8, 8]}\n  - {name: v, extents: [8, 8]}\nlayers:\n" +
                 text,
             "n.yaml", {.type = type})
      .graph;
}

Graph attention(const std::string& keys, DataType type = DataType::Bf16) {
  return graph_of("  - {name: a, op: attention, inputs: [q, k, v], " + keys + "}\n", type);
}

std::vector<std::string> names_of(const Graph& graph) {
  std::vector<std::string> names;
  std::transform(graph.nodes.begin(), graph.nodes.end(), std::back_inserter(names),
                 [](const Node& node) { return node.name; });
  return names;
}

std::string error_of(const std::string& keys) {
  return message_of([&] { (void)attention(keys); });
}

TEST(Attention, IsThreeLayers) {
  const Graph graph = attention("heads: 2");
  EXPECT_THAT(names_of(graph), ElementsAre("a.scores", "a.probabilities", "a"));
  EXPECT_EQ(graph.nodes[0].kind, "matmul");
  EXPECT_EQ(graph.nodes[1].kind, "softmax");
  EXPECT_EQ(graph.tensor(graph.nodes[0].output()).type.extents, (Extents{1, 2, 6, 8}));
  EXPECT_EQ(graph.tensor(graph.nodes[2].output()).type.extents, (Extents{1, 6, 8}));
  // A head's 4 features: 1 / 2.
  const Work work = graph.nodes[0].work();
  EXPECT_EQ(std::get<MatmulWork>(work).scale, 0.5);
}

TEST(Attention, InBlocksHoldsABlockOfTheScores) {
  const Graph graph = attention("heads: 2, causal: true, block_size: 4");
  // Queries 0 .. 3 see keys up to 2 .. 5, queries 4 and 5 up to 6 and 7: of 2 x 2 blocks all.
  EXPECT_THAT(names_of(graph),
              testing::IsSupersetOf({"a.q0", "a.k0", "a.v0", "a.q0k0.scores", "a.q0k0.seen",
                                     "a.q0k1.joined", "a.q1k0.largest", "a.q1k1.sum", "a"}));
  for (const Node& node : graph.nodes) {
    if (node.kind == "matmul") {
      EXPECT_LE(graph.tensor(node.output()).type.extents[2], 4) << node.name;
    }
  }
  // The second block of queries sees all of the first block of keys: nothing is masked.
  EXPECT_THAT(names_of(graph), testing::Not(testing::Contains("a.q1k0.seen")));
  const auto element_of = [&](const std::string& name) {
    const auto found = std::find_if(graph.nodes.begin(), graph.nodes.end(),
                                    [&](const Node& node) { return node.name == name; });
    return graph.tensor(found->output()).type.element;
  };
  EXPECT_EQ(element_of("a.q0k0.scores"), DataType::Bf16);
  EXPECT_EQ(element_of("a.q0k1.weights"), DataType::Bf16);
  EXPECT_EQ(element_of("a.q0k1.largest"), DataType::Fp32);
  EXPECT_EQ(element_of("a.q0k1.joined"), DataType::Fp32);
  EXPECT_EQ(element_of("a"), DataType::Bf16);
}

TEST(Attention, LeavesOutBlocksThatNobodySees) {
  // A window of 2: queries 0 and 1 (own keys 2 and 3) see keys 1 .. 3, 2 and 3 keys 3 .. 5, 4 and 5
  // keys 5 .. 7.
  const Graph graph = attention("heads: 1, causal: true, window: 2, block_size: 2");
  std::vector<std::string> scores;
  for (const std::string& name : names_of(graph)) {
    if (name.ends_with(".scores")) {
      scores.push_back(name);
    }
  }
  EXPECT_THAT(scores, ElementsAre("a.q0k0.scores", "a.q0k1.scores", "a.q1k1.scores",
                                  "a.q1k2.scores", "a.q2k2.scores", "a.q2k3.scores"));
}

TEST(Attention, NeedsOfAPromptOf32768TokensNoMatrixOfAll) {
  const Graph graph =
      parse_network(
          "network: n\ninputs:\n  - {name: q, extents: [32768, 128]}\n"
          "  - {name: k, extents: [32768, 128]}\n  - {name: v, extents: [32768, 128]}\n"
          "layers:\n  - {name: a, op: attention, inputs: [q, k, v], heads: 1, causal: true, "
          "block_size: 4096}\n",
          "n.yaml", {.type = DataType::Bf16})
          .graph;
  std::int64_t largest = 0;
  std::int64_t macs = 0;
  for (const Node& node : graph.nodes) {
    largest = std::max(largest, graph.tensor(node.output()).type.elements());
    macs += macs_of(graph, node);
  }
  EXPECT_EQ(largest, 4096 * 4096);
  // Of 8 x 8 blocks the 36 on and below the diagonal, twice 128 features.
  EXPECT_EQ(macs, std::int64_t{36} * 4096 * 4096 * 2 * 128);
}

TEST(Attention, SaysWhatItCannotDo) {
  EXPECT_EQ(error_of("heads: 3"),
            "n.yaml:7:56: a.heads: expected a divisor of the 8 features of a query, got 3");
  EXPECT_EQ(error_of("heads: 4, kv_heads: 3"),
            "n.yaml:7:69: a.kv_heads: expected a divisor of the 4 heads, got 3");
  EXPECT_EQ(error_of("heads: 4, kv_heads: 2"),
            "n.yaml:7:56: a.heads: expected keys with as many features of a head as queries, got 1 "
            "x 6 x 8, 1 x 8 x 8 and 1 x 8 x 8, of 4 and 2 heads");
  EXPECT_EQ(error_of("heads: 2, window: 3"),
            "n.yaml:7:67: a.window: expected causal attention for a window, got none");
  EXPECT_EQ(message_of([] {
              (void)graph_of(
                  "  - {name: a, op: attention, inputs: [k, q, q], heads: 2, causal: true}\n"
                  "  - {name: r, op: relu, input: v}\n");
            }),
            "n.yaml:7:67: a.causal: expected at least as many keys as queries, got 6 and 8");
  EXPECT_EQ(message_of([] { (void)attention("heads: 2, block_size: 4", DataType::Int8); }),
            "n.yaml:7:5: a.q0k0.largest: expected --type bf16 for a layer whose results are fp32, "
            "got int8");
  EXPECT_EQ(message_of([] {
              (void)graph_of(
                  "  - {name: a, op: attention, inputs: [q, k], heads: 2}\n"
                  "  - {name: r, op: relu, input: v}\n");
            }),
            "n.yaml:7:38: layers[0].inputs: expected three inputs for attention, got 2");
}

}  // namespace
}  // namespace systole
