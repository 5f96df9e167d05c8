#include "reference/compare/check_run.h"

#include <algorithm>
#include <iterator>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "arch/diag/error.h"
#include "reference/kernels/evaluator.h"
#include "tests/reference/small_network.h"
#include "tests/reference/test_values.h"

namespace systole {

bool operator==(const Mismatch& a, const Mismatch& b) {
  return a.tensor == b.tensor && a.batch == b.batch && a.row == b.row && a.col == b.col &&
         a.channel == b.channel && a.expected == b.expected && a.actual == b.actual &&
         a.missing == b.missing;
}

std::ostream& operator<<(std::ostream& out, const Mismatch& value) {
  return out << value.tensor << " [" << value.batch << ", " << value.row << ", " << value.col
             << ", " << value.channel << "]: " << value.expected << " != " << value.actual
             << (value.missing ? " (missing)" : "");
}

namespace {

using Bytes = std::vector<std::int8_t>;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr TensorId kConv = 1;
constexpr TensorId kDense = 2;
constexpr std::int64_t kDenseHome = 100;

/// x (2 x 3 x 2 x 2) -> conv (2 x 3 x 2 x 5) -> flat (view) -> dense (2 x 4), the output; with the
/// program's tensors and a run that computed everything right, until a test spoils it.
class CheckRun : public testing::Test {
 protected:
  void SetUp() override {
    const Quantization quantization{.scale = 1.0, .zero_point = 2};
    const auto x = builder.input("x", {2, 3, 2, 2}, quantization);
    builder.weight_scale = 1.0 / 64;
    const auto conv = builder.node("conv", Conv2d{}, {x}, {2, 3, 2, 5}, quantization);
    const auto flat = builder.node("flat", Flatten{}, {conv}, {2, 1, 1, 30}, quantization);
    builder.weight_scale = 1.0 / 128;
    const auto dense = builder.node("dense", Dense{}, {flat}, {2, 1, 1, 4}, quantization);
    builder.graph.outputs = {dense};
    TestValues values(6);
    data.inputs["x"] = values.bytes(24);
    data.layers["conv"] = {.weights = values.bytes(10), .biases = {1, -2, 3, -4, 5}};
    data.layers["dense"] = {.weights = values.bytes(120), .biases = {100, -200, 300, -400}};
    program.tensors = {
        {.name = "x", .role = TensorRole::Input, .pixels = 12, .channels = 2},
        {.name = "conv", .role = TensorRole::Intermediate, .pixels = 12, .channels = 5},
        {.name = "dense",
         .role = TensorRole::Output,
         .pixels = 2,
         .channels = 4,
         .home = kDenseHome},
        {.name = "conv",
         .role = TensorRole::Constant,
         .type = DataType::Int32,
         .pixels = 1,
         .channels = 5},  // a constant may be called as it likes
    };
    reference::Evaluator evaluator(builder.graph, data);
    conv_values = evaluator.evaluate_next();
    (void)evaluator.evaluate_next();
    dense_values = evaluator.evaluate_next();
    host.assign(200, 0);
    std::copy(dense_values.values->begin(), dense_values.values->end(), host.begin() + kDenseHome);
  }

  /// Records a tensor as a run would, image by image of `rows` x `cols` values.
  static void record(Recorder& recorder, TensorId tensor, const reference::LayerValues& values,
                     std::int64_t rows, std::int64_t cols) {
    const auto block = static_cast<std::size_t>(rows * cols);
    for (std::size_t first = 0; first < values.values->size(); first += block) {
      const auto offset = static_cast<std::int64_t>(first);
      recorder.record_accumulators(tensor, offset, rows, cols, cols,
                                   std::span(values.accumulators).subspan(first, block));
      recorder.record_result(tensor, offset, rows, cols, cols,
                             std::span(*values.values).subspan(first, block));
    }
  }
  [[nodiscard]] Recorder right_run() const {
    Recorder recorder(program);
    record(recorder, kConv, conv_values, 6, 5);
    record(recorder, kDense, dense_values, 1, 4);
    return recorder;
  }
  [[nodiscard]] CheckResult check(Recorder recorder) const {
    return check_run(builder.graph, data, program, std::move(recorder), {.host = host, .dram = {}});
  }
  void expect_error(const std::string& text) const {
    try {
      (void)check(right_run());
      ADD_FAILURE() << "no error";
    } catch (const InternalError& error) {
      EXPECT_NE(std::string(error.what()).find(text), std::string::npos) << error.what();
    }
  }

