#include "compiler/ops/gather.h"

#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "compiler/frontend/read_network.h"
#include "tests/arch/message_of.h"
#include "tests/compiler/frontend/npy_writer.h"
#include "tests/support/temporary_directory.h"

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
  EXPECT_EQ(error_of(""), "n.yaml:5:5: g: expected rows, count or an input of indices, got none");
  EXPECT_EQ(error_of(", rows: \"1\", count: 2"),
            "n.yaml:5:59: layers[0].count: expected either rows or count, got both");
  EXPECT_EQ(error_of(", rows: \"1,100\""), "n.yaml:5:47: g.rows: expected rows of 0..99, got 100");
  EXPECT_EQ(error_of(", rows: \"one\""),
            "n.yaml:5:47: g.rows: expected a number of 0..2^26 at letter 1 of the map, got 'one'");
}

/// With `indices`, an input, and layers.
Network of_indices(const std::string& indices, const std::string& layers,
                   const NetworkOptions& options = {}) {
  return parse_network("network: n\ninputs:\n  - {name: x, extents: [2, 6]}\n  - " + indices +
                           "\nstates: [{name: table, extents: [100, 6], shared: true}]\nlayers:\n" +
                           layers + "  - {name: r, op: relu, input: x}\n",
                       "n.yaml", options);
}

std::vector<std::int64_t> rows_of(const Graph& graph) {
  const CopyWork copy = *gathering(graph.node(0));
  const Extents& extents = graph.tensor(graph.node(0).output()).type.extents;
  std::vector<std::int64_t> rows;
  for (std::int64_t i = 0; i < extents[0] * extents[1]; ++i) {
    rows.push_back(copy.source({.row = i, .col = 0}).at.row);
  }
  return rows;
}

constexpr const char* kTokens = "{name: tokens, indices: 3, below: 90}";
constexpr const char* kLookUp = "  - {name: g, op: gather, inputs: [table, tokens]}\n";

TEST(GatherOfAnInput, TakesTheRowsThatItsFileNames) {
  TemporaryDirectory directory;
  const std::string file = (directory.path() / "tokens.npy").string();
  (void)directory.write("tokens.npy",
                        npy("(3, 3)", std::vector<std::int32_t>{7, 0, 89, 1, 1, 2, 3, 4, 5}));
  const Network network =
      of_indices(kTokens, kLookUp, {.batch = 2, .input_files = {{"tokens", file}}});
  EXPECT_EQ(rows_of(network.graph), (std::vector<std::int64_t>{7, 0, 89, 1, 1, 2}));
  // The chip sees them in addresses alone.
  EXPECT_EQ(network.graph.inputs.size(), 1U);
  EXPECT_EQ(network.graph.tensor(network.graph.node(0).output()).type.extents, (Extents{2, 3, 6}));
}

TEST(GatherOfAnInput, DrawsThemFromTheSeedBelowItsBound) {
  const Graph graph = of_indices("{name: tokens, indices: 1000, below: 90}", kLookUp).graph;
  const std::vector<std::int64_t> rows = rows_of(graph);
  const std::set<std::int64_t> all(rows.begin(), rows.end());
  EXPECT_EQ(*all.begin(), 0);
  EXPECT_EQ(*all.rbegin(), 89);
  EXPECT_NE(
      rows,
      rows_of(of_indices("{name: tokens, indices: 1000, below: 90}", kLookUp, {.seed = 2}).graph));
}

