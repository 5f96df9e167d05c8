#include "report/npy.h"

#include <cstring>

#include <gtest/gtest.h>

namespace systole {
namespace {

using namespace std::string_literals;

RunTensor int8_tensor() {
  return {.name = "t",
          .shape = {1, 1, 2, 1},
          .type = DataType::Int8,
          .quantization = {.scale = 0.5, .zero_point = -1},
          .stored = {3, -128}};
}

TEST(Npy, HasAHeaderUpToAMultipleOf64Bytes) {
  const std::string text = stored_npy(int8_tensor());
  const std::string header =
      "{'descr': '|i1', 'fortran_order': False, 'shape': (1, 1, 2, 1), }"s;  // 65 letters
  // 10 + 65 + 1 = 76: 52 blanks up to 128.
  EXPECT_EQ(text, "\x93NUMPY\x01\0\x76\0"s + header + std::string(52, ' ') + "\n\x03\x80"s);
}

TEST(Npy, HasTwoAxesForVectors) {
  RunTensor vector = int8_tensor();
  vector.shape = {2, 1, 1, 1};
  EXPECT_NE(stored_npy(vector).find("'shape': (2, 1), }"), std::string::npos);
}

TEST(Npy, HasTheRealNumbersAsFloat32) {
  const std::string text = float32_npy(int8_tensor());
  EXPECT_NE(text.find("'descr': '<f4'"), std::string::npos);
  float values[2] = {};
  ASSERT_EQ(text.size(), 128 + sizeof values);
  std::memcpy(values, text.data() + 128, sizeof values);
  EXPECT_EQ(values[0], 2);      // 0.5 * (3 + 1)
  EXPECT_EQ(values[1], -63.5);  // 0.5 * (-128 + 1)
}

TEST(Npy, HasPatternsOfBf16) {
  const RunTensor tensor{.name = "t",
                         .shape = {1, 1, 1, 1},
                         .type = DataType::Bf16,
                         .quantization = {},
                         .stored = {0x20, 0x40}};  // 0x4020: 2.5
  EXPECT_EQ(tensor.reals(), std::vector<double>{2.5});
  const std::string text = stored_npy(tensor);
  EXPECT_NE(text.find("'descr': '<u2'"), std::string::npos);
  EXPECT_EQ(text.substr(text.size() - 2), "\x20\x40");
}

/// Masters of trained parameters.
TEST(Npy, HasNumbersOfFp32AsTheyAre) {
  const RunTensor tensor{.name = "t",
                         .shape = {1, 1, 1, 1},
                         .type = DataType::Fp32,
                         .quantization = {},
                         .stored = {0, 0, 0x20, 0x40}};  // 0x40200000: 2.5
  const std::string text = stored_npy(tensor);
  EXPECT_NE(text.find("'descr': '<f4'"), std::string::npos);
  EXPECT_EQ(text.substr(text.size() - 2), "\x20\x40");
}

}  // namespace
}  // namespace systole
