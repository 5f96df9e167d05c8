#include "reference/kernels/softmax.h"

#include <cmath>

#include <gtest/gtest.h>

#include "tests/reference/test_values.h"

namespace systole::reference {
namespace {

using Bytes = std::vector<std::int8_t>;

TEST(Softmax, OfEqualValuesIsUniform) {
  // 256 / 4 = 64 steps of 1/256 each, above -128.
  EXPECT_EQ(softmax(Bytes{7, 7, 7, 7}, 4, 0.1), (Bytes{-64, -64, -64, -64}));
  // 256 / 3 = 85.33; a single value has probability 256/256, clamped to 255 steps.
  EXPECT_EQ(softmax(Bytes{-1, -1, -1}, 3, 0.1), (Bytes{-43, -43, -43}));
  EXPECT_EQ(softmax(Bytes{5}, 1, 0.1), (Bytes{127}));
}

TEST(Softmax, RoundsAHalfUp) {
  // 512 equal values: 256 / 512 = 0.5 steps -> 1; 513: 0.499 -> 0.
  EXPECT_EQ(softmax(Bytes(512, 0), 512, 1.0), Bytes(512, -127));
  EXPECT_EQ(softmax(Bytes(513, 0), 513, 1.0), Bytes(513, -128));
}

TEST(Softmax, WeighsByTheDistanceToTheLargest) {
  // Scale ln 2: weights 1, 1/2, 1/4 of 2^23, exact after rounding. Of 256: 146.29, 73.14, 36.57.
  EXPECT_EQ(softmax(Bytes{10, 9, 8}, 3, std::log(2.0)), (Bytes{146 - 128, 73 - 128, 37 - 128}));
}

TEST(Softmax, TreatsEachPixelAlone) {
  EXPECT_EQ(softmax(Bytes{10, 9, 8, -128, -128, -128}, 3, std::log(2.0)),
            (Bytes{18, -55, -91, -43, -43, -43}));
}

TEST(Softmax, StaysCloseToTheRealFunction) {
  const Bytes values = TestValues(8).bytes(1000);
  const Bytes actual = softmax(values, 1000, 0.05);
  double sum = 0;
  for (const std::int8_t value : values) {
    sum += std::exp(0.05 * value);
  }
  for (std::size_t i = 0; i < values.size(); ++i) {
    EXPECT_NEAR(actual[i] + 128, 256 * std::exp(0.05 * values[i]) / sum, 0.51);
  }
}

}  // namespace
}  // namespace systole::reference
