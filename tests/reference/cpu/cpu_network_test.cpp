#include "reference/cpu/cpu_network.h"

#include <cmath>
#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "compiler/frontend/read_network.h"
#include "reference/cpu/cpu_identity.h"
#include "reference/cpu/measure_cpu.h"
#include "reference/kernels/source_slices.h"
#include "reference/measured/compare_numbers.h"
#include "tests/reference/every_operator.h"
#include "tests/reference/small_network.h"

namespace systole {
namespace {

/// bf16 needs AVX-512, and oneDNN's int8 sums saturate where there is no VNNI.
bool can_measure(DataType type) {
  const std::string isa = cpu::effective_isa();
  switch (type) {
    case DataType::Bf16:
      return isa.starts_with("AVX512_CORE");
    case DataType::Int8:
      return reference::machine_source_bits() == reference::kByteBits;
    default:
      return true;
  }
}

class CpuTypes : public testing::TestWithParam<DataType> {
 protected:
  void SetUp() override {
    if (!can_measure(GetParam())) {
      GTEST_SKIP() << name_of(GetParam()) << " on " << cpu::effective_isa();
    }
  }
};

TEST_P(CpuTypes, ComputesEveryOperatorWithinTheBound) {
  const Network network =
      parse_network(kEveryOperator, "every_operator.yaml", {.type = GetParam()});
  cpu::CpuNetwork device(network.graph, *network.data, GetParam(), 1);
  const MeasuredNumerics numerics =
      compare_numbers(network.graph, *network.data, GetParam(), device);
  EXPECT_GT(numerics.elements, 5000);
  EXPECT_EQ(numerics.outside, 0) << numerics.first_outside;
  EXPECT_LE(numerics.largest_error, 1);
}

TEST_P(CpuTypes, ComputesTheSameOnTwoThreads) {
  const Network network =
      parse_network(kEveryOperator, "every_operator.yaml", {.type = GetParam()});
  cpu::CpuNetwork one(network.graph, *network.data, GetParam(), 1);
  cpu::CpuNetwork two(network.graph, *network.data, GetParam(), 2);
  const auto first = compare_numbers(network.graph, *network.data, GetParam(), one);
  const auto second = compare_numbers(network.graph, *network.data, GetParam(), two);
  EXPECT_EQ(first.outside + second.outside, 0);
  EXPECT_EQ(first.elements, second.elements);
}

TEST_P(CpuTypes, TimesEveryLayerAndSaysWhatRan) {
  const Network network =
      parse_network(kEveryOperator, "every_operator.yaml", {.type = GetParam()});
  const MeasuredRun run =
      measure_cpu(network.graph, *network.data,
                  {.passes = {.type = GetParam(), .warm_up = 1, .repetitions = 3},
                   .threads = 1,
                   .compare = true,
                   .power_file = {}});
  EXPECT_EQ(run.kind, DeviceKind::Cpu);
  EXPECT_EQ(run.network, "every_operator");
  EXPECT_EQ(run.type, GetParam());
  EXPECT_EQ(run.batch, 3);
  EXPECT_EQ(run.threads, 1);
  EXPECT_EQ(run.warm_up, 1);
  EXPECT_EQ(run.repetitions, 3);
  EXPECT_EQ(run.obtained, Obtained::Measured);
  EXPECT_EQ(run.isa, cpu::effective_isa());
  EXPECT_THAT(run.software, testing::StartsWith("oneDNN 2."));
  EXPECT_THAT(run.date, testing::MatchesRegex("20[0-9][0-9]-[01][0-9]-[0-3][0-9]"));
  EXPECT_TRUE(run.numerics->passed()) << run.numerics->first_outside;
  EXPECT_GT(run.total.median, 0);
  EXPECT_LE(run.total.lower_quartile, run.total.median);
  EXPECT_LE(run.total.median, run.total.upper_quartile);
  ASSERT_EQ(run.layers.size(), network.graph.nodes.size());
  for (std::size_t i = 0; i < run.layers.size(); ++i) {
    const MeasuredLayer& layer = run.layers[i];
    EXPECT_EQ(layer.name, network.graph.nodes[i].name);
    EXPECT_EQ(layer.macs, macs_of(network.graph, network.graph.nodes[i]));
    EXPECT_TRUE(layer.name == "flat" || !layer.kernel.empty()) << layer.name;
    EXPECT_GE(layer.time.median, 0);
  }
}

INSTANTIATE_TEST_SUITE_P(All, CpuTypes,
                         testing::Values(DataType::Int8, DataType::Bf16, DataType::Fp32),
                         [](const auto& type) { return std::string(name_of(type.param)); });

TEST(CpuNetwork, GivesBackWhatWasWritten) {
  const Network network = parse_network(kEveryOperator, "every_operator.yaml");
  cpu::CpuNetwork device(network.graph, *network.data, DataType::Int8, 1);
  for (const Node& node : network.graph.nodes) {  // s8 and u8 storage
    std::vector<float> values(
        static_cast<std::size_t>(network.graph.tensor(node.output()).shape().elements()));
    for (std::size_t i = 0; i < values.size(); ++i) {
      values[i] = static_cast<float>(static_cast<int>(i % 256) - 128);
    }
    device.write(node.output(), values);
    EXPECT_EQ(device.read(node.output()), values) << node.name;
  }
}

/// 0.1 and 0.3 are no multiples of a common step: what int8 made of them would be 0.0992 and 0.3.
TEST(CpuNetwork, ComputesWithTheNetworksOwnFloats) {
  GraphByHand builder;
  builder.type = DataType::Fp32;
  const GraphTensorId x = builder.input("x", {1, 1, 1, 2}, {});
  const GraphTensorId y = builder.node("y", Dense{}, {x}, {1, 1, 1, 1}, {});
  builder.graph.outputs = {y};
  MemoryData data;
  data.real_inputs["x"] = {0.7F, 10};
  data.real_layers["y"] = {.weights = {0.1F, 0.3F}, .biases = {0.01F}};
  cpu::CpuNetwork device(builder.graph, data, DataType::Fp32, 1);
  device.run(0);
  EXPECT_NEAR(device.read(y).at(0), 0.07 + 3 + 0.01, 1e-6);
}

/// A window of one pixel has nothing between its pixels, whatever the file says.
TEST(CpuNetwork, TakesAnyDilationOfASinglePixel) {
  const Network network = parse_network(R"(
network: dilated
inputs:
  - {name: x, rows: 3, cols: 3, channels: 4}
layers:
  - {name: point, op: conv2d, channels: 4, kernel: 1, dilation: 65536}
  - {name: row, op: conv2d, channels: 4, kernel: [1, 2], dilation: [65536, 2]}
)",
                                        "dilated.yaml", {.type = DataType::Fp32});
  cpu::CpuNetwork device(network.graph, *network.data, DataType::Fp32, 1);
  EXPECT_TRUE(compare_numbers(network.graph, *network.data, DataType::Fp32, device).passed());
}

TEST(CpuStorage, HoldsTheZeroPointOfAReluAsZero) {
  using Type = dnnl::memory::data_type;
  const cpu::Storage relu = cpu::storage_of(DataType::Int8, {.scale = 1, .zero_point = -128});
  EXPECT_EQ(relu.type, Type::u8);
  EXPECT_EQ(relu.offset, 128);
  EXPECT_EQ(relu.zero_point, 0);
  const cpu::Storage symmetric = cpu::storage_of(DataType::Int8, {.scale = 1, .zero_point = 0});
  EXPECT_EQ(symmetric.type, Type::s8);
  EXPECT_EQ(symmetric.offset, 0);
  const cpu::Storage other = cpu::storage_of(DataType::Int8, {.scale = 1, .zero_point = 5});
  EXPECT_EQ(other.type, Type::u8);
  EXPECT_EQ(other.zero_point, 133);
}

}  // namespace
}  // namespace systole
