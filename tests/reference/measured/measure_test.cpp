#include "reference/measured/measure.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "compiler/frontend/read_network.h"

namespace systole {
namespace {

constexpr const char* kTwoLayers = R"(
network: two_layers
batch: 4
inputs:
  - {name: x, features: 64}
layers:
  - {name: first, op: dense, features: 48, activation: relu}
  - {name: second, op: dense, features: 40}
)";

/// A clock of its own: pass n (from 0, warm-up included) takes n seconds, layer i of it n + i.
class CountingDevice : public DeviceNetwork {
 public:
  void write(GraphTensorId /*tensor*/, std::span<const float> /*values*/) override {}
  std::vector<float> read(GraphTensorId /*tensor*/) override { return {}; }
  void run(NodeId /*node*/) override {}
  std::string kernel(NodeId node) const override { return "kernel " + std::to_string(node); }
  double time_pass() override { return passes++; }
  std::vector<double> time_layers() override {
    return {static_cast<double>(passes), static_cast<double>(passes) + 1};
  }
  bool requantises_exactly() const override { return true; }

  int passes = 0;
};

/// 3 J for every pass since start().
class CountingMeter : public EnergyMeter {
 public:
  explicit CountingMeter(const CountingDevice& device) : device_(device) {}
  void start() override { before_ = device_.passes; }
  std::optional<double> stop() override {
    return works ? std::optional(3.0 * (device_.passes - before_)) : std::nullopt;
  }
  std::string method() const override { return "counting"; }
  bool works = true;

 private:
  const CountingDevice& device_;
  int before_ = 0;
};

TEST(MeasurePasses, LeavesTheWarmUpOut) {
  const Network network = parse_network(kTwoLayers, "two_layers.yaml");
  CountingDevice device;
  MeasuredRun run;
  measure_passes(device, network.graph, {.type = DataType::Bf16, .warm_up = 2, .repetitions = 5},
                 nullptr, run);
  EXPECT_EQ(run.total.median, 4);  // of 2, 3, 4, 5, 6
  EXPECT_EQ(run.total.lower_quartile, 3);
  EXPECT_EQ(run.total.upper_quartile, 5);
  ASSERT_EQ(run.layers.size(), 2U);
  EXPECT_EQ(run.layers[0].time.median, 5);  // of 3 to 7, each behind its pass
  EXPECT_EQ(run.layers[1].time.median, 6);
  EXPECT_EQ(run.layers[1].name, "second");
  EXPECT_EQ(run.layers[1].kernel, "kernel 1");
  EXPECT_EQ(run.layers[1].macs, 4 * 48 * 40);
  EXPECT_EQ(run.network, "two_layers");
  EXPECT_EQ(run.type, DataType::Bf16);
  EXPECT_EQ(run.batch, 4);
  EXPECT_EQ(run.warm_up, 2);
  EXPECT_EQ(run.repetitions, 5);
  EXPECT_EQ(run.energy, std::nullopt);
}

TEST(MeasurePasses, SaysWhenTheTimesSpreadWidely) {
  const Network network = parse_network(kTwoLayers, "two_layers.yaml");
  CountingDevice device;
  MeasuredRun run;
  measure_passes(device, network.graph, {.warm_up = 2, .repetitions = 5}, nullptr, run);
  EXPECT_EQ(run.note,
            "times spread by 50 % of the median: other work ran on the machine, or clocks changed");
  device.passes = 1000;
  run = {};
  measure_passes(device, network.graph, {.warm_up = 2, .repetitions = 5}, nullptr, run);
  EXPECT_EQ(run.note, "");
}

TEST(MeasurePasses, SharesTheMetersJoulesAmongItsPasses) {
  const Network network = parse_network(kTwoLayers, "two_layers.yaml");
  CountingDevice device;
  CountingMeter meter(device);
  MeasuredRun run;
  measure_passes(device, network.graph, {.warm_up = 0, .repetitions = 1}, &meter, run);
  ASSERT_TRUE(run.energy);
  EXPECT_DOUBLE_EQ(run.energy->joules, 3);
  EXPECT_EQ(run.energy->obtained, Obtained::Measured);
  EXPECT_EQ(run.energy->method, "counting");
  EXPECT_GT(run.energy->watts, 0);
  meter.works = false;
  measure_passes(device, network.graph, {.warm_up = 0, .repetitions = 1}, &meter, run);
  EXPECT_EQ(run.energy, std::nullopt);
}

}  // namespace
}  // namespace systole
