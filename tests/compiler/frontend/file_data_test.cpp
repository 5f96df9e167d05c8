#include "compiler/frontend/file_data.h"

#include <cmath>
#include <map>

#include <gtest/gtest.h>

#include "compiler/frontend/read_network.h"
#include "compiler/frontend/real_network.h"
#include "tests/compiler/frontend/npy_writer.h"
#include "tests/support/temporary_directory.h"

namespace systole {
namespace {

using Floats = std::vector<float>;
using Bytes8 = std::vector<std::int8_t>;
using Words = std::vector<std::int32_t>;

std::string network(const std::string& layers, const std::string& input = "") {
  return "network: n\nweights: {directory: .}\ninputs:\n  - {name: x, rows: 2, cols: 2, channels: "
         "2, "
         "quantization: {scale: 0.5}" +
         input + "}\nlayers:\n" + layers;
}

class RealWeights : public testing::Test {
 protected:
  [[nodiscard]] Network read(const std::string& text, std::int64_t batch = 1) const {
    return parse_network(text, (folder.path() / "n.yaml").string(), {.batch = batch});
  }
  /// The message with the folder's name cut out of it.
  [[nodiscard]] std::string error(const std::string& text, std::int64_t batch = 1) const {
    try {
      static_cast<void>(read(text, batch));
    } catch (const WorkloadError& error) {
      std::string message = error.what();
      const std::string prefix = (folder.path() / "").string();
      for (auto at = message.find(prefix); at != std::string::npos; at = message.find(prefix)) {
        message.erase(at, prefix.size());
      }
      return message;
    }
    return "";
  }
  void write(const std::string& name, const std::string& bytes) const {
    static_cast<void>(folder.write(name, bytes));
  }

