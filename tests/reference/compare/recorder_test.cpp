#include "reference/compare/recorder.h"

#include <functional>
#include <string>

#include <gtest/gtest.h>

#include "arch/diag/error.h"

namespace systole {
namespace {

using Bytes = std::vector<std::int8_t>;
using Sums = std::vector<std::int32_t>;

Program program() {
  Program result;
  result.tensors = {
      {.name = "x", .role = TensorRole::Input, .pixels = 2, .channels = 2},
      {.name = "y", .pixels = 3, .channels = 4},
      {.name = "y.bias",
       .role = TensorRole::Constant,
       .type = DataType::Int32,
       .pixels = 1,
       .channels = 4},
  };
  return result;
}

void expect_error(const std::string& text, const std::function<void()>& action) {
  try {
    action();
    ADD_FAILURE() << "no error";
  } catch (const InternalError& error) {
    EXPECT_NE(std::string(error.what()).find(text), std::string::npos) << error.what();
  }
}

TEST(Recorder, PutsBlocksAtTheirPitch) {
  Recorder recorder(program());
  // Channels 1 and 2 of all three pixels.
  recorder.record_result(1, 1, 3, 2, 4, Bytes{1, 2, 3, 4, 5, 6});
  const auto results = recorder.take_results(1);
  ASSERT_TRUE(results.has_value());
  EXPECT_EQ(results->elements(), 12);
  const std::vector<int> expected = {-1, 1, 2, -1, -1, 3, 4, -1, -1, 5, 6, -1};
  for (std::int64_t i = 0; i < 12; ++i) {
    const auto value = results->value(i, 0);
    EXPECT_EQ(value.has_value() ? *value : -1, expected[static_cast<std::size_t>(i)]) << i;
  }
}

TEST(Recorder, KeepsResultsAndAccumulatorsApartAndForgetsWhatItHandsOver) {
  Recorder recorder(program());
  EXPECT_FALSE(recorder.take_results(1).has_value());
  recorder.record_accumulators(1, 11, 1, 1, 0, Sums{1 << 30});
  EXPECT_FALSE(recorder.take_results(1).has_value());
  const auto accumulators = recorder.take_accumulators(1);
  ASSERT_TRUE(accumulators.has_value());
  EXPECT_EQ(accumulators->value(11, 0), 1 << 30);
  EXPECT_EQ(accumulators->value(10, 0), std::nullopt);
  EXPECT_FALSE(recorder.take_accumulators(1).has_value());
}

TEST(Recorder, ShowsAValueThatDiffersWheneverThereIsOne) {
  Recorder recorder(program());
  recorder.record_result(1, 0, 1, 3, 0, Bytes{1, 2, 3});
  recorder.record_result(1, 0, 1, 3, 0, Bytes{1, 9, 3});
  const auto results = recorder.take_results(1);
  ASSERT_TRUE(results.has_value());
  EXPECT_EQ(results->value(0, 1), 1);  // written twice alike
  EXPECT_EQ(results->value(1, 2), 9);  // right first, overwritten later
  EXPECT_EQ(results->value(1, 9), 2);  // wrong first
  EXPECT_EQ(results->value(1, 5), 2);
  EXPECT_EQ(results->value(2, 3), 3);
}

TEST(RecorderErrors, NameWritesThatLeaveTheTensor) {
  Recorder recorder(program());
  const Bytes four(4);
  expect_error("y: elements 10..13 of 12", [&] { recorder.record_result(1, 10, 1, 4, 0, four); });
  expect_error("y: elements 5..12 of 12", [&] { recorder.record_result(1, 5, 2, 2, 6, four); });
  expect_error("y: elements -1..2 of 12", [&] { recorder.record_result(1, -1, 1, 4, 0, four); });
  expect_error("y: elements 9..12 of 12",
               [&] { recorder.record_accumulators(1, 9, 1, 4, 0, Sums(4)); });
  recorder.record_result(1, 8, 1, 4, 0, four);  // the last four
}

TEST(RecorderErrors, NameBlocksThatMakeNoSense) {
  Recorder recorder(program());
  const Bytes four(4);
  expect_error("y: 4 values for 1 x 3 elements",
               [&] { recorder.record_result(1, 0, 1, 3, 0, four); });
  expect_error("y: 0 values for 0 x 4 elements",
               [&] { recorder.record_result(1, 0, 0, 4, 0, Bytes{}); });
  expect_error("y: rows of 2 elements, one every 1",
               [&] { recorder.record_result(1, 0, 2, 2, 1, four); });
}

TEST(RecorderErrors, NameTensorsThatHoldNoResults) {
  Recorder recorder(program());
  expect_error("tensor 3 of 3", [&] { recorder.record_result(3, 0, 1, 1, 0, Bytes(1)); });
  expect_error("tensor -1 of 3", [&] { recorder.record_result(kNoTensor, 0, 1, 1, 0, Bytes(1)); });
  expect_error("y.bias: elements 0..0 of 0",
               [&] { recorder.record_result(2, 0, 1, 1, 0, Bytes(1)); });
}

}  // namespace
}  // namespace systole
