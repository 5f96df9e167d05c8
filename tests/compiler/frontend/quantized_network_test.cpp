#include "compiler/frontend/quantized_network.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "arch/diag/error.h"

namespace systole {
namespace {

using ::testing::ElementsAre;

constexpr const char* kText = R"(
network: n
inputs: [{name: x, rows: 2, cols: 2, channels: 2, quantization: {scale: 0.5}}]
layers:
  - {name: c, op: conv2d, channels: 2, kernel: 1, activation: tanh}
  - {name: p, op: max_pool, kernel: 2}
  - {name: d, op: conv2d, channels: 3, kernel: 1, weights: {per_channel: true}}
  - {name: r, op: relu}
  - {name: s, op: softmax}
)";

Network reals() {
  return parse_network(kText, "n.yaml", {.type = DataType::Fp32});
}

/// All that operators leave open.
QuantizationChoice choice_of(const Graph& graph) {
  const auto output = [&](std::size_t node) { return graph.nodes[node].output(); };
  QuantizationChoice choice;
  choice.tensors = {{graph.inputs[0], {.scale = 0.25, .zero_point = 1}},
                    {output(0), {.scale = 1.0 / 128, .zero_point = 2}},
                    {output(2), {.scale = 4, .zero_point = 3}}};
  choice.before = {{output(0), {.scale = 0.125, .zero_point = 4}}};
  return choice;
}

std::string message_of(const Network& real, const QuantizationChoice& choice) {
  try {
    static_cast<void>(quantized_network(real, choice));
  } catch (const WorkloadError& error) {
    return error.what();
  }
  return "";
}

TEST(QuantizationOfRange, HoldsItsEndsAndZero) {
  // 255 steps of 0.1 from -5.1 on; 0 is 51 steps above -128.
  EXPECT_DOUBLE_EQ(quantization_of_range(-5.1, 20.4).scale, 0.1);
  EXPECT_EQ(quantization_of_range(-5.1, 20.4).zero_point, -77);
  // A range on one side of 0 reaches to it.
  EXPECT_DOUBLE_EQ(quantization_of_range(2, 51).scale, 0.2);
  EXPECT_EQ(quantization_of_range(2, 51).zero_point, -128);
  EXPECT_EQ(quantization_of_range(-51, -2).zero_point, 127);
  EXPECT_EQ(quantization_of_range(0, 0), (Quantization{.scale = 1, .zero_point = 0}));
}

TEST(QuantizedNetwork, IsAsItIsChosen) {
  const Network real = reals();
  const Network network = quantized_network(real, choice_of(real.graph));
  const Graph& graph = network.graph;
  const auto quantization = [&](std::size_t node) {
    return graph.tensor(graph.nodes[node].output()).quantization;
  };
  EXPECT_EQ(graph.input_type(), DataType::Int8);
  EXPECT_EQ(graph.tensor(graph.inputs[0]).quantization,
            (Quantization{.scale = 0.25, .zero_point = 1}));
  EXPECT_EQ(quantization(0), (Quantization{.scale = 1.0 / 128, .zero_point = 2}));
  EXPECT_EQ(graph.nodes[0].activation().before, (Quantization{.scale = 0.125, .zero_point = 4}));
  EXPECT_EQ(quantization(1), quantization(0));  // a maximum keeps it
  EXPECT_EQ(quantization(2), (Quantization{.scale = 4, .zero_point = 3}));
  EXPECT_EQ(quantization(3), quantization(2));  // and so does a clamp of which nothing is said
  EXPECT_EQ(quantization(4), (Quantization{.scale = 1.0 / 256, .zero_point = -128}));
  EXPECT_EQ(graph.tensor(graph.outputs[0]).role, GraphTensorRole::Output);
}

TEST(QuantizedNetwork, HasWeightsByChannelWithin127) {
  const Network real = reals();
  const Network network = quantized_network(real, choice_of(real.graph));
  for (const std::size_t layer : {0U, 2U}) {
    const Node& node = network.graph.nodes[layer];
    const WeightScales scales = weight_scales(network.graph, node);
    ASSERT_TRUE(scales.by_channel());
    const RealParameters wanted = real_parameters(real.graph, *real.data, real.graph.nodes[layer]);
    const LayerParameters made = layer_parameters(network.graph, *network.data, node);
    const auto channels = static_cast<std::size_t>(scales.all().size());
    std::vector<int> largest(channels, 0);
    for (std::size_t i = 0; i < made.weights.size(); ++i) {
      const double scale = scales.at(static_cast<std::int64_t>(i % channels));
      EXPECT_NEAR(made.weights[i] * scale, wanted.weights[i], scale / 2 * 1.0001);
      largest[i % channels] = std::max(largest[i % channels], std::abs(made.weights[i]));
    }
    EXPECT_THAT(largest, ::testing::Each(127));
    const double input = network.graph.tensor(node.inputs[0]).quantization.scale;
    for (std::size_t channel = 0; channel < channels; ++channel) {
      const double unit = input * scales.at(static_cast<std::int64_t>(channel));
      EXPECT_NEAR(made.biases[channel] * unit, wanted.biases[channel], unit / 2 * 1.0001);
    }
  }
}

TEST(QuantizedNetwork, KeepsTheRealsToCompareWith) {
  const Network real = reals();
  const Network network = quantized_network(real, choice_of(real.graph));
  EXPECT_EQ(*network.data->float_input(network.graph, network.graph.inputs[0]),
            real.data->value(real.graph, real.graph.inputs[0]).numbers());
  // [out][in] of a 1 x 1 kernel, of [in][out].
  const auto files = network.data->float_parameters(network.graph, 0);
  const RealParameters reals_of_c = real_parameters(real.graph, *real.data, real.graph.nodes[0]);
  ASSERT_TRUE(files);
  EXPECT_THAT(files->weights, ElementsAre(reals_of_c.weights[0], reals_of_c.weights[2],
                                          reals_of_c.weights[1], reals_of_c.weights[3]));
  EXPECT_EQ(files->biases, reals_of_c.biases);
}

TEST(QuantizedNetwork, NamesWhatNothingIsSaidOf) {
  const Network real = reals();
  QuantizationChoice choice = choice_of(real.graph);
  choice.tensors.erase(real.graph.nodes[2].output());
  EXPECT_EQ(message_of(real, choice),
            "n.yaml:7:5: d: expected a quantisation in the file, or --quantize int8, which finds "
            "one, got neither");
  choice = choice_of(real.graph);
  choice.tensors.erase(real.graph.inputs[0]);
  EXPECT_EQ(message_of(real, choice),
            "n.yaml: x: expected a quantisation in the file, or --quantize int8, which finds one, "
            "got neither");
}

TEST(QuantizedNetwork, NamesBiasesThatDoNotFit) {
  const Network real = reals();
  QuantizationChoice choice = choice_of(real.graph);
  choice.weights = {{real.graph.nodes[2].inputs[kWeightsInput], WeightScales(0x1p-30)}};
  choice.tensors[real.graph.nodes[2].output()].scale = 0x1p-30;
  const std::string message = message_of(real, choice);
  EXPECT_NE(message.find("d: expected biases within 536870912 steps of input scale times weight "
                         "scale, got "),
            std::string::npos)
      << message;
}

TEST(QuantizationChoice, IsCompletedByAnother) {
  QuantizationChoice choice;
  choice.tensors = {{1, {.scale = 2}}};
  QuantizationChoice other;
  other.tensors = {{1, {.scale = 3}}, {2, {.scale = 4}}};
  other.before = {{5, {.scale = 6}}};
  choice.complete(other);
  EXPECT_EQ(choice.tensors.at(1).scale, 2);
  EXPECT_EQ(choice.tensors.at(2).scale, 4);
  EXPECT_EQ(choice.before.at(5).scale, 6);
}

}  // namespace
}  // namespace systole
