#include "compiler/frontend/wide_weights.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "compiler/frontend/read_network.h"
#include "tests/arch/message_of.h"
#include "tests/compiler/frontend/npy_writer.h"
#include "tests/support/temporary_directory.h"

namespace systole {
namespace {

using ::testing::ElementsAre;

constexpr WeightStorage kWide{.type = StorageType::Int16};

Network dense(std::int64_t inputs, const NetworkOptions& options, const std::string& keys = "") {
  return parse_network("network: n\ninputs: [{name: x, features: " + std::to_string(inputs) +
                           "}]\nlayers:\n- {name: d, op: dense, features: 2" + keys + "}\n",
                       "n.yaml", options);
}

const GraphTensor& weights_of(const Graph& graph) {
  return graph.tensor(graph.nodes[0].inputs[kWeightsInput]);
}

// docs/numerics.md: 32639 up to 128 products, then 2^22 over them; none where that is 127 or less.
TEST(WideWeights, HaveAsManyBitsAsTheirSumsAllow) {
  const auto factor = [](std::int64_t products) {
    const Graph narrow = dense(products, {}).graph;
    const Graph wide = dense(products, {.weights = kWide}).graph;
    const double found =
        weights_of(narrow).quantization.scale / weights_of(wide).quantization.scale;
    EXPECT_EQ(weights_of(wide).type.element, found > 1 ? DataType::Int16 : DataType::Int8);
    EXPECT_DOUBLE_EQ(narrow.tensor(narrow.nodes[0].inputs[kBiasesInput]).quantization.scale / found,
                     wide.tensor(wide.nodes[0].inputs[kBiasesInput]).quantization.scale);
    return found * 127;
  };
  EXPECT_NEAR(factor(8), 32639, 1e-6);
  EXPECT_NEAR(factor(128), 32639, 1e-6);
  EXPECT_NEAR(factor(129), 32513, 1e-6);  // 4194304 / 129 = 32513.98
  EXPECT_NEAR(factor(2048), 2048, 1e-6);
  EXPECT_NEAR(factor(33025), 127, 1e-6);  // 127.004
  EXPECT_NEAR(factor(60000), 127, 1e-6);
}

TEST(WideWeights, AreNearestToTheReals) {
  TemporaryDirectory directory;
  (void)directory.write("d.weight.npy", npy("(1, 2)", std::vector<float>{63.5F, 20.2F}));
  (void)directory.write("d.bias.npy", npy("(1,)", std::vector<float>{3}));
  const Network network = parse_network(
      "network: n\ninputs: [{name: x, features: 2, quantization: {scale: 1}}]\n"
      "weights: {directory: .}\nlayers:\n"
      "- {name: d, op: dense, features: 1, weights: {type: int16}, output: {scale: 64}}\n",
      (directory.path() / "n.yaml").string());
  const Node& node = network.graph.nodes[0];
  // 63.5 is 127 of int8, 32639 here; 20.2 is 10382.7 of these.
  EXPECT_DOUBLE_EQ(weights_of(network.graph).quantization.scale, 63.5 / 32639);
  EXPECT_THAT(
      network.data->value(network.graph, node.inputs[kWeightsInput]).elements<std::int16_t>(),
      ElementsAre(32639, 10383));
  EXPECT_THAT(
      network.data->value(network.graph, node.inputs[kBiasesInput]).elements<std::int32_t>(),
      ElementsAre(1542));  // 3 / (63.5 / 32639) = 1542.0
  const LayerParameters parameters = layer_parameters(network.graph, *network.data, node);
  EXPECT_EQ(parameters.weight(0), 32639);
  EXPECT_EQ(parameters.weight(1), 10383);
  EXPECT_THAT(parameters.weights, ElementsAre(127, 41));
  EXPECT_THAT(parameters.low, ElementsAre(127, -113));
}

TEST(WideWeights, AreOfNetworksOfInt8) {
  const auto error = [](const NetworkOptions& options, const std::string& keys = "") {
    return message_of([&] { (void)dense(8, options, keys); });
  };
  EXPECT_EQ(error({.type = DataType::Bf16, .weights = kWide}),
            "n.yaml:4:3: d: expected a network of int8 (--type) for weights that are stored as "
            "int16, got bf16");
  EXPECT_EQ(error({}, ", weights: {type: int16, group: 4}"),
            "n.yaml:4:3: d: expected weights of int16 without groups, got some");
  EXPECT_EQ(error({.weights = WeightStorage{.type = StorageType::Int4, .group = 128}}),
            "n.yaml:4:3: d: expected a network of bf16 or fp16 (--type) for weights that are "
            "stored as int4, got int8");
}

}  // namespace
}  // namespace systole
