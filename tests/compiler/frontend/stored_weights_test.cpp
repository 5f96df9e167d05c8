#include "compiler/frontend/stored_weights.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <set>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/arch/message_of.h"
#include "tests/compiler/frontend/npy_writer.h"
#include "tests/support/temporary_directory.h"

namespace systole {
namespace {

using ::testing::ElementsAre;

Network read(const std::string& layers, const NetworkOptions& options = {.type = DataType::Bf16}) {
  return parse_network("network: n\ninputs: [{name: x, features: 6}]\nlayers:\n" + layers, "n.yaml",
                       options);
}

const GraphTensor& weights_of(const Graph& graph, std::size_t node = 0) {
  return graph.tensor(graph.nodes.at(node).inputs.at(kWeightsInput));
}

TEST(StoredWeights, TakeTheirBytesAndThoseOfTheirScales) {
  const Network network =
      read("- {name: d, op: dense, features: 5, weights: {type: int4, group: 4}}");
  const GraphTensor& weights = weights_of(network.graph);
  EXPECT_EQ(weights.type.element, DataType::Int4);
  EXPECT_EQ(weights.bytes(), 15);  // 6 x 5, two a byte
  EXPECT_EQ(weights.stored.group, 4);
  const GraphTensor& scales = network.graph.tensor(weights.stored.tensor);
  EXPECT_EQ(scales.role, GraphTensorRole::Parameter);
  EXPECT_EQ(scales.type, (TensorType{.element = DataType::Bf16, .extents = {2, 5}}));
  EXPECT_EQ(stored_weight_bytes(network.graph, network.graph.nodes[0]), 15 + 2 * 5 * 2);
  EXPECT_EQ(right_type(network.graph, network.graph.nodes[0]), DataType::Bf16);
}

TEST(StoredWeights, HaveTheirTypeFromTheLayerThenTheOptionThenTheDefaults) {
  const std::string text =
      "network: n\ndefaults: {weights: {type: int4}}\ninputs: [{name: x, features: 200}]\nlayers:\n"
      "- {name: a, op: dense, features: 5}\n"
      "- {name: b, op: dense, features: 5, weights: {type: full}}\n"
      "- {name: c, op: dense, features: 5, weights: {type: int8}}\n";
  const auto types = [&](const NetworkOptions& options) {
    const Graph graph = parse_network(text, "n.yaml", options).graph;
    std::vector<std::string> names;
    for (std::size_t node = 0; node < 3; ++node) {
      const GraphTensor& weights = weights_of(graph, node);
      names.push_back(std::string(name_of(weights.type.element)) + ":" +
                      std::to_string(weights.stored.group));
    }
    return names;
  };
  EXPECT_THAT(types({.type = DataType::Bf16}), ElementsAre("int4:128", "bf16:0", "int8:5"));
  const WeightStorage storage{.type = StorageType::Fp8E4M3, .group = 32};
  EXPECT_THAT(types({.type = DataType::Fp16, .weights = storage}),
              ElementsAre("fp8_e4m3:32", "fp16:0", "int8:5"));
  EXPECT_THAT(types({.type = DataType::Bf16, .weights = WeightStorage{}}),
              ElementsAre("bf16:0", "bf16:0", "int8:5"));
}

/// Of layers that are made of others: their experts' and gates' too.
TEST(StoredWeights, OfPartsAreStoredAsTheirLayerSays) {
  const auto types = [](const std::string& key, const NetworkOptions& options) {
    const Graph graph = parse_network(
                            "network: n\ninputs: [{name: x, extents: [4, 6]}, {name: w, extents: "
                            "[4, 3]}]\nlayers:\n"
                            "- {name: e, op: experts, inputs: [x, w], experts: 3, features: 5}\n"
                            "- {name: l, op: lstm, cells: 7" +
                                key + "}\n",
                            "n.yaml", options)
                            .graph;
    std::set<std::string> names;
    for (const Node& node : graph.nodes) {
      if (has_weights(node)) {
        names.insert(
            fmt::format("{} {}", node.name.substr(0, 1),
                        name_of(graph.tensor(node.inputs.at(kWeightsInput)).type.element)));
      }
    }
    return names;
  };
  EXPECT_THAT(types("", {.type = DataType::Bf16}), ElementsAre("e bf16", "l bf16"));
  EXPECT_THAT(types("", {.type = DataType::Bf16,
                         .weights = WeightStorage{.type = StorageType::Int4, .group = 4}}),
              ElementsAre("e int4", "l int4"));
}

/// docs/numerics.md: of 0.5, -1.75, 0.8125 the scale is 1.75 / 7; a group of zeros has 1.
TEST(StoredWeights, AreTheNearestOfTheirGroup) {
  TemporaryDirectory directory;
  const std::vector<float> file{0.5F, -1.75F, 0.8125F, 0, 0, 0};  // [out][in]
  (void)directory.write("d.weight.npy", npy("(1, 6)", file));
  const Network network = parse_network(
      "network: n\ninputs: [{name: x, features: 6}]\nweights: {directory: .}\nlayers:\n"
      "- {name: d, op: dense, features: 1, bias: false, weights: {type: int4, group: 3}}\n",
      (directory.path() / "n.yaml").string(), {.type = DataType::Bf16});
  const Node& node = network.graph.nodes[0];
  const GraphTensor& weights = weights_of(network.graph);
  const Value stored = network.data->value(network.graph, node.inputs[kWeightsInput]);
  EXPECT_THAT(stored_numbers(stored), ElementsAre(2, -7, 3, 0, 0, 0));
  EXPECT_THAT(stored.bytes, ElementsAre(static_cast<std::int8_t>(0x92), 0x03, 0x00));
  EXPECT_THAT(network.data->value(network.graph, weights.stored.tensor).numbers(),
              ElementsAre(0.25F, 1));
  EXPECT_THAT(real_parameters(network.graph, *network.data, node).weights,
              ElementsAre(0.5F, -1.75F, 0.75F, 0, 0, 0));
}

/// Half a step of the group's scale, and what rounding the product to bf16 adds.
TEST(StoredWeights, AreWithinHalfAStep) {
  for (const StorageType type :
       {StorageType::Int8, StorageType::Int4, StorageType::Fp8E4M3, StorageType::Fp8E5M2}) {
    const std::string layer = "- {name: d, op: conv2d, channels: 4, kernel: [2, 1], groups: 2}\n";
    const std::string text =
        "network: n\ninputs: [{name: x, rows: 3, cols: 2, channels: 6}]\nlayers:\n" + layer;
    const Network reals = parse_network(text, "n.yaml", {.type = DataType::Bf16});
    const Network network =
        parse_network(text, "n.yaml", {.type = DataType::Bf16, .weights = WeightStorage{type, 4}});
    const Node& node = network.graph.nodes[0];
    const GemmShape gemm = *gemm_shape(network.graph, node);
    const std::vector<float> wanted = real_parameters(reals.graph, *reals.data, node).weights;
    const std::vector<float> got = real_parameters(network.graph, *network.data, node).weights;
    ASSERT_EQ(wanted.size(), got.size());
    for (std::int64_t group = 0; group < gemm.groups; ++group) {
      for (std::int64_t n = 0; n < gemm.n; ++n) {
        for (std::int64_t first = 0; first < gemm.k; first += 4) {
          const std::int64_t end = std::min(first + 4, gemm.k);
          const auto at = [&](std::int64_t k) {
            return static_cast<std::size_t>((group * gemm.k + k) * gemm.n + n);
          };
          double largest = 0;
          for (std::int64_t k = first; k < end; ++k) {
            largest = std::max(largest, std::abs(static_cast<double>(wanted[at(k)])));
          }
          for (std::int64_t k = first; k < end; ++k) {
            const double w = wanted[at(k)];
            const double step = type == StorageType::Int8      ? largest / 127
                                : type == StorageType::Int4    ? largest / 7
                                : type == StorageType::Fp8E4M3 ? std::abs(w) / 8
                                                               : std::abs(w) / 4;
            // A scale is rounded to 8 bits, and so is the product; below normal fp8 steps stay.
            const double error = 0.5 * step + (std::abs(w) + largest / 127) / 128 + 1e-6 * largest;
            EXPECT_NEAR(got[at(k)], w, error) << name_of(type) << " " << k;
          }
        }
      }
    }
  }
}

TEST(StoredWeights, AreOfNetworksOfSixteenBits) {
  const std::string layer = "- {name: d, op: dense, features: 5, weights: {type: int4}}";
  EXPECT_EQ(message_of([&] { (void)read(layer, {.type = DataType::Int8}); }),
            "n.yaml:4:3: d: expected a network of bf16 or fp16 (--type) for weights that are "
            "stored as int4, got int8");
  EXPECT_EQ(message_of([&] { (void)read(layer, {.type = DataType::Fp16}); }), "no error");
}

TEST(StoredWeights, AreDescribedByTypeAndGroup) {
  const auto message = [](const std::string& weights) {
    return message_of(
        [&] { (void)read("- {name: d, op: dense, features: 5, weights: {" + weights + "}}"); });
  };
  EXPECT_EQ(message("type: int3"),
            "n.yaml:4:53: layers[0].weights.type: expected one of full, int8, int4, fp8_e4m3, "
            "fp8_e5m2, int16, got 'int3' (did you mean 'int8'?)");
  EXPECT_EQ(message("type: int4, group: 0"),
            "n.yaml:4:66: layers[0].weights.group: expected an integer in 1..65536, got '0'");
  EXPECT_EQ(message("group: 32"),
            "n.yaml:4:54: layers[0].weights.group: expected beside type, got it alone");
}

}  // namespace
}  // namespace systole