  GraphByHand builder;
  MemoryData data;
  Program program;
  reference::LayerValues conv_values;
  reference::LayerValues dense_values;
  std::vector<std::int8_t> host;
};

/// Another value than `value`.
template <class Value>
Value other(Value value) {
  return static_cast<Value>(value ^ 1);
}

Bytes all_others(Bytes values) {
  std::transform(values.begin(), values.end(), values.begin(), other<std::int8_t>);
  return values;
}

TEST_F(CheckRun, PassesWhenEveryElementIsRight) {
  const CheckResult result = check(right_run());
  EXPECT_TRUE(result.passed());
  // conv and dense with accumulators each, and dense in host memory; the view is not one of them.
  EXPECT_EQ(result.tensors, 5);
  EXPECT_EQ(result.elements, 2 * 60 + 2 * 8 + 8);
  EXPECT_EQ(result.mismatches, 0);
  EXPECT_THAT(result.first, IsEmpty());
}

TEST_F(CheckRun, ReportsAWrongResultWithItsCoordinate) {
  // ((1 * 3 + 2) * 2 + 1) * 5 + 3: image 1, row 2, column 1, channel 3.
  constexpr std::int64_t kElement = 58;
  Bytes spoiled = *conv_values.values;
  const std::int8_t expected = spoiled[kElement];
  spoiled[kElement] = other(expected);
  Recorder recorder(program);
  record(recorder, kDense, dense_values, 1, 4);
  recorder.record_accumulators(kConv, 0, 12, 5, 5, conv_values.accumulators);
  recorder.record_result(kConv, 0, 12, 5, 5, spoiled);
  const CheckResult result = check(std::move(recorder));
  EXPECT_FALSE(result.passed());
  EXPECT_EQ(result.mismatches, 1);
  EXPECT_THAT(result.first, ElementsAre(Mismatch{.tensor = "conv",
                                                 .batch = 1,
                                                 .row = 2,
                                                 .col = 1,
                                                 .channel = 3,
                                                 .expected = double(expected),
                                                 .actual = double(other(expected))}));
}

TEST_F(CheckRun, ReportsAWrongAccumulatorThoughTheResultIsRight) {
  std::vector<std::int32_t> spoiled = conv_values.accumulators;
  const std::int32_t expected = spoiled[17];  // pixel 3 of image 0: row 1, column 1, channel 2
  spoiled[17] = other(expected);
  Recorder recorder(program);
  record(recorder, kDense, dense_values, 1, 4);
  recorder.record_accumulators(kConv, 0, 12, 5, 5, spoiled);
  recorder.record_result(kConv, 0, 12, 5, 5, *conv_values.values);
  EXPECT_THAT(check(std::move(recorder)).first,
              ElementsAre(Mismatch{.tensor = "conv (accumulators)",
                                   .batch = 0,
                                   .row = 1,
                                   .col = 1,
                                   .channel = 2,
                                   .expected = double(expected),
                                   .actual = double(other(expected))}));
}

TEST_F(CheckRun, ReportsAWrongByteInHostMemory) {
  const std::int8_t expected = host[kDenseHome + 6];
  host[kDenseHome + 6] = other(expected);
  EXPECT_THAT(check(right_run()).first, ElementsAre(Mismatch{.tensor = "dense (host)",
                                                             .batch = 1,
                                                             .row = 0,
                                                             .col = 0,
                                                             .channel = 2,
                                                             .expected = double(expected),
                                                             .actual = double(other(expected))}));
}

TEST_F(CheckRun, CountsElementsThatWereNeverWritten) {
  Recorder recorder(program);
  record(recorder, kConv, conv_values, 6, 5);
  recorder.record_accumulators(kDense, 0, 2, 4, 4, dense_values.accumulators);
  recorder.record_result(kDense, 0, 1, 4, 4, std::span(*dense_values.values).first(4));
  const CheckResult result = check(std::move(recorder));
  EXPECT_FALSE(result.passed());
  EXPECT_EQ(result.tensors, 5);
  EXPECT_EQ(result.mismatches, 4);  // image 1
  ASSERT_EQ(result.first.size(), 4U);
  EXPECT_EQ(result.first[1], (Mismatch{.tensor = "dense",
                                       .batch = 1,
                                       .row = 0,
                                       .col = 0,
                                       .channel = 1,
                                       .expected = double((*dense_values.values)[5]),
                                       .actual = 0,
                                       .missing = true}));
}

TEST_F(CheckRun, CountsEveryElementOfTensorsThatTheRunNeverTouched) {
  const CheckResult result = check(Recorder(program));
  EXPECT_FALSE(result.passed());
  EXPECT_EQ(result.tensors, 5);
  EXPECT_EQ(result.mismatches, 2 * 60 + 2 * 8);  // host memory is right
  EXPECT_EQ(result.first.size(), kReportedMismatches);
  EXPECT_EQ(result.first[0].tensor, "conv (accumulators)");
  EXPECT_TRUE(result.first[0].missing);
}

TEST_F(CheckRun, CountsEveryElementOfTensorsThatTheProgramDoesNotHave) {
  program.tensors[kConv].name = "elsewhere";
  const CheckResult result = check(right_run());
  EXPECT_EQ(result.mismatches, 2 * 60);
  EXPECT_TRUE(result.first[0].missing);
}

TEST_F(CheckRun, ReportsAnElementThatWasRightBeforeItWasOverwritten) {
  Recorder recorder = right_run();
  const std::int8_t expected = (*conv_values.values)[0];
  recorder.record_result(kConv, 0, 1, 1, 0, Bytes{other(expected)});
  EXPECT_THAT(
      check(std::move(recorder)).first,
      ElementsAre(Mismatch{
          .tensor = "conv", .expected = double(expected), .actual = double(other(expected))}));
}

TEST_F(CheckRun, ReportsTheFirstMismatchesInNetworkOrder) {
  Recorder recorder(program);
  recorder.record_result(kDense, 0, 2, 4, 4, all_others(*dense_values.values));
  recorder.record_accumulators(kDense, 0, 2, 4, 4, dense_values.accumulators);
  Bytes spoiled = *conv_values.values;
  spoiled[59] = other(spoiled[59]);
  recorder.record_result(kConv, 0, 12, 5, 5, spoiled);
  recorder.record_accumulators(kConv, 0, 12, 5, 5, conv_values.accumulators);
  host = all_others(host);
  const CheckResult result = check(std::move(recorder));
  EXPECT_EQ(result.mismatches, 1 + 8 + 8);
  std::vector<std::string> expected(kReportedMismatches, "dense");
  expected.front() = "conv";
  expected.back() = "dense (host)";
  std::vector<std::string> actual;
  std::transform(result.first.begin(), result.first.end(), std::back_inserter(actual),
                 [](const Mismatch& mismatch) { return mismatch.tensor; });
  EXPECT_EQ(actual, expected);
}

TEST_F(CheckRun, FindsAnOutputThatIsAViewUnderTheViewedName) {
  builder.graph.nodes.pop_back();
  builder.graph.outputs = {builder.graph.nodes.back().output()};  // flat
  program.tensors[kConv].role = TensorRole::Output;
  program.tensors[kConv].home = 7;
  program.tensors.erase(program.tensors.begin() + kDense);
  std::copy(conv_values.values->begin(), conv_values.values->end(), host.begin() + 7);
  Recorder recorder(program);
  record(recorder, kConv, conv_values, 6, 5);
  EXPECT_TRUE(check(std::move(recorder)).passed());
  host[7 + 59] = other(host[7 + 59]);
  Recorder again(program);
  record(again, kConv, conv_values, 6, 5);
  const CheckResult result = check(std::move(again));
  EXPECT_EQ(result.elements, 60 + 60 + 60);
  ASSERT_EQ(result.first.size(), 1U);
  EXPECT_EQ(result.first[0].tensor, "flat (host)");
  EXPECT_EQ(result.first[0].batch, 1);
  EXPECT_EQ(result.first[0].channel, 29);  // in the view's shape: 2 x 1 x 1 x 30
}

TEST_F(CheckRun, OfAnEmptyNetworkDoesNotPass) {
  builder.graph.nodes.clear();
  builder.graph.outputs.clear();
  EXPECT_FALSE(check(right_run()).passed());
}

TEST_F(CheckRun, RejectsAnOutputThatNoNodeComputes) {
  builder.graph.outputs.push_back(0);
  expect_error("x: a network output that no node computes");
}

TEST_F(CheckRun, RejectsAProgramOfAnotherNetwork) {
  program.tensors[kDense].channels = 5;
  expect_error("dense: 10 bytes of int8, expected 8 of int8");
  program.tensors[kDense].channels = 4;
  program.tensors[kDense].role = TensorRole::Intermediate;
  expect_error("dense is no output of the program");
  program.tensors[kDense].role = TensorRole::Output;
  program.tensors[kDense].home = 193;
  expect_error("dense: bytes 193..200 of 200 in host memory");
  program.tensors[kDense].name = "conv";
  expect_error("two tensors of the program are called conv");
  program.tensors[kDense].name = "elsewhere";
  expect_error("the program has no output dense");
}

}  // namespace
}  // namespace systole
