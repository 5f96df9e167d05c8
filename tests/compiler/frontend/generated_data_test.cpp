#include "compiler/frontend/generated_data.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include <gtest/gtest.h>

#include "compiler/frontend/random_stream.h"
#include "compiler/frontend/read_network.h"

namespace systole {
namespace {

constexpr const char* kText = R"(
network: small
inputs: [{name: x, rows: 6, cols: 5, channels: 4}]
layers:
  - {name: conv, op: conv2d, channels: 6, kernel: 3, groups: 2, activation: relu}
  - {name: plain, op: conv2d, channels: 3, kernel: 1, bias: false}
  - {name: normal, op: conv2d, channels: 3, kernel: 1, batch_norm: true}
)";

Network small(std::uint64_t seed, std::int64_t batch = 1) {
  return parse_network(kText, "small.yaml", {.batch = batch, .seed = seed});
}

TEST(RandomStream, DependsOnSeedNameAndPositionAlone) {
  const RandomStream stream(1, "a");
  EXPECT_EQ(stream.word(3), RandomStream(1, "a").word(3));
  EXPECT_NE(stream.word(3), stream.word(4));
  EXPECT_NE(stream.word(3), RandomStream(2, "a").word(3));
  EXPECT_NE(stream.word(3), RandomStream(1, "b").word(3));
}

TEST(RandomStream, FillsAPrefixAlike) {
  const RandomStream stream(7, "a");
  std::vector<std::int8_t> longer(103);
  stream.fill_int8(longer);
  for (const std::size_t length : {0U, 1U, 3U, 4U, 5U, 102U}) {
    std::vector<std::int8_t> shorter(length);
    stream.fill_int8(shorter);
    EXPECT_TRUE(std::equal(shorter.begin(), shorter.end(), longer.begin())) << length;
  }
}

std::vector<std::int8_t> many_values() {
  std::vector<std::int8_t> values(std::size_t{255} * 4096);
  RandomStream(1, "uniform").fill_int8(values);
  return values;
}

TEST(RandomStream, GivesEachOf255ValuesAlikeOften) {
  std::vector<int> counts(256, 0);
  for (const std::int8_t value : many_values()) {
    ++counts[static_cast<std::size_t>(value + 128)];
  }
  EXPECT_EQ(counts[0], 0);  // -128
  const auto [low, high] = std::minmax_element(counts.begin() + 1, counts.end());
  // 4096 expected, standard deviation 64: six of them either way.
  EXPECT_GT(*low, 4096 - 6 * 64);
  EXPECT_LT(*high, 4096 + 6 * 64);
}

TEST(RandomStream, HasMeanZeroAndTheVarianceOfItsConstant) {
  double sum = 0;
  double squares = 0;
  const auto values = many_values();
  for (const std::int8_t value : values) {
    sum += value;
    squares += static_cast<double>(value) * value;
  }
  const auto count = static_cast<double>(values.size());
  EXPECT_NEAR(sum / count, 0.0, 5 * std::sqrt(kInt8Variance / count));
  EXPECT_NEAR(squares / count, kInt8Variance, 0.01 * kInt8Variance);
}

TEST(RandomStream, SymmetricReachesBothLimits) {
  const RandomStream stream(1, "limits");
  std::int64_t low = 0;
  std::int64_t high = 0;
  for (std::uint64_t i = 0; i < 1000; ++i) {
    low = std::min(low, stream.symmetric(i, 5));
    high = std::max(high, stream.symmetric(i, 5));
  }
  EXPECT_EQ(low, -5);
  EXPECT_EQ(high, 5);
  EXPECT_EQ(stream.symmetric(0, 0), 0);
}

TEST(GeneratedWeightScale, MakesTheDeviationHesFormulaTimesTheGain) {
  // Deviation of the integers is sqrt((255^2 - 1) / 12) = 73.6116.
  EXPECT_NEAR(generated_weight_scale(50, 0.5) * 73.6116, 0.5 * std::sqrt(2.0 / 50), 1e-6);
}

TEST(GeneratedParameters, HaveTheSizesOfTheGemm) {
  const Network network = small(1);
  const LayerParameters parameters =
      layer_parameters(network.graph, *network.data, network.graph.node(0));
  EXPECT_EQ(parameters.weights.size(), 2U * (3 * 3 * 2) * 3);
  EXPECT_EQ(parameters.biases.size(), 6U);
}

bool are_equal(const LayerParameters& a, const LayerParameters& b) {
  return a.weights == b.weights && a.biases == b.biases;
}

TEST(GeneratedParameters, DependOnTheSeedNotOnTheBatch) {
  const Network one = small(1);
  const Network many = small(1, 8);
  const Network other = small(2);
  for (NodeId node = 0; node < 3; ++node) {
    const LayerParameters expected = layer_parameters(one.graph, *one.data, one.graph.node(node));
    EXPECT_TRUE(
        are_equal(layer_parameters(many.graph, *many.data, many.graph.node(node)), expected))
        << node;
    EXPECT_FALSE(
        are_equal(layer_parameters(other.graph, *other.data, other.graph.node(node)), expected))
        << node;
  }
}

TEST(GeneratedParameters, DependOnTheLayersName) {
  const Network network = small(1);
  const auto plain = layer_parameters(network.graph, *network.data, network.graph.node(1)).weights;
  const auto normal = layer_parameters(network.graph, *network.data, network.graph.node(2)).weights;
  EXPECT_FALSE(std::equal(normal.begin(), normal.end(), plain.begin()));
}

TEST(GeneratedParameters, HaveBiasesWithinSixteenOutputSteps) {
  const Network network = small(1);
  const Graph& graph = network.graph;
  const double unit = graph.tensor(graph.node(0).inputs[0]).quantization.scale *
                      weight_scales(graph, graph.node(0)).at(0);
  const double limit = 16 * graph.tensor(graph.node(0).output()).quantization.scale / unit;
  const auto biases = layer_parameters(graph, *network.data, graph.node(0)).biases;
  EXPECT_TRUE(std::any_of(biases.begin(), biases.end(), [](auto bias) { return bias != 0; }));
  for (const std::int32_t bias : biases) {
    EXPECT_LE(std::abs(bias), limit + 0.5);
  }
}

TEST(GeneratedParameters, HaveNoBiasWhereTheLayerHasNone) {
  const Network network = small(1);
  EXPECT_EQ(layer_parameters(network.graph, *network.data, network.graph.node(1)).biases,
            std::vector<std::int32_t>(3, 0));
  EXPECT_NE(layer_parameters(network.graph, *network.data, network.graph.node(2)).biases,
            std::vector<std::int32_t>(3, 0));
}

TEST(GeneratedInput, GivesImageIAtEveryBatch) {
  const Network one = small(1);
  const Network many = small(1, 3);
  const auto first = one.data->value(one.graph, one.graph.inputs[0]).bytes;
  const auto all = many.data->value(many.graph, many.graph.inputs[0]).bytes;
  ASSERT_EQ(first.size(), 6U * 5 * 4);
  ASSERT_EQ(all.size(), 3 * first.size());
  EXPECT_TRUE(std::equal(first.begin(), first.end(), all.begin()));
  EXPECT_FALSE(std::equal(first.begin(), first.end(), all.begin() + 120));
}

}  // namespace
}  // namespace systole
