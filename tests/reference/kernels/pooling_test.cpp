#include "reference/kernels/pooling.h"

#include <algorithm>
#include <cmath>
#include <ostream>
#include <string>

#include <gtest/gtest.h>

#include "arch/diag/error.h"
#include "tests/reference/plain_convolution.h"
#include "tests/reference/test_values.h"

namespace systole::reference {
namespace {

using Bytes = std::vector<std::int8_t>;

struct Case {
  const char* name;
  Shape input;
  Kernel kernel;
};

std::ostream& operator<<(std::ostream& out, const Case& value) {
  return out << value.name;
}

Pooling pooling_of(const Case& test, PoolKind kind, bool count_padding) {
  return {.attributes = {.kind = kind,
                         .kernel = test.kernel,
                         .global = false,
                         .count_padding = count_padding},
          .input = test.input,
          .output = geometry_of(test.input, test.input.channels, test.kernel).output,
          .input_quantization = {.scale = 0.5, .zero_point = -11},
          .output_quantization = {.scale = 0.5, .zero_point = -11}};
}

/// The values that output element i sees.
Bytes window_of(const Pooling& pooling, const Bytes& values, std::int64_t i) {
  const Shape& in = pooling.input;
  const Shape& out = pooling.output;
  const Kernel& kernel = pooling.attributes.kernel;
  const std::int64_t pixel = i / out.channels;
  Bytes window;
  for (std::int64_t tap = 0; tap < kernel.rows * kernel.cols; ++tap) {
    const std::int64_t y = pixel / out.cols % out.rows * kernel.stride_rows - kernel.pad_top +
                           tap / kernel.cols * kernel.dilation_rows;
    const std::int64_t x = pixel % out.cols * kernel.stride_cols - kernel.pad_left +
                           tap % kernel.cols * kernel.dilation_cols;
    if (y >= 0 && y < in.rows && x >= 0 && x < in.cols) {
      const std::int64_t image = pixel / out.cols / out.rows;
      window.push_back(
          values.data()[((image * in.rows + y) * in.cols + x) * in.channels + i % out.channels]);
    }
  }
  return window;
}

class Pool : public testing::TestWithParam<Case> {};

TEST_P(Pool, MaxIsTheLargestInsideTheImage) {
  const Pooling pooling = pooling_of(GetParam(), PoolKind::Max, false);
  const Bytes values = TestValues(3).bytes(pooling.input.elements());
  const Bytes actual = pool(pooling, values);
  ASSERT_EQ(static_cast<std::int64_t>(actual.size()), pooling.output.elements());
  for (std::int64_t i = 0; i < pooling.output.elements(); ++i) {
    const Bytes window = window_of(pooling, values, i);
    ASSERT_EQ(actual.data()[i], *std::max_element(window.begin(), window.end())) << i;
  }
}

TEST_P(Pool, AverageDividesByWhatItCounts) {
  for (const bool count_padding : {false, true}) {
    Pooling pooling = pooling_of(GetParam(), PoolKind::Average, count_padding);
    pooling.output_quantization = {.scale = 0.25, .zero_point = 6};  // twice the steps
    const Bytes values = TestValues(4).bytes(pooling.input.elements());
    const Bytes actual = pool(pooling, values);
    for (std::int64_t i = 0; i < pooling.output.elements(); ++i) {
      const Bytes window = window_of(pooling, values, i);
      std::int64_t sum = 0;
      for (const std::int8_t value : window) {
        sum += value + 11;
      }
      const Kernel& kernel = pooling.attributes.kernel;
      const std::int64_t count =
          count_padding ? kernel.rows * kernel.cols : static_cast<std::int64_t>(window.size());
      // Halves in integers: |2 * sum / count| rounded half up, sign restored.
      const std::int64_t magnitude = (4 * std::abs(sum) + count) / (2 * count);
      const std::int64_t expected =
          std::clamp<std::int64_t>(6 + (sum < 0 ? -magnitude : magnitude), -128, 127);
      ASSERT_EQ(actual.data()[i], expected) << i << ", count_padding " << count_padding;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(
    Shapes, Pool,
    testing::Values(
        Case{"single", {1, 1, 1, 1}, {}},
        Case{"halves", {2, 8, 6, 5}, {.rows = 2, .cols = 2, .stride_rows = 2, .stride_cols = 2}},
        Case{"resnet",
             {1, 11, 11, 3},
             {.rows = 3,
              .cols = 3,
              .stride_rows = 2,
              .stride_cols = 2,
              .pad_top = 1,
              .pad_bottom = 1,
              .pad_left = 1,
              .pad_right = 1}},
        Case{"unequal_padding",
             {1, 5, 7, 2},
             {.rows = 3, .cols = 2, .pad_bottom = 2, .pad_left = 1}},
        Case{"dilated",
             {1, 9, 9, 4},
             {.rows = 3, .cols = 2, .pad_top = 1, .dilation_rows = 3, .dilation_cols = 2}},
        Case{"drops_the_edge",
             {3, 7, 7, 1},
             {.rows = 3, .cols = 3, .stride_rows = 3, .stride_cols = 3}}),
    [](const testing::TestParamInfo<Case>& test) { return std::string(test.param.name); });

TEST(GlobalPool, CoversTheWholeImageWhateverTheKernelSays) {
  Pooling pooling{.attributes = {.kind = PoolKind::Average, .kernel = {}, .global = true},
                  .input = {2, 2, 3, 2},
                  .output = {2, 1, 1, 2},
                  .input_quantization = {1.0, 0},
                  .output_quantization = {1.0, 0}};
  // Image 0: channel 0 sums to 6, channel 1 to 9 (a tie: 1.5 -> 2); image 1 their negatives.
  const Bytes values = {1,  4,  1,  1,  1,  1,  1,  1,  1,  1,  1,  1,
                        -1, -4, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1};
  EXPECT_EQ(pool(pooling, values), (Bytes{1, 2, -1, -2}));
  pooling.attributes.kind = PoolKind::Max;
  EXPECT_EQ(pool(pooling, values), (Bytes{1, 4, -1, -1}));
}

/// 0 of 0 and -0, whichever comes first.
TEST(MaxPool, OfZerosIsTheOneWithoutSign) {
  const Pooling pooling{.attributes = {.kind = PoolKind::Max, .kernel = {.cols = 3}},
                        .input = {1, 1, 3, 3},
                        .output = {1, 1, 1, 3},
                        .input_quantization = {},
                        .output_quantization = {}};
  const std::vector<float> values{-0.0F, 0.0F, -0.0F, 0.0F, -0.0F, -0.0F, -1.0F, -0.0F, -0.0F};
  const std::vector<float> largest = pool(pooling, values);
  EXPECT_EQ(largest, std::vector<float>(3, 0.0F));
  EXPECT_EQ(std::vector<bool>(
                {std::signbit(largest[0]), std::signbit(largest[1]), std::signbit(largest[2])}),
            std::vector<bool>({false, false, true}));
}

TEST(AveragePool, RoundsOnceThoughItScalesAndDivides) {
  const Pooling pooling{.attributes = {.kind = PoolKind::Average, .kernel = {.rows = 1, .cols = 3}},
                        .input = {1, 1, 3, 2},
                        .output = {1, 1, 1, 2},
                        .input_quantization = {0.75, 0},
                        .output_quantization = {1.0, 0}};
  // 0.75 * 2 / 3 = 0.5 -> 1; in two steps 2 / 3 -> 1, 0.75 -> 1. 0.75 * 4 / 3 = 1; in two steps
  // 4 / 3 -> 1, 0.75 -> 1. 0.75 * 10 / 3 = 2.5 -> 3; in two steps 10 / 3 -> 3, 2.25 -> 2.
  EXPECT_EQ(pool(pooling, Bytes{2, 10, 0, 0, 0, 0}), (Bytes{1, 3}));
}

TEST(Pool, RejectsGraphsThatMustNotExist) {
  Pooling outside = pooling_of({"", {1, 2, 2, 1}, {.rows = 1, .cols = 1, .pad_top = 1}},
                               PoolKind::Average, false);
  EXPECT_THROW((void)pool(outside, Bytes(4)), InternalError);
  Pooling changed = pooling_of({"", {1, 2, 2, 1}, {}}, PoolKind::Max, false);
  changed.output_quantization.zero_point = 0;
  EXPECT_THROW((void)pool(changed, Bytes(4)), InternalError);
  EXPECT_THROW((void)pool(pooling_of({"", {1, 2, 2, 1}, {}}, PoolKind::Max, false), Bytes(3)),
               InternalError);
}

}  // namespace
}  // namespace systole::reference
