#include "sim/matrix/fold_inputs.h"

#include <bit>
#include <cmath>
#include <functional>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "arch/diag/error.h"
#include "tests/sim/support/random_fold.h"

namespace systole::testing {
namespace {

std::int32_t pattern_of(double number, DataType type) {
  if (!is_float(type)) {
    return static_cast<std::int32_t>(number);
  }
  return std::isnan(number) ? 0x7fc00000 : std::bit_cast<std::int32_t>(static_cast<float>(number));
}

std::string error_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const InternalError& error) {
    return error.what();
  }
  return "no error";
}

class FoldInputsOfType : public ::testing::TestWithParam<DataType> {};

TEST_P(FoldInputsOfType, FollowTheWindowElementByElement) {
  Random random(static_cast<std::uint64_t>(GetParam()));
  FoldInputs inputs;
  for (int i = 0; i < 200; ++i) {
    const Fold fold = random_fold(random, GetParam(), GetParam());
    std::vector<std::int8_t> buffer = random.bytes(buffer_bytes(fold));
    std::vector<std::int32_t> expected;
    for (std::int64_t m = 0; m < fold.count; ++m) {
      for (std::int64_t k = 0; k < fold.rows; ++k) {
        const double number = activation(fold, buffer, fold.first + m, fold.k_first + k);
        expected.push_back(pattern_of(number, GetParam()));
      }
    }
    // Memory of a fold of another size must leave no traces.
    inputs = fold_inputs(fold, ByteMemory("buffer", buffer), std::move(inputs));
    ASSERT_EQ(inputs.patterns(), expected);
  }
}

INSTANTIATE_TEST_SUITE_P(All, FoldInputsOfType,
                         ::testing::Values(DataType::Int4, DataType::Int8, DataType::Int16,
                                           DataType::Fp8E4M3, DataType::Fp8E5M2, DataType::Fp16,
                                           DataType::Bf16),
                         [](const auto& type) { return std::string(name_of(type.param)); });

Fold three_channels(DataType type) {
  Fold fold;
  fold.activation_type = type;
  fold.rows = 3;
  fold.cols = 1;
  fold.count = 1;
  fold.window.edit().channels = 3;
  return fold;
}

TEST(FoldInputs, ReadOutsideTheBufferIsAnError) {
  std::vector<std::int8_t> buffer{1, 2, 3};
  Fold fold = three_channels(DataType::Int8);
  fold.window.edit().source.address = 1;
  EXPECT_EQ(error_of([&] { static_cast<void>(fold_inputs(fold, ByteMemory("buffer", buffer))); }),
            "buffer address 1 of 3 bytes is outside 0..3");
}

TEST(FoldInputs, Int4FromTheMiddleOfAByteIsAnError) {
  std::vector<std::int8_t> buffer{0x21, 0x43};
  Fold fold = three_channels(DataType::Int4);
  fold.k_first = 1;
  fold.rows = 2;
  EXPECT_THAT(error_of([&] { static_cast<void>(fold_inputs(fold, ByteMemory("buffer", buffer))); }),
              ::testing::HasSubstr("int4 channels from 1 on begin inside a byte"));
  fold.k_first = 2;
  fold.rows = 1;
  EXPECT_THAT(fold_inputs(fold, ByteMemory("buffer", buffer)).patterns(),
              ::testing::ElementsAre(3));
}

TEST(FoldInputs, PaddingMustBeANumberOfTheType) {
  std::vector<std::int8_t> buffer(8);
  const auto error = [&](DataType type, std::int32_t pad_value) {
    Fold fold = three_channels(type);
    fold.window.edit().pad_value = pad_value;
    return error_of([&] { static_cast<void>(fold_inputs(fold, ByteMemory("buffer", buffer))); });
  };
  EXPECT_EQ(error(DataType::Int4, -8), "no error");
  EXPECT_THAT(error(DataType::Int4, -9), ::testing::HasSubstr("int4 activations padded with -9"));
  EXPECT_EQ(error(DataType::Int4, 7), "no error");
  EXPECT_THAT(error(DataType::Int4, 8), ::testing::HasSubstr("int4 activations padded with 8"));
  EXPECT_EQ(error(DataType::Int8, 127), "no error");
  EXPECT_EQ(error(DataType::Bf16, 0), "no error");
  EXPECT_THAT(error(DataType::Bf16, 1), ::testing::HasSubstr("bf16 activations padded with 1"));
  EXPECT_THAT(error(DataType::Bf16, -1), ::testing::HasSubstr("bf16 activations padded with -1"));
}

}  // namespace
}  // namespace systole::testing
