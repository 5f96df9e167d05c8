#include "compiler/frontend/scale_sim.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "arch/diag/error.h"
#include "compiler/frontend/read_network.h"
#include "tests/support/temporary_directory.h"

namespace systole {
namespace {

constexpr const char* kHeader =
    "Layer name, IFMAP Height, IFMAP Width, Filter Height, Filter Width, Channels, Num Filter, "
    "Strides,\n";

std::string message_of(const std::string& text) {
  try {
    static_cast<void>(scale_sim_description(text, "t.csv"));
  } catch (const UserError& error) {
    return error.what();
  }
  return "";
}

Graph graph_of(const std::string& text) {
  return parse_network(scale_sim_description(text, "t.csv"), "t.csv", {.numbers = false}).graph;
}

TEST(ScaleSim, RowsAreConvolutionsOfTheirOwn) {
  const Graph graph = graph_of(std::string(kHeader) + "Conv1, 8, 9, 3, 3, 4, 16, 1,\n" +
                               "\nConv1, 7, 7, 1, 1, 2, 5, 2,\r\n");
  ASSERT_EQ(graph.nodes.size(), 2U);
  EXPECT_EQ(graph.nodes[0].name, "Conv1");
  EXPECT_EQ(graph.nodes[1].name, "Conv1_2");
  EXPECT_EQ(graph.tensor(graph.nodes[0].output()).shape(),
            (Shape{.batch = 1, .rows = 6, .cols = 7, .channels = 16}));
  EXPECT_EQ(macs_of(graph, graph.nodes[0]), 6 * 7 * 16 * 3 * 3 * 4);
  EXPECT_EQ(graph.tensor(graph.nodes[1].output()).shape(),
            (Shape{.batch = 1, .rows = 4, .cols = 4, .channels = 5}));
}

TEST(ScaleSim, OutputsRoundUpAsThere) {
  // ceil((8 - 3 + 2) / 2) = 4, where rounding down gives 3.
  const Graph graph = graph_of(std::string(kHeader) + "a, 8, 7, 3, 3, 1, 1, 2,\n");
  EXPECT_EQ(graph.tensor(graph.nodes[0].output()).shape(),
            (Shape{.batch = 1, .rows = 4, .cols = 3, .channels = 1}));
}

TEST(ScaleSim, ProductsArePixels) {
  const Graph graph = graph_of("Layer, M, N, K,\nqkv, 128, 768, 64,\n");
  const auto gemm = gemm_shape(graph, graph.nodes[0]);
  ASSERT_TRUE(gemm);
  EXPECT_EQ(gemm->m, 128);
  EXPECT_EQ(gemm->n, 768);
  EXPECT_EQ(gemm->k, 64);
}

TEST(ScaleSim, SaysWhereAMistakeIs) {
  EXPECT_EQ(message_of(""), "t.csv: expected a topology of SCALE-Sim, got nothing");
  EXPECT_EQ(message_of("a, b\n"),
            "t.csv:1:1: header: expected the columns of a topology of SCALE-Sim (Layer name, IFMAP "
            "Height, ... or Layer, M, N, K), got others");
  EXPECT_EQ(message_of(kHeader), "t.csv:1:1: layers: expected at least one layer, got none");
  EXPECT_EQ(message_of(std::string(kHeader) + "a, 8, 8x, 3, 3, 1, 1, 2,\n"),
            "t.csv:2:7: IFMAP Width: expected an integer in 1..65536, got '8x'");
  EXPECT_EQ(message_of(std::string(kHeader) + "a, 8, 8, 3, 3, 1, 1\n"),
            "t.csv:2:1: Strides: expected an integer in 1..65536, got ''");
  EXPECT_EQ(message_of(std::string(kHeader) + "a, 2, 8, 3, 3, 1, 1, 1\n"),
            "t.csv:2:10: Filter Height: expected a filter within the input of 2 x 8, got 3 x 3");
  EXPECT_EQ(message_of(std::string(kHeader) + "a, 8, 8, 3, 3, 1, 1, 1, 1:1,\n"), "");
  EXPECT_EQ(message_of(std::string(kHeader) + "a, 8, 8, 3, 3, 1, 1, 1, 2:4,\n"),
            "t.csv:2:25: Sparsity: expected dense weights, such as 1:1, got '2:4'");
  EXPECT_EQ(message_of("Layer, M, N, K\nq, 1, 1, 1, 9\n"),
            "t.csv:2:13: Sparsity: expected dense weights, such as 1:1, got '9'");
  EXPECT_EQ(message_of("Layer, M, N, K\nq, 1, 1, 1, 1:1, 9\n"),
            "t.csv:2:18: columns: expected at most 5 columns, got another one, '9'");
  EXPECT_EQ(message_of("Layer, M, N, K\nq, 0, 1, 1\n"),
            "t.csv:2:4: M: expected an integer in 1..65536, got '0'");
}

TEST(ScaleSim, FilesRunLikeDescriptions) {
  const TemporaryDirectory folder;
  const std::string file = folder.write("two.csv", "Layer, M, N, K,\na, 4, 5, 6,\nb, 7, 8, 9,\n");
  EXPECT_EQ(read_network(file).graph.nodes.size(), 2U);
}

}  // namespace
}  // namespace systole
