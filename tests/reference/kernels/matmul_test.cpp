#include "reference/kernels/matmul.h"

#include <random>
#include <string>

#include <gtest/gtest.h>

#include "compiler/frontend/read_network.h"

namespace systole::reference {
namespace {

Graph graph_of(const std::string& a, const std::string& b, const std::string& keys) {
  return parse_network("network: n\nbatch: 2\ninputs:\n- {name: a, extents: " + a +
                           "}\n- {name: b, extents: " + b +
                           "}\nlayers:\n- {name: c, op: matmul, inputs: [a, b]" + keys + "}\n",
                       "n.yaml")
      .graph;
}

MatmulLayout layout_of(const Graph& graph) {
  return matmul_layout(graph, graph.node(0), std::get<Matmul>(graph.node(0).op));
}

TEST(MatmulKernel, TakesBothZeroPoints) {
  const Graph graph = graph_of("[1, 2]", "[2, 1]", "");
  // image 0: (3 - 1) (5 - 2) + (4 - 1) (-6 - 2) = 6 - 24; image 1: (-7) (-9) + (127 - 1) (-130)
  const std::vector<std::int8_t> a{3, 4, -6, 127};
  const std::vector<std::int8_t> b{5, -6, -7, -128};
  EXPECT_EQ(
      multiply(layout_of(graph), {.values = a, .zero_point = 1}, {.values = b, .zero_point = 2}),
      (std::vector<std::int32_t>{-18, 63 - 16'380}));
}

TEST(MatmulKernel, FindsHeadsSideBySide) {
  // 1 row of 2 heads of 1, 2 keys: element (image, head, 0, key) = a[image][head] *
  // b[image][key][head]
  const Graph graph = graph_of("[1, 2]", "[2, 2]", ", heads: 2, transpose_b: true");
  const std::vector<std::int8_t> a{1, 2, 3, 4};
  const std::vector<std::int8_t> b{5, 6, 7, 8, 9, 10, 11, 12};
  EXPECT_EQ(multiply(layout_of(graph), {.values = a}, {.values = b}),
            (std::vector<std::int32_t>{5, 7, 12, 16, 27, 33, 40, 48}));
}

TEST(MatmulKernel, PutsHeadsBackSideBySide) {
  // [image][head][row][key] x [image][key][head * col]
  const Graph graph = graph_of("[2, 1, 1]", "[1, 4]", ", heads: 2");
  const std::vector<std::int8_t> a{2, 3, 4, 5};
  const std::vector<std::int8_t> b{1, 2, 3, 4, 5, 6, 7, 8};
  EXPECT_EQ(multiply(layout_of(graph), {.values = a}, {.values = b}),
            (std::vector<std::int32_t>{2, 4, 9, 12, 20, 24, 35, 40}));
}

/// What the axes say, element by element, for every way to write the operands.
TEST(MatmulKernel, AgreesWithSumsElementByElement) {
  std::mt19937 random(7);
  for (const std::string keys :
       {", heads: 4, kv_heads: 2, transpose_b: true", ", heads: 4, transpose_b: true"}) {
    const bool grouped = keys.find("kv") != std::string::npos;
    const Graph graph = graph_of("[3, 20]", grouped ? "[7, 10]" : "[7, 20]", keys);
    const MatmulLayout layout = layout_of(graph);
    std::vector<float> a(2 * 3 * 20);
    std::vector<float> b(static_cast<std::size_t>(2 * 7 * (grouped ? 10 : 20)));
    for (auto* const values : {&a, &b}) {
      for (float& value : *values) {
        value = static_cast<float>(static_cast<int>(random() % 21) - 10);
      }
    }
    const std::vector<float> sums = multiply(layout, a, b, {.parts = {3, 2}, .stays = {}});
    const std::int64_t width = grouped ? 10 : 20;
    std::size_t at = 0;
    for (std::int64_t image = 0; image < 2; ++image) {
      for (std::int64_t head = 0; head < 4; ++head) {
        const std::int64_t of_b = grouped ? head / 2 : head;
        for (std::int64_t row = 0; row < 3; ++row) {
          for (std::int64_t key = 0; key < 7; ++key, ++at) {
            float sum = 0;
            for (std::int64_t k = 0; k < 5; ++k) {
              sum += a[static_cast<std::size_t>((image * 3 + row) * 20 + head * 5 + k)] *
                     b[static_cast<std::size_t>((image * 7 + key) * width + of_b * 5 + k)];
            }
            EXPECT_EQ(sums[at], sum) << keys << " " << at;
            EXPECT_EQ(exact_sum(layout, a, b, static_cast<std::int64_t>(at)).value, sum);
          }
        }
      }
    }
  }
}

TEST(MatmulKernel, AddsInTheOrderOfTheArrayMatrixByMatrix) {
  // 1 + 2^-24 is 1 in binary32; 2^-24 + 2^-24 first is not lost.
  const Graph graph = graph_of("[1, 3]", "[3, 1]", "");
  const float tiny = 0x1p-24F;
  const std::vector<float> a{1, tiny, tiny, 1, tiny, tiny};
  const std::vector<float> b(6, 1.0F);
  EXPECT_EQ(multiply(layout_of(graph), a, b, {.parts = {1, 2}, .stays = {}}),
            (std::vector<float>{1 + 2 * tiny, 1 + 2 * tiny}));
  EXPECT_EQ(multiply(layout_of(graph), a, b, {.parts = {1, 2}, .stays = {false, true}}),
            (std::vector<float>{1 + 2 * tiny, 1}));
}

}  // namespace
}  // namespace systole::reference
