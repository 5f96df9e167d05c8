#include <bit>
#include <vector>

#include <gtest/gtest.h>

#include "reference/compare/check_run.h"
#include "tests/reference/small_network.h"

namespace systole {
namespace {

using Bytes8 = std::vector<std::int8_t>;

/// y = relu(x * w + bias) in bf16: two inputs of two features, one output.
class RealCheckRun : public testing::Test {
 protected:
  void SetUp() override {
    builder.type = DataType::Bf16;
    const auto x = builder.input("x", {2, 1, 1, 2}, {});
    const Dense dense{.weights = {}, .activation = {.kind = ActivationKind::Relu}};
    builder.graph.outputs = {builder.node("y", dense, {x}, {2, 1, 1, 1}, {})};
    data.real_inputs["x"] = {1, 2, 3, -4};
    data.real_layers["y"] = {.weights = {2, 1}, .biases = {0.5F}};
    program.layers.resize(1);
    program.tiles = {{.layer = 0, .rows = 2, .cols = 1}};
    program.tensors = {{.name = "x",
                        .role = TensorRole::Input,
                        .type = DataType::Bf16,
                        .pixels = 2,
                        .channels = 2},
                       {.name = "y",
                        .role = TensorRole::Output,
                        .type = DataType::Bf16,
                        .pixels = 2,
                        .channels = 1,
                        .home = 8}};
    host.assign(12, 0);
    std::copy(results.begin(), results.end(), host.begin() + 8);
  }
  [[nodiscard]] CheckResult check(const Bytes8& written, float second_sum) const {
    Recorder recorder(program);
    recorder.record_accumulators(
        1, 0, 2, 1, 1,
        std::vector{std::bit_cast<std::int32_t>(4.5F), std::bit_cast<std::int32_t>(second_sum)});
    recorder.record_result(1, 0, 1, static_cast<std::int64_t>(written.size()), 0, written);
    return check_run(builder.graph, data, program, std::move(recorder), {.host = host, .dram = {}});
  }

  GraphByHand builder;
  MemoryData data;
  Program program;
  // 1 * 2 + 2 * 1 + 0.5 = 4.5 (0x4090); 3 * 2 - 4 + 0.5 = 2.5 (0x4020).
  Bytes8 results{static_cast<std::int8_t>(0x90), 0x40, 0x20, 0x40};
  Bytes8 host;
};

TEST_F(RealCheckRun, ComparesSumsResultsAndHostBitForBit) {
  const CheckResult result = check(results, 2.5F);
  EXPECT_TRUE(result.passed());
  EXPECT_EQ(result.tensors, 3);
  EXPECT_EQ(result.elements, 6);
}

TEST_F(RealCheckRun, NamesTheNumbersThatDiffer) {
  Bytes8 spoiled = results;
  spoiled[2] = 0x21;  // 2.5 becomes the next bf16, 2.515625
  const CheckResult result = check(spoiled, 2.25F);
  EXPECT_EQ(result.mismatches, 2);
  ASSERT_EQ(result.first.size(), 2U);
  EXPECT_EQ(result.first[0].tensor, "y (accumulators)");
  EXPECT_EQ(result.first[0].batch, 1);
  EXPECT_EQ(result.first[0].expected, 2.5);
  EXPECT_EQ(result.first[0].actual, 2.25);
  EXPECT_EQ(result.first[1].tensor, "y");
  EXPECT_EQ(result.first[1].expected, 2.5);
  EXPECT_EQ(result.first[1].actual, 2.515625);
}

TEST_F(RealCheckRun, TellsTheZerosApart) {
  data.real_layers["y"].biases = {-2.0F};  // the outputs are 2 (0x4000) and 0
  host[8] = 0x00, host[10] = 0x00, host[11] = static_cast<std::int8_t>(0x80);
  const Bytes8 negative{0, 0x40, 0, static_cast<std::int8_t>(0x80)};
  const CheckResult result = check(negative, -0.0F);
  EXPECT_EQ(result.mismatches, 1 + 1 + 1 + 1);  // both sums, the result, and it in host memory
}

TEST_F(RealCheckRun, HalfAnElementIsMissing) {
  const CheckResult result = check({results[0], results[1], results[2]}, 2.5F);
  EXPECT_EQ(result.mismatches, 1);
  ASSERT_EQ(result.first.size(), 1U);
  EXPECT_TRUE(result.first[0].missing);
}

}  // namespace
}  // namespace systole