TEST(GatherOfAnInput, SaysWhatIsWrongWithIndices) {
  const auto error = [](const std::string& indices, const std::string& layers,
                        const NetworkOptions& options = {}) {
    return message_of([&] { (void)of_indices(indices, layers, options); });
  };
  EXPECT_EQ(error(kTokens, ""),
            "n.yaml:4:5: tokens: expected a layer that reads this input, got none");
  EXPECT_EQ(error(kTokens, "  - {name: g, op: relu, input: tokens}\n"),
            "n.yaml:7:32: layers[0].input: expected numbers, got the indices 'tokens', which a "
            "gather reads behind its table");
  EXPECT_EQ(error(kTokens, std::string(kLookUp) +
                               "  - {name: h, op: gather, inputs: [table, x], count: 1}\n"),
            "n.yaml:8:5: h: expected a table, and beside it an input of indices, got 2 tensors");
  EXPECT_EQ(error(kTokens, "  - {name: g, op: gather, inputs: [table, tokens], count: 1}\n"),
            "n.yaml:7:59: g.count: expected none beside an input of indices, got one");
  EXPECT_EQ(error("{name: tokens, indices: 3, below: 101}", kLookUp, {.seed = 5}).substr(0, 40),
            "no error");  // none of the three is drawn as 100
  EXPECT_EQ(
      error("{name: x, indices: 3, below: 90}", "  - {name: g, op: gather, inputs: [table, x]}\n"),
      "n.yaml:3:5: x: expected a name that nothing else has, got 'x' again");
  EXPECT_EQ(error("{name: tokens, indices: 3}", kLookUp),
            "n.yaml:4:5: inputs[1].below: expected an integer in 1..1048576, got nothing");
  TemporaryDirectory directory;
  const auto of_file = [&](const std::string& shape, const std::vector<std::int32_t>& numbers) {
    const std::string file = (directory.path() / "t.npy").string();
    (void)directory.write("t.npy", npy(shape, numbers));
    const std::string message = error(kTokens, kLookUp, {.input_files = {{"tokens", file}}});
    const std::size_t at = message.find(file);
    return at == std::string::npos ? message
                                   : message.substr(0, at) + message.substr(at + file.size());
  };
  EXPECT_EQ(of_file("(1, 2)", {1, 2}),
            "n.yaml:4:5: tokens: : expected shape (images, 3) with at least 1 of them, got (1, 2)");
  EXPECT_EQ(of_file("(1, 3)", {1, 2, 90}),
            "n.yaml:4:5: tokens: : expected whole numbers of 0..89, got 90 at 2");
}

/// Of a table that is stored in fewer bits nobody would decode the rows.
TEST(GatherOfAnInput, ReadsTablesOfTheNetworksType) {
  const NetworkOptions options{.type = DataType::Bf16, .states = StateType::Int8};
  const Graph graph = of_indices(kTokens, kLookUp, options).graph;
  EXPECT_EQ(graph.tensor(graph.states.front()).type.element, DataType::Bf16);
  const auto error = message_of([] {
    (void)parse_network(
        "network: n\ninputs: [{name: x, extents: [2, 6]}]\nstates:\n"
        "  - {name: table, extents: [100, 6], type: int8}\nlayers:\n"
        "  - {name: g, op: gather, input: table, count: 3}\n  - {name: r, op: relu, input: x}\n",
        "n.yaml", {.type = DataType::Bf16});
  });
  EXPECT_EQ(error,
            "n.yaml:4:5: table: expected a table whose rows are gathered to be of the network's "
            "own type, bf16, got int8");
}

/// A network into which nothing but states and indices come has the type of what it computes.
TEST(GatherOfAnInput, MayBeAllThatANetworkReads) {
  const Network network = parse_network(
      "network: n\ninputs: [{name: tokens, indices: 3, below: 100}]\nstates:\n"
      "  - {name: keys, extents: [16, 6], type: int8}\n"
      "  - {name: table, extents: [100, 6], shared: true}\nlayers:\n"
      "  - {name: g, op: gather, inputs: [table, tokens]}\n"
      "  - {name: k, op: append, inputs: [g, keys]}\n"
      "  - {name: s, op: matmul, inputs: [g, k], transpose_b: true}\n",
      "n.yaml", {.type = DataType::Bf16});
  EXPECT_EQ(network.graph.input_type(), DataType::Bf16);
  EXPECT_TRUE(network.graph.inputs.empty());
}

}  // namespace
}  // namespace systole
