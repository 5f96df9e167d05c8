#include "reference/devices/training_operations.h"

#include <gmock/gmock.h>

#include "compiler/frontend/read_network.h"

namespace systole::reference {
namespace {

Graph network_of(const std::string& body, std::int64_t batch) {
  return parse_network("network: n\n" + body, "n.yaml",
                       {.batch = batch, .type = DataType::Bf16, .numbers = false})
      .graph;
}

std::vector<DeviceOperation> operations_of(const Graph& network, TrainingPlan plan = {}) {
  plan.output = plan.output < 0 ? network.outputs.front() : plan.output;
  return training_operations(network, plan, DataType::Bf16);
}

/// Name, m, k, n with groups, elements read, written, of weights.
using Row = std::tuple<std::string, std::int64_t, std::int64_t, std::int64_t, std::int64_t,
                       std::int64_t, std::int64_t, std::int64_t>;

std::vector<Row> rows_of(const std::vector<DeviceOperation>& operations) {
  std::vector<Row> rows;
  for (const DeviceOperation& one : operations) {
    rows.emplace_back(one.name, one.shape.groups, one.shape.m, one.shape.k, one.shape.n, one.input,
                      one.output, one.weights);
  }
  return rows;
}

std::int64_t macs_of(const std::vector<DeviceOperation>& operations) {
  std::int64_t macs = 0;
  for (const DeviceOperation& operation : operations) {
    macs += operation.macs();
  }
  return macs;
}

/// Two products of a layer of weights on the way back, of the first one, by weights.
TEST(TrainingOperations, OfDenseLayersAreThreeProducts) {
  const Graph network = network_of(
      "inputs: [{name: x, features: 12}]\n"
      "layers:\n"
      "  - {name: a, op: dense, features: 20}\n"
      "  - {name: b, op: dense, features: 4}\n",
      16);
  EXPECT_THAT(rows_of(operations_of(network, {.update_reads = 300, .update_writes = 201})),
              ::testing::ElementsAre(Row{"a", 1, 16, 12, 20, 16 * 12, 16 * 20, 12 * 20},
                                     Row{"b", 1, 16, 20, 4, 16 * 20, 16 * 4, 20 * 4},
                                     Row{"loss", 1, 0, 0, 0, 2 * 16 * 4, 16 * 4, 0},
                                     Row{"b.by_weights", 1, 20, 16, 4, 16 * (20 + 4), 20 * 4, 0},
                                     Row{"b.by_input", 1, 16, 4, 20, 16 * 4, 16 * 20, 20 * 4},
                                     Row{"a.by_weights", 1, 12, 16, 20, 16 * (12 + 20), 12 * 20, 0},
                                     Row{"update", 1, 0, 0, 0, 150, 101, 0}));
}

/// What a stride leaves out is not multiplied on the way back either, and a kernel for each channel
/// stays one.
TEST(TrainingOperations, OfConvolutionsHaveThreeTimesTheProducts) {
  const Graph network = network_of(
      "inputs: [{name: x, rows: 8, cols: 8, channels: 16}]\n"
      "layers:\n"
      "  - {name: a, op: conv2d, channels: 16, kernel: 3, stride: 2, padding: 1, batch_norm: "
      "true,\n"
      "     activation: relu}\n"
      "  - {name: d, op: conv2d, channels: 16, kernel: 3, padding: 1, groups: 16}\n",
      4);
  const std::vector<DeviceOperation> operations = operations_of(network);
  const std::int64_t strided = 4 * 4 * 4 * 9 * 16 * 16;
  const std::int64_t depthwise = 4 * 4 * 4 * 9 * 16;
  EXPECT_EQ(macs_of(operations), 2 * strided + 3 * depthwise);
  std::vector<std::string> names;
  for (const DeviceOperation& operation : operations) {
    names.push_back(operation.name);
  }
  EXPECT_THAT(names, ::testing::ElementsAre("a", "a.batch_norm", "a.activation", "d", "loss",
                                            "d.by_weights", "d.by_input", "a.activation.backward",
                                            "a.batch_norm.backward", "a.by_weights", "update"));
  EXPECT_EQ(operations.at(5).kind, OperationKind::Direct);
  // The gradient and what came in, 4 images of 4 x 4 x 16 each.
  EXPECT_EQ(operations.at(7).input, 2 * 4 * 4 * 4 * 16);
  EXPECT_EQ(operations.at(7).output, 4 * 4 * 4 * 16);
}

/// Both operands of a product of two tensors have a gradient, image by image.
TEST(TrainingOperations, OfProductsOfTwoTensorsAreTwoMore) {
  const Graph network = network_of(
      "inputs: [{name: x, extents: [6, 8]}]\n"
      "layers:\n"
      "  - {name: q, op: dense, features: 8}\n"
      "  - {name: k, op: dense, features: 8, inputs: [x]}\n"
      "  - {name: s, op: matmul, inputs: [q, k], transpose_b: true}\n",
      3);
  const std::vector<Row> rows = rows_of(operations_of(network));
  EXPECT_THAT(rows,
              ::testing::IsSupersetOf({Row{"s", 3, 6, 8, 6, 3 * 2 * 48, 3 * 36, 0},
                                       Row{"s.by_left", 3, 6, 6, 8, 3 * (36 + 48), 3 * 48, 0},
                                       Row{"s.by_right", 3, 8, 6, 6, 3 * (36 + 48), 3 * 48, 0}}));
}

TEST(TrainingOperations, RepeatBatchesButNotTheUpdate) {
  const Graph network = network_of(
      "inputs: [{name: x, features: 12}]\n"
      "layers:\n"
      "  - {name: a, op: dense, features: 20}\n",
      16);
  const std::vector<DeviceOperation> operations =
      operations_of(network, {.batches = 3, .clips = true, .gradient_bytes = 960});
  ASSERT_EQ(operations.size(), 3U * 3 + 2);
  EXPECT_EQ(macs_of(operations), 3 * 2 * 16 * 12 * 20);
  EXPECT_EQ(operations.at(9).name, "clip");
  EXPECT_EQ(operations.at(9).input, 480);
}

/// What the loss is not made of is left out.
TEST(TrainingOperations, LeaveOutWhatTheLossDoesNotNeed) {
  const Graph network = network_of(
      "inputs: [{name: x, features: 12}]\n"
      "outputs: [a, b]\n"
      "layers:\n"
      "  - {name: a, op: dense, features: 20}\n"
      "  - {name: b, op: dense, features: 4}\n",
      16);
  ASSERT_EQ(network.outputs.size(), 2U);
  EXPECT_EQ(macs_of(operations_of(network, {.output = network.outputs.front()})), 2 * 16 * 12 * 20);
}

}  // namespace
}  // namespace systole::reference
