#include "compiler/frontend/timeloop.h"

#include <string>

#include <gtest/gtest.h>

#include "arch/diag/error.h"
#include "compiler/frontend/read_network.h"
#include "tests/support/temporary_directory.h"

namespace systole {
namespace {

std::string description_of(const std::string& text) {
  return timeloop_description(ConfigNode::parse(text, "p.yaml", ConfigNode::Kind::Workload));
}

Graph graph_of(const std::string& text) {
  return parse_network(description_of(text), "p.yaml", {.numbers = false}).graph;
}

std::string message_of(const std::string& text) {
  try {
    static_cast<void>(description_of(text));
  } catch (const UserError& error) {
    return error.what();
  }
  return "";
}

/// As version 0.3 spells it, with filters called M.
constexpr const char* kConvolution = R"(problem:
  shape:
    name: "CNN_Layer"
    dimensions: [ C, M, R, S, N, P, Q ]
    coefficients:
    - name: Wstride
      default: 1
    - name: Hstride
      default: 1
    - name: Wdilation
      default: 1
    - name: Hdilation
      default: 1
    data-spaces:
    - name: Weights
      projection:
      - [ [C] ]
      - [ [M] ]
      - [ [R] ]
      - [ [S] ]
    - name: Inputs
      projection:
      - [ [N] ]
      - [ [C] ]
      - [ [R, Wdilation], [P, Wstride] ]
      - [ [S, Hdilation], [Q, Hstride] ]
    - name: Outputs
      projection:
      - [ [N] ]
      - [ [M] ]
      - [ [Q] ]
      - [ [P] ]
      read-write: True
  instance: {C: 3, M: 8, R: 3, S: 5, N: 2, P: 7, Q: 6, Wstride: 2, Hdilation: 3}
)";

TEST(Timeloop, ConvolutionsHaveTheSizesOfTheirOutput) {
  const Graph graph = graph_of(kConvolution);
  ASSERT_EQ(graph.nodes.size(), 1U);
  EXPECT_EQ(graph.nodes[0].name, "CNN_Layer");
  // (7 - 1) * 2 + (3 - 1) * 1 + 1 = 15 rows, (6 - 1) * 1 + (5 - 1) * 3 + 1 = 18 columns
  EXPECT_EQ(graph.tensor(graph.inputs[0]).shape(),
            (Shape{.batch = 2, .rows = 15, .cols = 18, .channels = 3}));
  EXPECT_EQ(graph.tensor(graph.nodes[0].output()).shape(),
            (Shape{.batch = 2, .rows = 7, .cols = 6, .channels = 8}));
  EXPECT_EQ(macs_of(graph, graph.nodes[0]), 2 * 7 * 6 * 8 * 3 * 3 * 5);
}

/// As version 0.4 spells it; no axis slides.
constexpr const char* kProduct = R"(problem:
  version: 0.4
  shape:
    name: gemm
    dimensions: [M, N, K]
    data_spaces:
      - {name: A, projection: [[[M]], [[K]]]}
      - {name: B, projection: [[[K]], [[N]]]}
      - {name: Z, projection: [[[M]], [[N]]], read_write: true}
  instance: {M: 20, N: 30, K: 40}
)";

TEST(Timeloop, ProductsArePixels) {
  const Graph graph = graph_of(kProduct);
  const auto gemm = gemm_shape(graph, graph.nodes[0]);
  ASSERT_TRUE(gemm);
  EXPECT_EQ(gemm->m, 20);
  EXPECT_EQ(gemm->n, 30);
  EXPECT_EQ(gemm->k, 40);
}

TEST(Timeloop, WhatAllThreeHaveAreGroups) {
  const Graph graph = graph_of(R"(problem:
  shape:
    name: depthwise
    dimensions: [G, R, S, P, Q]
    data_spaces:
      - {name: Inputs, projection: [[[G]], [[R], [P, 2]], [[S], [Q, 2]]]}
      - {name: Weights, projection: [[[G]], [[R]], [[S]]]}
      - {name: Outputs, projection: [[[G]], [[P]], [[Q]]], read_write: true}
  instance: {G: 6, R: 3, S: 3, P: 4, Q: 4}
)");
  const auto gemm = gemm_shape(graph, graph.nodes[0]);
  ASSERT_TRUE(gemm);
  EXPECT_EQ(gemm->groups, 6);
  EXPECT_EQ(gemm->k, 9);
  EXPECT_EQ(gemm->n, 1);
  EXPECT_EQ(graph.tensor(graph.inputs[0]).shape().rows, 3 * 2 + 2 + 1);
}

TEST(Timeloop, TheLayerOfItsLibraryIsKnownByName) {
  const Graph graph = graph_of(
      "problem:\n  shape: cnn-layer\n  R: 3\n  S: 3\n  P: 56\n  Q: 56\n  C: 64\n  K: 64\n  N: 1\n");
  EXPECT_EQ(macs_of(graph, graph.nodes[0]), std::int64_t{56} * 56 * 64 * 64 * 9);
  EXPECT_EQ(graph.nodes[0].name, "p");
}

TEST(Timeloop, FilesRunLikeDescriptions) {
  const TemporaryDirectory folder;
  const std::string file = folder.write("gemm.yaml", kProduct);
  EXPECT_EQ(read_network(file).graph.nodes.size(), 1U);
}

std::string product_with(const std::string& from, const std::string& to) {
  std::string text = kProduct;
  text.replace(text.find(from), from.size(), to);
  return message_of(text);
}

TEST(Timeloop, SaysWhereAMistakeIs) {
  EXPECT_EQ(message_of("problem: {shape: gemm}\n"),
            "p.yaml:1:18: problem.shape: expected cnn-layer, or a shape of its own, got 'gemm'");
  EXPECT_EQ(product_with("K: 40", "K: 0"),
            "p.yaml:10:31: problem.instance.K: expected an integer in 1..65536, got '0'");
  EXPECT_EQ(product_with("[[[K]], [[N]]]", "[[[K]], [[X]]]"),
            "p.yaml:8:41: problem.shape.data_spaces[1].projection[1][0][0]: expected one of the "
            "dimensions, got 'X'");
  EXPECT_EQ(product_with(", read_write: true", ""),
            "p.yaml:4:5: problem.shape: expected three data spaces, one of them read-write, got 3, "
            "0 of them read-write");
  EXPECT_EQ(
      product_with("[[[M]], [[K]]]", "[[[M]]]"),
      "p.yaml:4:5: problem.shape: expected dimensions of two or three data spaces, got 'K' of "
      "1");
  EXPECT_EQ(product_with("instance: {", "densities: {K: 0.5}\n  instance: {"),
            "p.yaml:10:3: problem.densities: expected one of shape, version, instance, got "
            "'densities'");
  EXPECT_EQ(product_with("K: 40", "K: 40, Wstrid: 2"),
            "p.yaml:10:35: problem.instance.Wstrid: expected one of M, N, K, got 'Wstrid'");
  EXPECT_EQ(
      product_with("[[[K]], [[N]]]", "[[[K]], [[N], [M], [M]]]"),
      "p.yaml:8:39: problem.shape.data_spaces[1].projection[1]: expected an axis of one or two "
      "dimensions, got another number");
  EXPECT_EQ(product_with("[[[K]], [[N]]]", "[[[K]], [[N, 0]]]"),
            "p.yaml:8:44: problem.shape.data_spaces[1].projection[1][0][1]: expected an integer in "
            "1..65536, got '0'");
}

}  // namespace
}  // namespace systole
