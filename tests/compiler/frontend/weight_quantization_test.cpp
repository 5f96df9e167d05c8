#include "compiler/frontend/weight_quantization.h"

#include <cmath>

#include <gtest/gtest.h>

namespace systole {
namespace {

TEST(WeightQuantization, ScaleIsTheLargestThatSomethingAsksFor) {
  // Weights: 12.7 / 127. Biases: 2^29 steps of 0.5 * scale. Results: 2^-31 * 4 / 0.5.
  EXPECT_DOUBLE_EQ(
      fitting_weight_scale({.largest_weight = 12.7, .largest_bias = 1, .products = 9}, 0.5, 4),
      0.1);
  EXPECT_DOUBLE_EQ(
      fitting_weight_scale({.largest_weight = 0, .largest_bias = 1024, .products = 9}, 0.5, 4),
      1024 / (0x1p29 * 0.5));
  EXPECT_DOUBLE_EQ(fitting_weight_scale({.products = 9}, 0.5, 4), 0x1p-31 * 8);
}

TEST(WeightQuantization, WeightsAreRoundedHalvesAwayFromZeroWithin127) {
  EXPECT_EQ(quantized_weight(1.25, 0.5), 3);
  EXPECT_EQ(quantized_weight(-1.25, 0.5), -3);
  EXPECT_EQ(quantized_weight(-1000, 0.5), -127);
  EXPECT_EQ(quantized_weight(1000, 0.5), 127);
}

TEST(WeightQuantization, BiasesLeaveRoomForTheProducts) {
  EXPECT_EQ(most_bias_steps(1), 1 << 29);
  // 2^31 - 1 - 65,536 * 255 * 128
  EXPECT_EQ(most_bias_steps(65536), 8'388'607);
  EXPECT_TRUE(is_bias(-8'388'607, 65536));
  EXPECT_FALSE(is_bias(8'388'608, 65536));
  EXPECT_FALSE(is_bias(std::nan(""), 1));
}

}  // namespace
}  // namespace systole
