#include "compiler/ops/matmul.h"

#include <string>

#include <gtest/gtest.h>

#include "compiler/frontend/read_network.h"

namespace systole {
namespace {

/// A network of two inputs, extents behind the batch, and one product of them.
std::string network_of(const std::string& a, const std::string& b, const std::string& keys,
                       std::int64_t batch = 2) {
  return "network: n\nbatch: " + std::to_string(batch) +
         "\ninputs:\n"
         "- {name: a, extents: " +
         a + "}\n- {name: b, extents: " + b +
         "}\n"
         "layers:\n- {name: c, op: matmul, inputs: [a, b]" +
         keys + "}\n";
}

struct Product {
  Extents extents;
  GemmShape gemm;
};

Product product_of(const std::string& a, const std::string& b, const std::string& keys,
                   std::int64_t batch = 2) {
  const Graph graph = parse_network(network_of(a, b, keys, batch), "n.yaml").graph;
  const Node& node = graph.node(0);
  return {.extents = graph.tensor(node.output()).type.extents, .gemm = *gemm_shape(graph, node)};
}

std::string error_of(const std::string& a, const std::string& b, const std::string& keys) {
  try {
    static_cast<void>(parse_network(network_of(a, b, keys), "n.yaml"));
  } catch (const WorkloadError& error) {
    return error.what();
  }
  return "";
}

void expect_product(const Product& product, const Extents& extents, std::int64_t groups,
                    std::int64_t m, std::int64_t k, std::int64_t n) {
  EXPECT_EQ(product.extents, extents);
  EXPECT_EQ(product.gemm.groups, groups);
  EXPECT_EQ(product.gemm.m, m);
  EXPECT_EQ(product.gemm.k, k);
  EXPECT_EQ(product.gemm.n, n);
}

TEST(Matmul, OfTwoAxesIsOneMatrix) {
  // [2, 3] x [2, 3] transposed: 2 x 3 times 3 x 2
  expect_product(product_of("[3]", "[3]", ", transpose_b: true"), {2, 2}, 1, 2, 3, 2);
}

TEST(Matmul, OfThreeAxesIsAMatrixForEachImage) {
  expect_product(product_of("[5, 7]", "[7, 4]", ""), {2, 5, 4}, 2, 5, 7, 4);
  expect_product(product_of("[5, 7]", "[4, 7]", ", transpose_b: true"), {2, 5, 4}, 2, 5, 7, 4);
}

TEST(Matmul, OfFourAxesIsAMatrixForEachImageAndHead) {
  expect_product(product_of("[3, 5, 7]", "[3, 7, 4]", ""), {2, 3, 5, 4}, 6, 5, 7, 4);
}

TEST(Matmul, SharesASingleHeadOrAxesThatAreNotThere) {
  expect_product(product_of("[3, 5, 7]", "[1, 7, 4]", ""), {2, 3, 5, 4}, 6, 5, 7, 4);
  expect_product(product_of("[3, 5, 7]", "[7, 4]", ""), {2, 3, 5, 4}, 6, 5, 7, 4);
  // Of two axes the first is the batch: 2 x 4, the reduction.
  expect_product(product_of("[5, 2]", "[4]", ""), {2, 5, 4}, 2, 5, 2, 4);
}

TEST(Matmul, OfHeadsSideBySideGivesThemAnAxis) {
  // 3 heads of 4 features; 6 queries, 5 keys
  expect_product(product_of("[6, 12]", "[5, 12]", ", heads: 3, transpose_b: true"), {2, 3, 6, 5}, 6,
                 6, 4, 5);
  // 4 heads of queries, 2 of keys
  expect_product(product_of("[6, 16]", "[5, 8]", ", heads: 4, kv_heads: 2, transpose_b: true"),
                 {2, 4, 6, 5}, 8, 6, 4, 5);
}

TEST(Matmul, OfScoresAndHeadsSideBySidePutsThemBack) {
  expect_product(product_of("[3, 6, 5]", "[5, 12]", ", heads: 3"), {2, 6, 12}, 6, 6, 5, 4);
  expect_product(product_of("[4, 6, 5]", "[5, 8]", ", heads: 4, kv_heads: 2"), {2, 6, 16}, 8, 6, 5,
                 4);
  expect_product(product_of("[3, 6, 5]", "[3, 5, 4]", ", merge_heads: true"), {2, 6, 12}, 6, 6, 5,
                 4);
}

TEST(Matmul, SaysWhereElementsStand) {
  const Graph graph =
      parse_network(network_of("[6, 16]", "[5, 8]", ", heads: 4, kv_heads: 2, transpose_b: true"),
                    "n.yaml")
          .graph;
  const auto matmul = std::get<MatmulWork>(graph.node(0).work());
  // a: [image][row][head][col] of 6 x 4 x 4, b: [image][col][head / 2][row] of 5 x 2 x 4
  EXPECT_EQ(element_of(matmul.a, 1, 2, 3, 1), 1 * 96 + 3 * 16 + 2 * 4 + 1);
  EXPECT_EQ(element_of(matmul.b, 1, 3, 2, 4), 1 * 40 + 4 * 8 + 1 * 4 + 2);
  EXPECT_EQ(element_of(matmul.c, 1, 3, 2, 4), ((1 * 4 + 3) * 6 + 2) * 5 + 4);
}

TEST(Matmul, IsPrintedAsItIsRead) {
  const std::string text =
      "op: matmul, transpose_b: true, heads: 4, kv_heads: 2, merge_heads: true, scale: 0.5";
  const Graph graph =
      parse_network(
          network_of("[6, 16]", "[5, 8]",
                     ", heads: 4, kv_heads: 2, transpose_b: true, merge_heads: true, scale: 0.5"),
          "n.yaml")
          .graph;
  EXPECT_EQ(text_of(*find_entry("matmul"), graph.node(0).op), text);
  EXPECT_EQ(graph.tensor(graph.node(0).output()).type.extents, (Extents{2, 6, 20}));
}

TEST(MatmulErrors, AreToldInOneLine) {
  const std::string at = "n.yaml:7:3: c: ";
  EXPECT_EQ(error_of("[5, 7]", "[6, 4]", ""),
            at + "expected as many columns of the left operand as rows of the right for matmul, "
                 "got 7 and 6 (of [2, 5, 7] and [2, 6, 4])");
  EXPECT_EQ(error_of("[4]", "[4, 4]", ""),
            at + "expected no more axes of the right operand than of the left for matmul, got "
                 "[2, 4] and [2, 4, 4]");
  EXPECT_EQ(error_of("[2, 2, 2, 2]", "[2, 2]", ""),
            at + "expected a left operand of 2 to 4 axes for matmul, got [2, 2, 2, 2, 2]");
  EXPECT_EQ(error_of("[3, 5, 7]", "[2, 7, 4]", ""),
            at + "expected matmul heads of the left operand that share those of the right, got "
                 "[2, 3, 5, 7] and [2, 2, 7, 4]");
  EXPECT_EQ(error_of("[6, 13]", "[5, 12]", ", heads: 3"),
            "n.yaml:7:48: c.heads: expected a divisor of the left operand's 13 features, got 3");
  EXPECT_EQ(error_of("[2, 6, 5]", "[5, 12]", ", heads: 3"),
            "n.yaml:7:48: c.heads: expected the number of the left operand's heads, 2, got 3");
  EXPECT_EQ(error_of("[12]", "[5, 12]", ", heads: 3"),
            "n.yaml:7:48: c.heads: expected a left operand of 3 or 4 axes for heads, got [2, 12]");
  EXPECT_EQ(error_of("[6, 12]", "[5, 7]", ", heads: 3, kv_heads: 3"),
            "n.yaml:7:61: c.kv_heads: expected a divisor of the right operand's 7 features, got 3");
  EXPECT_EQ(error_of("[6, 12]", "[5, 12]", ", kv_heads: 3"),
            "n.yaml:7:51: layers[0].kv_heads: expected heads beside kv_heads, got none");
  EXPECT_EQ(error_of("[6, 12]", "[5, 12]", ", heads: 4, kv_heads: 3"),
            "n.yaml:7:61: layers[0].kv_heads: expected a divisor of the 4 heads, got 3");
}

TEST(MatmulErrors, OfTheBatchNameBothOperands) {
  // Inputs have the network's batch, so another one comes from a product of two axes alone.
  EXPECT_EQ(error_of("[1048577]", "[1048577]", ", transpose_b: true"),
            "n.yaml:4:23: inputs[0].extents[0]: expected an integer in 1..1048576, got '1048577'");
}

}  // namespace
}  // namespace systole
