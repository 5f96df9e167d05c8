#include "reference/calibrate.h"

#include <algorithm>
#include <utility>

#include <gtest/gtest.h>

#include "reference/compare/quality.h"
#include "reference/kernels/evaluator.h"

namespace systole {
namespace {

constexpr const char* kText = R"(
network: n
inputs: [{name: x, rows: 8, cols: 8, channels: 4, quantization: {scale: 0.03125, zero_point: 5}}]
layers:
  - {name: a, op: conv2d, channels: 16, kernel: 3, padding: same, activation: relu}
  - {name: b, op: conv2d, channels: 16, kernel: 3, padding: same, activation: silu}
  - {name: sum, op: add, inputs: [a, b]}
  - {name: pool, op: global_average_pool}
  - {name: flat, op: flatten}
  - {name: fc, op: dense, features: 10}
  - {name: out, op: softmax}
)";

Network reals() {
  return parse_network(kText, "n.yaml", {.type = DataType::Fp32});
}

TEST(Calibration, FindsTheRangeOfEveryTensor) {
  const Network real = reals();
  const QuantizationChoice choice = calibrated(real);
  reference::FloatEvaluator evaluator(real.graph, *real.data);
  while (!evaluator.done()) {
    const Node& node = evaluator.next_node();
    const auto values = *evaluator.evaluate_next().values;
    const auto [low, high] = std::minmax_element(values.begin(), values.end());
    const Quantization wanted = quantization_of_range(*low, *high);
    const Quantization found = choice.tensors.at(node.output());
    // What a function gets is rounded to binary32 in between.
    EXPECT_NEAR(found.scale / wanted.scale, 1, 1e-5) << node.name;
    EXPECT_EQ(found.zero_point, wanted.zero_point) << node.name;
  }
  EXPECT_EQ(choice.tensors.at(real.graph.nodes[0].output()).zero_point, -128);  // behind a ReLU
}

TEST(Calibration, FindsWhatFunctionsGet) {
  const Network real = reals();
  const GraphTensorId silu = real.graph.nodes[1].output();
  const QuantizationChoice choice = calibrated(real);
  ASSERT_EQ(choice.before.size(), 1U);
  // SiLU has nothing below -0.2785, but gets it.
  const auto lowest = [](const Quantization& q) { return q.scale * (-128 - q.zero_point); };
  EXPECT_GT(lowest(choice.tensors.at(silu)), -0.3);
  EXPECT_LT(lowest(choice.before.at(silu)), -0.5);
  // Nothing else: no tensor of the run is one of the network's by another number.
  EXPECT_EQ(choice.tensors.size(), 1 + real.graph.nodes.size());
}

/// What is appended is twice as large as what the state holds.
TEST(Calibration, OfAStateIsOfWhatIsWrittenIntoItToo) {
  const Network real = parse_network(R"(
network: n
inputs: [{name: x, extents: [1, 8], quantization: {scale: 0.03125}}]
states: [{name: cache, extents: [4, 8], quantization: {scale: 0.015625}}]
layers:
  - {name: keys, op: append, inputs: [x, cache], at: 2}
  - {name: scores, op: matmul, inputs: [x, keys], transpose_b: true}
)",
                                     "n.yaml", {.type = DataType::Fp32});
  const QuantizationChoice choice = calibrated(real);
  const Graph& graph = real.graph;
  EXPECT_EQ(choice.tensors.at(graph.states[0]), choice.tensors.at(graph.inputs[0]));
  const Network network = quantized(real);
  EXPECT_EQ(network.graph.tensor(network.graph.states[0]).quantization,
            network.graph.tensor(network.graph.inputs[0]).quantization);
}

TEST(Calibration, IsTheSameEveryTime) {
  const QuantizationChoice once = calibrated(reals());
  const QuantizationChoice again = calibrated(reals());
  EXPECT_EQ(once.tensors, again.tensors);
  EXPECT_EQ(once.before, again.before);
}

TEST(Quantized, IsNearTheNetworkOfReals) {
  const Network network = quantized(reals());
  QualityCheck check(network.graph, *network.data);
  reference::Evaluator evaluator(network.graph, *network.data);
  while (!evaluator.done()) {
    const Node& node = evaluator.next_node();
    check.add(node, evaluator.evaluate_next());
  }
  for (const TensorQuality& tensor : std::move(check).result()) {
    ASSERT_TRUE(tensor.error) << tensor.tensor;
    EXPECT_LE(tensor.error->relative(), 0.04) << tensor.tensor;
    EXPECT_EQ(tensor.clipped_weights, 0) << tensor.tensor;
  }
}

}  // namespace
}  // namespace systole
