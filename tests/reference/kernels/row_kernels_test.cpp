#include "reference/kernels/row_kernels.h"

#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include "reference/kernels/real_functions.h"

namespace systole::reference {
namespace {

using Reals = std::vector<float>;

/// A graph of one node over a tensor of these extents; parameters by feature behind it.
std::vector<float> computed(const Op& op, const Extents& extents,
                            const std::vector<Reals>& values) {
  Graph graph;
  graph.tensors.push_back({.name = "x", .type = {DataType::Bf16, extents}});
  graph.tensors.push_back({.name = "y", .type = {DataType::Bf16, extents}});
  Node node{.name = "n", .inputs = {0}, .outputs = {1}, .op = op};
  for (std::size_t i = 1; i < values.size(); ++i) {
    graph.tensors.push_back({.name = "p", .type = {DataType::Fp32, {extents.back()}}});
    node.inputs.push_back(static_cast<GraphTensorId>(graph.tensors.size()) - 1);
  }
  return computed_rows(graph, node, values);
}

TEST(RowKernels, LayerNormalisationMakesMeanZeroAndVarianceOne) {
  // Of 1, 3: mean 2, variance 1; of 4, 4 nothing is left but the bias.
  const float r = 1 / std::sqrt(1 + 1e-5F);
  EXPECT_EQ(computed(NormalizeRows{.features = 2}, {2, 2}, {{1, 3, 4, 4}, {1, 2}, {0, 10}}),
            (Reals{-r, r * 2 + 10, 0, 10}));
  EXPECT_EQ(computed(NormalizeRows{.bias = false, .features = 2}, {1, 2}, {{1, 3}, {1, 2}}),
            (Reals{-r, r * 2}));
  // Mean square of 3, 4 is 12.5.
  const float q = 1 / std::sqrt(12.5F + 1e-5F);
  EXPECT_EQ(computed(NormalizeRows{.centred = false, .bias = false, .features = 2}, {1, 2},
                     {{3, 4}, {1, 1}}),
            (Reals{3 * q, 4 * q}));
}

TEST(RowKernels, CausalSoftmaxSeesTheColumnsUpToItsRow) {
  const float e = real_exponential(-0.5F);
  EXPECT_EQ(computed(SoftmaxChannels{.scale = 0.5, .causal = true, .queries = 2, .keys = 2},
                     {1, 2, 2}, {{7, 9, 1, 2}}),
            (Reals{1, 0, e / (e + 1), 1 / (e + 1)}));
  // One query of two keys is the last of them: it sees both.
  EXPECT_EQ(computed(SoftmaxChannels{.causal = true, .queries = 1, .keys = 2}, {1, 1, 2}, {{3, 3}}),
            (Reals{0.5F, 0.5F}));
}

TEST(RowKernels, Int8RoundsHalvesAwayFromZero) {
  EXPECT_EQ(dequantized_row(std::vector<std::int8_t>{3, -1}, {.scale = 0.5, .zero_point = 1}),
            (Reals{1, -1}));
  EXPECT_EQ(quantized_row(Reals{0.25F, -0.25F, 100, -100, std::nanf("")},
                          {.scale = 0.5, .zero_point = 3}),
            (std::vector<std::int8_t>{4, 2, 127, -128, 3}));
}

}  // namespace
}  // namespace systole::reference
