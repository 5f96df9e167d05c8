#include "reference/kernels/real_value.h"

#include <cmath>
#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "tests/reference/small_network.h"

namespace systole::reference {
namespace {

TEST(HeldAs, RoundsToTheNearestAndTiesToEven) {
  EXPECT_EQ(held_as(DataType::Fp32, 0.1), 0.1F);
  EXPECT_EQ(held_as(DataType::Bf16, 256), 256);
  EXPECT_EQ(held_as(DataType::Bf16, 257), 256);  // a tie: neighbours 256 and 258
  EXPECT_EQ(held_as(DataType::Bf16, 259), 260);
  EXPECT_EQ(held_as(DataType::Bf16, -257.1), -258);
  EXPECT_EQ(held_as(DataType::Fp16, 2049), 2048);
  EXPECT_EQ(held_as(DataType::Fp16, 2051), 2052);
  EXPECT_EQ(held_as(DataType::Fp16, 0x1p-24), 0x1p-24F);  // the least subnormal
  EXPECT_EQ(held_as(DataType::Fp16, 1.4 * 0x1p-24), 0x1p-24F);
  EXPECT_EQ(held_as(DataType::Bf16, 0), 0);
}

TEST(UnitRoundoff, IsHalfTheDistanceBetweenNeighboursOfOne) {
  EXPECT_EQ(unit_roundoff(DataType::Bf16), 0x1p-8);
  EXPECT_EQ(unit_roundoff(DataType::Fp16), 0x1p-11);
  EXPECT_EQ(unit_roundoff(DataType::Fp32), 0x1p-24);
}

/// One node over inputs of the given shapes.
struct OneNode {
  OneNode(const Op& attributes, const std::vector<Shape>& inputs, const Shape& output) {
    std::vector<GraphTensorId> ids;
    for (const Shape& shape : inputs) {
      ids.push_back(builder.input("x" + std::to_string(ids.size()), shape, {}));
    }
    builder.node("y", attributes, ids, output, {});
  }
  [[nodiscard]] RealValue at(const std::vector<std::vector<float>>& inputs,
                             const ElementIndex& index, const std::vector<float>& weights = {},
                             const std::vector<float>& biases = {}) const {
    return real_value(
        builder.graph, builder.graph.nodes[0],
        {.inputs = {inputs.begin(), inputs.end()}, .weights = weights, .biases = biases}, index);
  }
  GraphByHand builder;
};

TEST(RealValue, ConvolvesInsideTheImageAlone) {
  // 2 x 2 image, 3 x 1 kernel with one row of padding above and below; two groups of one channel.
  Conv2d convolution{.kernel = {.rows = 3, .pad_top = 1, .pad_bottom = 1}, .groups = 2};
  const Shape shape{.batch = 1, .rows = 2, .cols = 2, .channels = 2};
  const OneNode node(convolution, {shape}, shape);
  const std::vector<float> image{1, 10, 2, 20, 3, 30, 4, 40};
  const std::vector<float> weights{5, 6, 7, -1, -2, -3};  // group 0: ky 0, 1, 2; group 1
  const RealValue value =
      node.at({image}, {.row = 1, .col = 0, .channel = 1}, weights, {0.5, 0.25});
  // rows 0 and 1 of column 0, channel 1: 10 * -1 + 30 * -2, the row below is padding
  EXPECT_EQ(value.value, -70 + 0.25);
  // three terms
  EXPECT_EQ(value.slack, 3 * 0x1p-23 * (10 + 60 + 0.25));
}

TEST(RealValue, DenseReadsItsRowAndColumn) {
  const OneNode node(Dense{.activation = {.kind = ActivationKind::Relu}},
                     {{.batch = 2, .channels = 2}}, {.batch = 2, .channels = 3});
  const std::vector<float> input{1, 2, 3, 4};
  const std::vector<float> weights{1, 2, 3, 10, 20, -30};  // k x n
  EXPECT_EQ(node.at({input}, {.batch = 1, .channel = 1}, weights, {0, 1, 0}).value,
            3 * 2 + 4 * 20 + 1);
  EXPECT_EQ(node.at({input}, {.batch = 1, .channel = 2}, weights, {0, 1, 0}).value, 0);
}

TEST(RealValue, AppliesActivations) {
  const auto of = [](ActivationKind kind, float x) {
    const OneNode node(Activate{.activation = {.kind = kind}}, {{}}, {});
    return node.at({{x}}, {}).value;
  };
  EXPECT_EQ(of(ActivationKind::Relu, -2), 0);
  EXPECT_EQ(of(ActivationKind::Relu, 7), 7);
  EXPECT_EQ(of(ActivationKind::Relu6, 7), 6);
  EXPECT_DOUBLE_EQ(of(ActivationKind::Sigmoid, std::log(3.0F)),
                   1 / (1 + 1 / std::exp(static_cast<double>(std::log(3.0F)))));
  EXPECT_DOUBLE_EQ(of(ActivationKind::Tanh, 0.5), std::tanh(0.5));
}

TEST(RealValue, PoolsWhatTheWindowSees) {
  const Shape in{.rows = 2, .cols = 2, .channels = 1};
  const Kernel kernel{.rows = 2, .cols = 2, .pad_top = 1, .pad_left = 1};
  const std::vector<float> image{-3, -1, -2, -6};
  const auto of = [&](PoolKind kind, bool count_padding, const ElementIndex& at) {
    const OneNode node(PoolTensor{.kind = kind, .kernel = kernel, .count_padding = count_padding},
                       {in}, in);
    return node.at({image}, at).value;
  };
  const ElementIndex corner{};
  const ElementIndex middle{.row = 1, .col = 1};
  EXPECT_EQ(of(PoolKind::Max, false, corner), -3);  // padding never wins
  EXPECT_EQ(of(PoolKind::Max, false, middle), -1);
  EXPECT_EQ(of(PoolKind::Average, false, corner), -3);
  EXPECT_EQ(of(PoolKind::Average, true, corner), -0.75);
  EXPECT_EQ(of(PoolKind::Average, false, middle), -3);
}

TEST(RealValue, JoinsAddsAndFlattens) {
  const Shape pixel{.channels = 1};
  const Shape wide{.channels = 2};
  EXPECT_EQ(
      OneNode(Concat{}, {pixel, wide}, {.channels = 3}).at({{1}, {2, 3}}, {.channel = 2}).value, 3);
  EXPECT_EQ(OneNode(AddTensors{}, {wide, wide}, wide).at({{1, 2}, {3, 4}}, {.channel = 1}).value,
            6);
  const OneNode flat(Flatten{}, {{.rows = 2, .cols = 1, .channels = 2}}, {.channels = 4});
  EXPECT_EQ(flat.at({{1, 2, 3, 4}}, {.channel = 2}).value, 3);
}

TEST(RealValue, SoftmaxOverTheChannelsOfAPixel) {
  const OneNode node(SoftmaxChannels{}, {{.batch = 2, .channels = 2}}, {.batch = 2, .channels = 2});
  const RealValue value = node.at({{9, 9, 1, 3}}, {.batch = 1, .channel = 0});
  EXPECT_DOUBLE_EQ(value.value, std::exp(-2.0) / (1 + std::exp(-2.0)));
  EXPECT_GT(value.slack, 0);
  EXPECT_LT(value.slack, value.value / 1000);
}

}  // namespace
}  // namespace systole::reference