  TemporaryDirectory folder;
};

constexpr const char* kConv = "  - {name: c, op: conv2d, channels: 2, kernel: [1, 2]}\n";
constexpr const char* kInt8Conv =
    "  - {name: c, op: conv2d, channels: 2, kernel: [1, 2], weights: {scale: 0.25}}\n";
constexpr const char* kNormal =
    "  - {name: c, op: conv2d, channels: 2, kernel: 1, batch_norm: true}\n";

TEST_F(RealWeights, OfInt8AreTakenAsTheyAreInGemmOrder) {
  // Axes out, channel, kernel row, kernel column: value 10 * out + 2 * channel + column.
  write("c.weight.npy", npy("(2, 2, 1, 2)", Bytes8{0, 1, 2, 3, 10, 11, 12, 13}));
  write("c.bias.npy", npy("(2,)", Words{-5, 1 << 29}));
  const Network n = read(network(kInt8Conv));
  const LayerParameters parameters = layer_parameters(n.graph, *n.data, n.graph.node(0));
  // k = column * 2 + channel, n = out: rows of k hold both outputs.
  EXPECT_EQ(parameters.weights, (Bytes8{0, 10, 2, 12, 1, 11, 3, 13}));
  EXPECT_EQ(parameters.biases, (Words{-5, 1 << 29}));
  EXPECT_EQ(weight_scales(n.graph, n.graph.node(0)).at(0), 0.25);
}

TEST_F(RealWeights, OfGroupsComeGroupByGroup) {
  write("c.weight.npy", npy("(4, 1, 1, 2)", Bytes8{0, 1, 10, 11, 20, 21, 30, 31}));
  write("c.bias.npy", npy("(4,)", Words{1, 2, 3, 4}));
  const Network n = read(network(
      "  - {name: c, op: conv2d, channels: 4, kernel: [1, 2], groups: 2, weights: {scale: 1}}\n"));
  // Group 0 holds outputs 0 and 1: k = column.
  EXPECT_EQ(layer_parameters(n.graph, *n.data, n.graph.node(0)).weights,
            (Bytes8{0, 10, 1, 11, 20, 30, 21, 31}));
}

TEST_F(RealWeights, OfDenseAreTransposed) {
  write("d.weight.npy",
        npy("(2, 8)", Bytes8{0, 1, 2, 3, 4, 5, 6, 7, 10, 11, 12, 13, 14, 15, 16, 17}));
  const Network n =
      read(network("  - {name: f, op: flatten}\n  - {name: d, op: dense, features: 2, "
                   "bias: false, weights: {scale: 1}}\n"));
  const LayerParameters parameters = layer_parameters(n.graph, *n.data, n.graph.node(1));
  EXPECT_EQ(parameters.weights, (Bytes8{0, 10, 1, 11, 2, 12, 3, 13, 4, 14, 5, 15, 6, 16, 7, 17}));
  EXPECT_EQ(parameters.biases, (Words{0, 0}));
}

TEST_F(RealWeights, OfFloatAreQuantisedByTheLargest) {
  write("c.weight.npy", npy("(2, 2, 1, 2)", Floats{0, 1.27F, 0, -2.54F, 0.01F, 0.011F, 0, 0}));
  write("c.bias.npy", npy("(2,)", Floats{0.1F, -0.02F}));
  const Network n = read(network(kConv));
  // Scale 2.54 / 127 = 0.02, as nearly as floats hold 2.54.
  const double scale = weight_scales(n.graph, n.graph.node(0)).at(0);
  EXPECT_DOUBLE_EQ(scale, static_cast<double>(2.54F) / 127);
  const LayerParameters parameters = layer_parameters(n.graph, *n.data, n.graph.node(0));
  const auto steps = [scale](float value) {
    return static_cast<std::int8_t>(std::lround(value / scale));
  };
  EXPECT_EQ(parameters.weights,
            (Bytes8{0, steps(0.01F), 0, 0, steps(1.27F), steps(0.011F), -127, 0}));
  // Biases in steps of 0.5 * 0.02: 0.1 is 10, -0.02 is -2.
  EXPECT_EQ(parameters.biases, (Words{10, -2}));
}

TEST_F(RealWeights, OfABf16NetworkAreRoundedNotQuantised) {
  write("c.weight.npy", npy("(2, 2, 1, 2)", Floats{0, 1.27F, 0, -2.54F, 0.01F, 100, 0, 1}));
  write("c.bias.npy", npy("(2,)", Floats{0.1F, -0.02F}));
  write("x.npy", npy("(1, 2, 2, 2)", Floats{1, 1.004F, -0.3F, 0, 0, 0, 0, 1e9F}));
  const Network n = parse_network(network(kConv, ", file: x.npy"),
                                  (folder.path() / "n.yaml").string(), {.type = DataType::Bf16});
  const auto rounded = [](Floats values) {
    round_to(DataType::Bf16, values);
    return values;
  };
  const RealParameters parameters = real_parameters(n.graph, *n.data, n.graph.node(0));
  // k = column * 2 + channel, n = out, as the int8 ones.
  EXPECT_EQ(parameters.weights, rounded({0, 0.01F, 0, 0, 1.27F, 100, -2.54F, 1}));
  EXPECT_EQ(parameters.biases, (Floats{0.1F, -0.02F}));
  EXPECT_EQ(n.data->value(n.graph, 0).numbers(), rounded({1, 1.004F, -0.3F, 0, 0, 0, 0, 1e9F}));
}

TEST_F(RealWeights, OfInt8StandForTheirRealNumbersInABf16Network) {
  write("c.weight.npy", npy("(2, 2, 1, 2)", Bytes8{0, 1, 2, 3, 10, 11, 12, 13}));
  write("c.bias.npy", npy("(2,)", Words{-5, 3}));
  const Network n = parse_network(network(kInt8Conv), (folder.path() / "n.yaml").string(),
                                  {.type = DataType::Bf16});
  const RealParameters parameters = real_parameters(n.graph, *n.data, n.graph.node(0));
  // Weights in steps of 0.25, biases in steps of 0.5 * 0.25.
  EXPECT_EQ(parameters.weights, (Floats{0, 2.5F, 0.5F, 3, 0.25F, 2.75F, 0.75F, 3.25F}));
  EXPECT_EQ(parameters.biases, (Floats{-0.625F, 0.375F}));
}

TEST_F(RealWeights, OfFloatUseTheLayersScaleAndClamp) {
  write("c.weight.npy", npy("(2, 2, 1, 2)", Floats{1, 100, -100, 0, 0, 0, 0, 0.5F}));
  write("c.bias.npy", npy("(2,)", Floats{0, 0}));
  const Network n = read(network(kInt8Conv));
  EXPECT_EQ(layer_parameters(n.graph, *n.data, n.graph.node(0)).weights,
            (Bytes8{4, 0, -127, 0, 127, 0, 0, 2}));
}

/// What biases of zero weights mean once a layer has rounded its sums to the output's steps.
std::vector<long> steps_of_output(const Network& n, double input_scale, double output_scale) {
  const double unit = input_scale * weight_scales(n.graph, n.graph.node(0)).at(0) / output_scale;
  std::vector<long> steps;
  for (const std::int32_t bias : layer_parameters(n.graph, *n.data, n.graph.node(0)).biases) {
    steps.push_back(std::lround(bias * unit));
  }
  return steps;
}

TEST_F(RealWeights, OfZeroLeaveBiasesAllTheirBits) {
  write("c.weight.npy", npy("(2, 2, 1, 2)", Floats(8)));
  write("c.bias.npy", npy("(2,)", Floats{0.3F, -7.9F}));
  const Network n = read(network(kConv));
  // Biases may have 2^29 steps of input scale 0.5 times the weights' scale.
  EXPECT_DOUBLE_EQ(weight_scales(n.graph, n.graph.node(0)).at(0),
                   static_cast<double>(7.9F) / 0x1p29 / 0.5);
  EXPECT_EQ(layer_parameters(n.graph, *n.data, n.graph.node(0)).weights, Bytes8(8));
  // 0.3 / 0.0625 is 4.8, -7.9 / 0.0625 is -126.4.
  EXPECT_EQ(steps_of_output(n, 0.5, 0.0625), (std::vector<long>{5, -126}));
}

TEST_F(RealWeights, TinyBesideTheBiasesAreNoError) {
  for (const float tiny : {1e-4F, 1e-20F, 1e-45F}) {  // the last is the least that float32 has
    write("c.weight.npy", npy("(2, 2, 1, 2)", Floats{tiny, 0, 0, -tiny, 0, 0, 0, 0}));
    write("c.bias.npy", npy("(2,)", Floats{0.3F, 1000}));
    const Network n = read(network(kConv));
    EXPECT_EQ(steps_of_output(n, 0.5, 0.0625), (std::vector<long>{5, 16000})) << tiny;
  }
}

TEST_F(RealWeights, OfZeroWithoutBiasesKeepTheirRatioAboveTheLeast) {
  write("c.weight.npy", npy("(2, 2, 1, 2)", Floats(8)));
  write("c.bias.npy", npy("(2,)", Floats(2)));
  for (const std::string scale : {"1e-12", "1", "1e12"}) {
    const Network n =
        read(network("  - {name: c, op: conv2d, channels: 2, kernel: [1, 2], "
                     "output: {scale: " +
                     scale + "}}\n"));
    EXPECT_DOUBLE_EQ(weight_scales(n.graph, n.graph.node(0)).at(0),
                     0x1p-31 * std::stod(scale) / 0.5);
  }
}

TEST_F(RealWeights, MeetTheScaleInFrontOfALookup) {
  write("c.weight.npy", npy("(2, 2, 1, 2)", Floats(8)));
  write("c.bias.npy", npy("(2,)", Floats(2)));
  const Network n =
      read(network("  - {name: c, op: conv2d, channels: 2, kernel: [1, 2], "
                   "activation: tanh, before: {scale: 8}}\n"));
  EXPECT_DOUBLE_EQ(weight_scales(n.graph, n.graph.node(0)).at(0), 0x1p-31 * 8 / 0.5);
}

TEST_F(RealWeights, OfOtherFloatTypesAreConverted) {
  write("c.weight.npy", npy("(2, 2, 1, 2)", std::vector<double>{0, 1.27, 0, -2.54, 0, 0, 0, 0}));
  write("c.bias.npy", npy("(2,)", std::vector<double>{0.1, -0.02}));
  const Network n = read(network(kConv));
  EXPECT_DOUBLE_EQ(weight_scales(n.graph, n.graph.node(0)).at(0), static_cast<double>(2.54F) / 127);
  EXPECT_EQ(layer_parameters(n.graph, *n.data, n.graph.node(0)).biases, (Words{10, -2}));
}

TEST_F(RealWeights, WithoutNumbersAreNotOpened) {
  const auto read_shapes = [&](const std::string& text) {
    return parse_network(text, (folder.path() / "n.yaml").string(), {.numbers = false});
  };
  const Network n = read_shapes(network(kConv, ", file: none.npy"));
  // Whatever the scales, the ratio of results is one: 0.5 * 0.125 / 0.0625.
  EXPECT_EQ(weight_scales(n.graph, n.graph.node(0)).at(0), 0.125);
  const Graph int8_graph = read_shapes(network(kInt8Conv)).graph;
  EXPECT_EQ(weight_scales(int8_graph, int8_graph.node(0)).at(0), 0.25);
  EXPECT_THROW(static_cast<void>(layer_parameters(n.graph, *n.data, n.graph.node(0))),
               InternalError);
  EXPECT_THROW(static_cast<void>(n.data->value(n.graph, 0).bytes), InternalError);
}

TEST_F(RealWeights, OfLayersNamedAsInAFramework) {
  write("layer1.0.conv1.weight.npy", npy("(2, 2, 1, 1)", Bytes8{1, 2, 3, 4}));
  const Network n =
      read(network("  - {name: layer1.0.conv1, op: conv2d, channels: 2, kernel: 1, "
                   "bias: false, weights: {scale: 1}}\n"
                   "  - {name: layer1.0.relu, op: relu, input: layer1.0.conv1}\n"));
  EXPECT_EQ(layer_parameters(n.graph, *n.data, n.graph.node(0)).weights, (Bytes8{1, 3, 2, 4}));
}

TEST_F(RealWeights, FoldBatchNormalisation) {
  write("c.weight.npy", npy("(2, 2, 1, 1)", Floats{1, -1, 2, 3}));
  write("c.batch_norm.gamma.npy", npy("(2,)", Floats{2, 1}));
  write("c.batch_norm.beta.npy", npy("(2,)", Floats{0.5F, -1}));
  write("c.batch_norm.mean.npy", npy("(2,)", Floats{3, 0}));
  write("c.batch_norm.variance.npy", npy("(2,)", Floats{15, 3}));
  const Network n = read(
      "network: n\nweights: {directory: ., batch_norm_epsilon: 1}\ninputs:\n  - {name: x, rows: 2, "
      "cols: 2, channels: 2, quantization: {scale: 0.5}}\nlayers:\n" +
      std::string(kNormal));
  // Factors 2 / sqrt(15 + 1) = 0.5 and 1 / sqrt(3 + 1) = 0.5: weights 0.5, -0.5, 1, 1.5.
  const double scale = weight_scales(n.graph, n.graph.node(0)).at(0);
  EXPECT_DOUBLE_EQ(scale, 1.5 / 127);
  const LayerParameters parameters = layer_parameters(n.graph, *n.data, n.graph.node(0));
  EXPECT_EQ(parameters.weights, (Bytes8{42, 85, -42, 127}));  // 0.5 is 42.3 steps, 1 is 84.7
  // Biases 0.5 - 3 * 0.5 = -1 and -1 - 0 = -1, in steps of 0.5 * 1.5 / 127: -169.3.
  EXPECT_EQ(parameters.biases, (Words{-169, -169}));
}

TEST_F(RealWeights, FoldABiasInFrontOfBatchNormalisation) {
  write("c.weight.npy", npy("(2, 2, 1, 1)", Floats{1, -1, 2, 3}));
  write("c.bias.npy", npy("(2,)", Floats{4, 2}));
  write("c.batch_norm.gamma.npy", npy("(2,)", Floats{2, 1}));
  write("c.batch_norm.beta.npy", npy("(2,)", Floats{0.5F, -1}));
  write("c.batch_norm.mean.npy", npy("(2,)", Floats{3, 0}));
  write("c.batch_norm.variance.npy", npy("(2,)", Floats{15, 3}));
  const Network n = read(
      "network: n\nweights: {directory: ., batch_norm_epsilon: 1}\ninputs:\n  - {name: x, rows: 2, "
      "cols: 2, channels: 2, quantization: {scale: 0.5}}\nlayers:\n" +
      std::string(kNormal));
  // Both factors are 0.5: biases 0.5 + (4 - 3) * 0.5 = 1 and -1 + (2 - 0) * 0.5 = 0, in steps of
  // 0.5 * 1.5 / 127.
  EXPECT_EQ(layer_parameters(n.graph, *n.data, n.graph.node(0)).biases, (Words{169, 0}));
}

TEST_F(RealWeights, MissingAreReportedWhenTheNetworkIsRead) {
  EXPECT_EQ(error(network(kConv)),
            "n.yaml:6:5: c: ./c.weight.npy: expected a readable .npy file, got none");
  write("c.weight.npy", npy("(2, 2, 1, 2)", Floats(8)));
  EXPECT_EQ(error(network(kConv)),
            "n.yaml:6:5: c: ./c.bias.npy: expected a readable .npy file, got none");
}

TEST_F(RealWeights, OfWrongShapeOrTypeAreNamed) {
  write("c.weight.npy", npy("(2, 2, 2, 1)", Floats(8)));
  EXPECT_EQ(error(network(kConv)),
            "n.yaml:6:5: c: ./c.weight.npy: expected shape (2, 2, 1, 2), got (2, 2, 2, 1)");
  write("c.weight.npy", npy("(2, 2, 1, 2)", Words(8)));
  EXPECT_EQ(error(network(kConv)),
            "n.yaml:6:5: c: ./c.weight.npy: expected <f2 or <f4 or <f8 or |i1, got <i4");
  write("c.weight.npy", npy("(2, 2, 1, 2)", Floats(8)));
  write("c.bias.npy", npy("(2,)", Words(2)));
  EXPECT_EQ(error(network(kConv)),
            "n.yaml:6:5: c: ./c.bias.npy: expected <f2 or <f4 or <f8, got <i4");
  write("c.weight.npy", npy("(2, 2, 1, 2)", Bytes8(8)));
  write("c.bias.npy", npy("(3,)", Words(3)));
  EXPECT_EQ(error(network(kInt8Conv)),
            "n.yaml:6:5: c: ./c.bias.npy: expected shape (2,), got (3,)");
}

TEST_F(RealWeights, OfInt8NeedAScale) {
  write("c.weight.npy", npy("(2, 2, 1, 2)", Bytes8(8)));
  EXPECT_EQ(error(network(kConv)),
            "n.yaml:6:5: c: expected weights.scale, as ./c.weight.npy holds int8 weights, got "
            "nothing");
}

TEST_F(RealWeights, WithHugeBiasesAreNamed) {
  write("c.weight.npy", npy("(2, 2, 1, 2)", Bytes8(8)));
  write("c.bias.npy", npy("(2,)", Words{0, (1 << 29) + 1}));
  EXPECT_EQ(error(network(kInt8Conv)),
            "n.yaml:6:5: c: ./c.bias.npy: expected biases within 2^29 steps of input scale times "
            "weight scale, got "
            "5.36871e+08 at channel 1");
}

TEST_F(RealWeights, WithBiasesThatLongSumsLeaveNoRoomForAreNamed) {
  // 65,536 products of up to 255 * 128 leave 2^31 - 1 - 2,139,095,040 = 8,388,607.
  const std::string text =
      "network: n\nweights: {directory: .}\ninputs:\n  - {name: x, features: 65536}\nlayers:\n"
      "  - {name: d, op: dense, features: 1, weights: {scale: 1}}\n";
  write("d.weight.npy", npy("(1, 65536)", Bytes8(65536)));
  write("d.bias.npy", npy("(1,)", Words{8'388'607}));
  EXPECT_EQ(error(text), "");
  write("d.bias.npy", npy("(1,)", Words{-8'388'608}));
  EXPECT_EQ(error(text),
            "n.yaml:6:5: d: ./d.bias.npy: expected biases within 8388607 steps of "
            "input scale times weight scale, got -8.38861e+06 at channel 0");
}

TEST_F(RealWeights, WithNegativeVariancesAreNamed) {
  write("c.weight.npy", npy("(2, 2, 1, 1)", Floats(4)));
  for (const std::string name : {"gamma", "beta", "mean"}) {
    write("c.batch_norm." + name + ".npy", npy("(2,)", Floats(2)));
  }
  write("c.batch_norm.variance.npy", npy("(2,)", Floats{0, -0.5F}));
  EXPECT_EQ(error(network(kNormal)),
            "n.yaml:6:5: c: ./c.batch_norm.variance.npy: expected variances of at least 0, got "
            "-0.5 at channel 1");
}

class RealInputs : public RealWeights {};

constexpr const char* kRelu = "  - {name: r, op: relu}\n";

TEST_F(RealInputs, OfInt8AreTakenAsTheyAre) {
  write("x.npy", npy("(2, 2, 2, 2)", Bytes8{1, 2, 3, 4, 5, 6, 7, 8, 9, 9, 9, 9, 9, 9, 9, 9}));
  const Network n = read(network(kRelu, ", file: x.npy"));
  // The file holds two images, the batch takes the first.
  EXPECT_EQ(n.data->value(n.graph, 0).bytes, (Bytes8{1, 2, 3, 4, 5, 6, 7, 8}));
}

TEST_F(RealInputs, OfFloatAreQuantised) {
  write("x.npy", npy("(1, 2, 2, 2)", Floats{0, 0.5F, -0.5F, 0.25F, -0.25F, 1000, -1000, 2}));
  const Network n = read(network(kRelu, ", file: x.npy"));
  // Scale 0.5; halves round away from zero; the rest clamps.
  EXPECT_EQ(n.data->value(n.graph, 0).bytes, (Bytes8{0, 1, -1, 1, -1, 127, -128, 4}));
}

TEST_F(RealInputs, OfWrongShapeAreNamed) {
  const std::string text = network(kRelu, ", file: x.npy");
  EXPECT_EQ(error(text), "n.yaml:4:5: x: x.npy: expected a readable .npy file, got none");
  write("x.npy", npy("(1, 2, 2, 2)", Bytes8(8)));
  EXPECT_EQ(error(text, 2),
            "n.yaml:4:5: x: x.npy: expected shape (at least 2, 2, 2, 2), got (1, 2, 2, 2)");
  write("x.npy", npy("(8,)", Bytes8(8)));
  EXPECT_EQ(error(text), "n.yaml:4:5: x: x.npy: expected shape (at least 1, 2, 2, 2), got (8,)");
  write("x.npy", npy("(1, 2, 2, 2)", Words(8)));
  EXPECT_EQ(error(text), "n.yaml:4:5: x: x.npy: expected <f2 or <f4 or <f8 or |i1, got <i4");
  write("x.npy", npy("(1, 3, 2, 2)", Floats(12)));
  EXPECT_EQ(error(text),
            "n.yaml:4:5: x: x.npy: expected shape (at least 1, 2, 2, 2), got (1, 3, 2, 2)");
}

TEST_F(RealInputs, WithTheChannelsFirstAreToldSo) {
  write("x.npy", npy("(1, 3, 4, 5)", Floats(60)));
  EXPECT_EQ(
      error("network: n\ninputs:\n  - {name: x, rows: 4, cols: 5, channels: 3, file: x.npy}\n"
            "layers:\n  - {name: r, op: relu}\n"),
      "n.yaml:3:5: x: x.npy: expected shape (at least 1, 4, 5, 3), got (1, 3, 4, 5), channels "
      "first: numpy.transpose(x, (0, 2, 3, 1)) puts them last");
}

TEST_F(RealInputs, ComeFromTheFilesOfTheOptionsFirst) {
  write("x.npy", npy("(1, 2, 2, 2)", Bytes8(8)));
  const std::string given =
      folder.write("given.npy", npy("(1, 2, 2, 2)", Bytes8{1, 2, 3, 4, 5, 6, 7, 8}));
  const auto with_inputs = [&](const std::map<std::string, std::string>& files) {
    return parse_network(network(kRelu, ", file: x.npy"), (folder.path() / "n.yaml").string(),
                         {.input_files = files});
  };
  const Network n = with_inputs({{"x", given}});
  EXPECT_EQ(n.data->value(n.graph, 0).bytes, (Bytes8{1, 2, 3, 4, 5, 6, 7, 8}));
  try {
    static_cast<void>(with_inputs({{"y", given}}));
    ADD_FAILURE();
  } catch (const WorkloadError& mistake) {
    EXPECT_EQ(std::string(mistake.what()), (folder.path() / "n.yaml").string() +
                                               ": inputs: expected x, got 'y' (did you mean 'x'?)");
  }
}

TEST_F(RealWeights, FoldedBeyondFloat32AreNamed) {
  write("c.weight.npy", npy("(2, 2, 1, 1)", Floats{1e30F, 0, 0, 0}));
  for (const std::string name : {"beta", "mean"}) {
    write("c.batch_norm." + name + ".npy", npy("(2,)", Floats(2)));
  }
  write("c.batch_norm.gamma.npy", npy("(2,)", Floats{1e10F, 1}));
  write("c.batch_norm.variance.npy", npy("(2,)", Floats{1, 1}));
  EXPECT_EQ(
      error(network(kNormal)),
      "n.yaml:6:5: c: ./c.batch_norm.variance.npy: expected a batch normalisation after which "
      "float32 holds every weight, got 9.99995e+39 at channel 0");
  write("c.weight.npy", npy("(2, 2, 1, 1)", Floats{0, 0, 0, 0}));
  write("c.batch_norm.mean.npy", npy("(2,)", Floats{-1e30F, 0}));
  EXPECT_EQ(
      error(network(kNormal)),
      "n.yaml:6:5: c: ./c.batch_norm.variance.npy: expected a batch normalisation after which "
      "float32 holds every bias, got 9.99995e+39 at channel 0");
}

constexpr const char* kPerChannel =
    "  - {name: c, op: conv2d, channels: 2, kernel: [1, 2], weights: {per_channel: true}}\n";

TEST_F(RealWeights, OfFloatAreQuantisedChannelByChannel) {
  write("c.weight.npy", npy("(2, 2, 1, 2)", Floats{0, 1.27F, 0, -2.54F, 0.01F, 0.011F, 0, 0}));
  write("c.bias.npy", npy("(2,)", Floats{0.1F, -0.02F}));
  const Network n = read(network(kPerChannel));
  const WeightScales scales = weight_scales(n.graph, n.graph.node(0));
  ASSERT_TRUE(scales.by_channel());
  EXPECT_DOUBLE_EQ(scales.at(0), static_cast<double>(2.54F) / 127);
  EXPECT_DOUBLE_EQ(scales.at(1), static_cast<double>(0.011F) / 127);
  const LayerParameters parameters = layer_parameters(n.graph, *n.data, n.graph.node(0));
  // 1.27 is 63.5 steps of 0.02 (as floats hold them: less), 0.01 is 115.45 steps of 0.011 / 127.
  const auto first = static_cast<std::int8_t>(std::lround(1.27F / scales.at(0)));
  EXPECT_EQ(parameters.weights, (Bytes8{0, 115, 0, 0, first, 127, -127, 0}));
  // Biases in steps of 0.5 times each scale: 10, and 0.02 / (0.5 * 0.011 / 127) = 461.8.
  EXPECT_EQ(parameters.biases, (Words{10, -462}));
}

TEST_F(RealWeights, OfInt8MayComeWithAScaleForEachChannel) {
  write("c.weight.npy", npy("(2, 2, 1, 2)", Bytes8{0, 1, 2, 3, 10, 11, 12, 13}));
  write("c.bias.npy", npy("(2,)", Words{-5, 3}));
  write("c.scale.npy", npy("(2,)", Floats{0.25F, 2}));
  const Network n = read(network(kPerChannel));
  EXPECT_EQ(weight_scales(n.graph, n.graph.node(0)).all(), (std::vector<double>{0.25, 2}));
  EXPECT_EQ(layer_parameters(n.graph, *n.data, n.graph.node(0)).biases, (Words{-5, 3}));
  const Network listed = read(network(
      "  - {name: c, op: conv2d, channels: 2, kernel: [1, 2], weights: {scales: [0.25, 2]}}\n"));
  EXPECT_EQ(weight_scales(listed.graph, listed.graph.node(0)).all(),
            (std::vector<double>{0.25, 2}));
  // In reals: what they stand for, channel by channel; k = column * 2 + channel, n = out.
  const Network real = parse_network(network(kPerChannel), (folder.path() / "n.yaml").string(),
                                     {.type = DataType::Fp32});
  const RealParameters reals = real_parameters(real.graph, *real.data, real.graph.node(0));
  EXPECT_EQ(reals.weights, (Floats{0, 20, 0.5F, 24, 0.25F, 22, 0.75F, 26}));
  EXPECT_EQ(reals.biases, (Floats{-5 * 0.125F, 3}));
  EXPECT_FALSE(weight_scales(real.graph, real.graph.node(0)).by_channel());
}

TEST_F(RealWeights, WithScalesThatAreNoneAreNamed) {
  write("c.weight.npy", npy("(2, 2, 1, 2)", Bytes8(8)));
  write("c.bias.npy", npy("(2,)", Words(2)));
  write("c.scale.npy", npy("(2,)", Floats{1, 0}));
  EXPECT_EQ(error(network(kPerChannel)),
            "n.yaml:6:5: c: ./c.scale.npy: expected scales in 1e-12..1e+12, got 0 at channel 1");
  write("c.scale.npy", npy("(3,)", Floats{1, 1, 1}));
  EXPECT_EQ(error(network(kPerChannel)),
            "n.yaml:6:5: c: ./c.scale.npy: expected shape (2,), got (3,)");
}

}  // namespace
}  // namespace systole
