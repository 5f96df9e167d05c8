#include "reference/measured/compare_numbers.h"

#include <functional>
#include <map>
#include <memory>
#include <vector>

#include <gmock/gmock.h>

#include "compiler/frontend/read_network.h"
#include "reference/kernels/evaluator.h"

namespace systole {
namespace {

constexpr const char* kTwoLayers = R"(
network: two_layers
inputs:
  - {name: x, features: 64}
layers:
  - {name: first, op: dense, features: 48, activation: relu}
  - {name: second, op: dense, features: 40}
)";

/// Computes right int8 numbers, until told to change one element of one layer.
class FakeDevice : public DeviceNetwork {
 public:
  FakeDevice(const Network& network, bool exact) : network_(network), exact_(exact) {
    reference::Evaluator evaluator(network.graph, *network.data);
    while (!evaluator.done()) {
      const Node& node = evaluator.next_node();
      const auto values = evaluator.evaluate_next().values;
      right_[node.output()] = {values->begin(), values->end()};
    }
  }

  void write(GraphTensorId tensor, std::span<const float> values) override {
    held_[tensor] = {values.begin(), values.end()};
  }
  std::vector<float> read(GraphTensorId tensor) override { return held_.at(tensor); }
  void run(NodeId node) override {
    std::vector<float>& output = held_.at(network_.graph.node(node).output());
    const std::vector<float>& right = right_.at(network_.graph.node(node).output());
    for (std::size_t i = 0; i < output.size(); ++i) {
      if (node != forgets_layer || i != forgets) {
        output[i] = right[i];
      }
    }
    if (change) {
      change(node, output);
    }
  }
  std::string kernel(NodeId /*node*/) const override { return "fake"; }
  double time_pass() override { return 0; }
  std::vector<double> time_layers() override { return {}; }
  bool requantises_exactly() const override { return exact_; }

  std::function<void(NodeId, std::vector<float>&)> change;
  NodeId forgets_layer = -1;
  std::size_t forgets = 0;

 private:
  const Network& network_;
  bool exact_;
  std::map<GraphTensorId, std::vector<float>> held_;
  std::map<GraphTensorId, std::vector<float>> right_;
};

MeasuredNumerics compared(FakeDevice& device, const Network& network) {
  return compare_numbers(network.graph, *network.data, DataType::Int8, device);
}

TEST(CompareNumbers, ComparesEveryElementInInt8) {
  const Network network = parse_network(kTwoLayers, "two_layers.yaml");
  FakeDevice device(network, true);
  const MeasuredNumerics numerics = compared(device, network);
  EXPECT_EQ(numerics.elements, 48 + 40);
  EXPECT_EQ(numerics.different, 0);
  EXPECT_TRUE(numerics.passed());
  EXPECT_EQ(numerics.bound, "equal bit for bit");
}

TEST(CompareNumbers, OneStepIsOutsideWhereRequantisationIsExact) {
  const Network network = parse_network(kTwoLayers, "two_layers.yaml");
  FakeDevice device(network, true);
  device.change = [](NodeId node, std::vector<float>& values) {
    if (node == 1) {
      values[7] += values[7] < 0 ? 1.0F : -1.0F;
    }
  };
  const MeasuredNumerics numerics = compared(device, network);
  EXPECT_EQ(numerics.outside, 1);
  EXPECT_EQ(numerics.different, 1);
  EXPECT_EQ(numerics.first_outside, "second (fake)");
  EXPECT_FALSE(numerics.passed());
}

TEST(CompareNumbers, AStepFarFromATieIsOutsideInBinary32Too) {
  const Network network = parse_network(kTwoLayers, "two_layers.yaml");
  FakeDevice device(network, false);
  int moved = 0;
  device.change = [&](NodeId /*node*/, std::vector<float>& values) {
    for (float& value : values) {  // all of both layers, and no two of 88 results are near a tie
      if (value > -127 && value < 127) {
        value += 1;
        ++moved;
      }
    }
  };
  const MeasuredNumerics numerics = compared(device, network);
  EXPECT_GT(moved, 40);
  EXPECT_GE(numerics.outside, moved - 1);
}

TEST(CompareNumbers, RightNumbersLieWithinHalfAStepOfTheExactResult) {
  const Network network = parse_network(kTwoLayers, "two_layers.yaml");
  FakeDevice device(network, false);
  const MeasuredNumerics numerics = compared(device, network);
  EXPECT_TRUE(numerics.passed());
  EXPECT_LE(numerics.largest_error, 1);
  EXPECT_GT(numerics.largest_error, 0.8);  // of 88 uniform distances to the nearest integer
}

TEST(CompareNumbers, AnElementThatNobodyWritesIsOutside) {
  const Network network = parse_network(kTwoLayers, "two_layers.yaml");
  FakeDevice device(network, true);
  device.forgets_layer = 0;
  device.forgets = 3;
  EXPECT_EQ(compared(device, network).outside, 1);
}

TEST(CompareNumbers, NotANumberIsOutside) {
  const Network network = parse_network(kTwoLayers, "two_layers.yaml");
  FakeDevice device(network, false);
  device.change = [](NodeId /*node*/, std::vector<float>& values) {
    values[0] = std::numeric_limits<float>::quiet_NaN();
  };
  EXPECT_EQ(compared(device, network).outside, 2);
}

}  // namespace
}  // namespace systole
