#include "study/training_devices.h"

#include <gmock/gmock.h>

#include "compiler/frontend/read_network.h"
#include "reference/devices/read_device.h"

namespace systole {
namespace {

const std::string kRoot = SYSTOLE_SOURCE_DIR;

reference::DeviceSpec device(const std::string& name) {
  return reference::read_device(kRoot + "/configs/devices/" + name + ".yaml");
}

Site site() {
  return read_site(kRoot + "/configs/sites/datacentre.yaml");
}

Graph small(std::int64_t batch = 16) {
  return parse_network(
             "network: small\n"
             "inputs: [{name: x, features: 12}]\n"
             "layers:\n"
             "  - {name: a, op: dense, features: 20, activation: relu}\n"
             "  - {name: b, op: dense, features: 4}\n",
             "small.yaml", {.batch = batch, .type = DataType::Bf16, .numbers = false})
      .graph;
}

Graph shipped(const std::string& name, std::int64_t batch, const DimValues& dims = {}) {
  return read_network(kRoot + "/workloads/" + name + ".yaml",
                      {.batch = batch, .dims = dims, .type = DataType::Fp16, .numbers = false})
      .graph;
}

TEST(TrainingDevices, TakeTheNetworksTypeWhereTheyCan) {
  const auto rows = training_devices(
      {device("a100"), device("v100"), device("haswell"), device("coral"), device("jetson_orin")},
      small(), {}, nullptr);
  ASSERT_EQ(rows.size(), 3U);  // no edge modules
  EXPECT_EQ(rows[0].type, DataType::Bf16);
  EXPECT_EQ(rows[1].type, DataType::Fp16);
  EXPECT_EQ(rows[2].type, DataType::Fp32);
  for (const ComparedDevice& row : rows) {
    EXPECT_EQ(row.error, "");
    EXPECT_EQ(row.batch, 16);
    // Three products of b, two of a.
    EXPECT_EQ(row.macs, 16 * (2 * 12 * 20 + 3 * 20 * 4));
    EXPECT_FALSE(row.own_per_million);
  }
}

/// Owned and rented as a comparison has it, by the step's time and power.
TEST(TrainingDevices, CostWhatTheirTimeCosts) {
  const Site place = site();
  const auto rows = training_devices({device("a100")}, small(), {}, &place);
  ComparedDevice again = rows.front();
  add_dollars(again, place);
  EXPECT_EQ(rows.front().own_per_million, again.own_per_million);
  // 32.77 $ an hour for eight, and all hours of work are billed.
  EXPECT_NEAR(rows.front().rent_per_million->count(),
              32.77 / 8 / 3600 * rows.front().seconds() / 16 * 1e6, 1e-9);
}

/// A step of several batches is as many passes and one update.
TEST(TrainingDevices, CountTheSamplesOfAllBatches) {
  const auto row = [](std::int64_t batches) {
    return training_devices({device("a100")}, small(), {.accumulate = batches}, nullptr).front();
  };
  const ComparedDevice one = row(1);
  const ComparedDevice four = row(4);
  EXPECT_EQ(four.batch, 64);
  EXPECT_EQ(four.macs, 4 * one.macs);
  EXPECT_LT(four.time, one.time * 4);
  EXPECT_GT(four.time, one.time * 3);
}

/// Moments are read and written: of adam two, of sgd one or none.
TEST(TrainingDevices, UpdateAsTheOptimiserDoes) {
  const Graph large = parse_network(
                          "network: large\n"
                          "inputs: [{name: x, features: 8192}]\n"
                          "layers:\n"
                          "  - {name: a, op: dense, features: 8192}\n",
                          "large.yaml", {.batch = 1, .type = DataType::Bf16, .numbers = false})
                          .graph;
  const auto seconds = [&](const Optimizer& optimizer) {
    return training_devices({device("h100")}, large, {.optimizer = optimizer}, nullptr)
        .front()
        .seconds();
  };
  const double plain = seconds({.momentum = 0});
  const double momentum = seconds({});
  const double adam = seconds({.kind = OptimizerKind::Adam});
  const reference::DeviceSpec h100 = device("h100");
  // A moment more: 4 bytes of each of 8192 x 8192 weights (and 8192 biases) each way.
  const double moment =
      8.0 * (8192.0 * 8192 + 8192) /
      (static_cast<double>(h100.bandwidth.count()) * h100.family.memory_efficiency);
  EXPECT_NEAR(momentum - plain, moment, 0.01 * moment);
  EXPECT_NEAR(adam - momentum, moment, 0.01 * moment);
}

TEST(TrainingDevices, SayWhereAStepHasNoRoom) {
  const auto rows = training_devices({device("t4")}, shipped("bert_large", 512), {}, nullptr);
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_THAT(rows.front().error,
              testing::MatchesRegex("a step has [0-9]+ bytes alive, its memory has 16000000000"));
}

/// Images and sequences a second of one device, mixed precision. Source: NVIDIA, Deep Learning
/// Examples, ResNet-50 v1.5 and BERT for PyTorch.
struct Published {
  std::string device;
  std::string network;
  DimValues dims;
  std::int64_t batch = 0;       ///< ours: none is published beside these
  std::int64_t accumulate = 1;  ///< BERT's batches are of tens of thousands
  double per_second = 0;
};

class PublishedTraining : public ::testing::TestWithParam<Published> {};

TEST_P(PublishedTraining, IsMet) {
  const Published& point = GetParam();
  const auto rows =
      training_devices({device(point.device)}, shipped(point.network, point.batch, point.dims),
                       {.accumulate = point.accumulate}, nullptr);
  ASSERT_EQ(rows.front().error, "");
  EXPECT_NEAR(rows.front().inferences_per_second() / point.per_second, 1, 0.42);
}

INSTANTIATE_TEST_SUITE_P(
    All, PublishedTraining,
    ::testing::Values(Published{"a100", "resnet50", {}, 256, 1, 2470},
                      Published{"v100", "resnet50", {}, 128, 1, 1200},
                      Published{"a100", "bert_large", {{"seq", 128}}, 32, 16, 580},
                      Published{"a100", "bert_large", {{"seq", 512}}, 32, 16, 210},
                      Published{"v100", "bert_large", {{"seq", 128}}, 16, 16, 224},
                      Published{"v100", "bert_large", {{"seq", 512}}, 4, 16, 75}));

}  // namespace
}  // namespace systole
