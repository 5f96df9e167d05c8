#include "compiler/lowering/quantize.h"

#include <cmath>

#include <gtest/gtest.h>

namespace systole {
namespace {

TEST(Clamp, FollowsTheActivationInTheOutputsQuantisation) {
  const Quantization output{.scale = 0.05, .zero_point = -20};
  EXPECT_EQ(clamp_of(ActivationKind::None, output).low, -128);
  EXPECT_EQ(clamp_of(ActivationKind::Relu, output).low, -20);
  EXPECT_EQ(clamp_of(ActivationKind::Relu, output).high, 127);
  EXPECT_EQ(clamp_of(ActivationKind::Relu6, output).high, 100);  // -20 + 6 / 0.05
  EXPECT_EQ(clamp_of(ActivationKind::Relu6, {.scale = 0.01}).high, 127);
}

TEST(SharedShift, KeepsTheRatioOfTheScales) {
  for (const double ratio : {1.0, 0.5, 0.37, 3.0, 1.0 / 512}) {
    const auto shared = to_shared_shift(1.5, 1.5 * ratio);
    const double one = std::ldexp(1.0, shared.shift);
    EXPECT_NEAR(static_cast<double>(shared.a_multiplier) / one, 1.5, 1e-8);
    EXPECT_NEAR(static_cast<double>(shared.b_multiplier) / one, 1.5 * ratio, 1e-8);
    EXPECT_GE(std::max(shared.a_multiplier, shared.b_multiplier), std::int64_t{1} << 30);
    EXPECT_LT(std::max(shared.a_multiplier, shared.b_multiplier), std::int64_t{1} << 31);
  }
}

TEST(LookupTable, HoldsTheFunctionAtEveryStoredValue) {
  const Quantization before{.scale = 0.0625, .zero_point = 3};
  const Quantization output{.scale = 1.0 / 256, .zero_point = -128};
  const auto table = lookup_table(ActivationKind::Sigmoid, before, output);
  ASSERT_EQ(table.size(), 256U);
  EXPECT_EQ(table[128 + 3], 0);  // sigmoid(0) = 0.5 = (0 + 128) / 256
  EXPECT_EQ(table[0], -128);     // sigmoid(-8.2) * 256 = 0.07
  EXPECT_EQ(table[255], 127);    // sigmoid(7.75) * 256 = 255.9, clamped
}

TEST(SoftmaxTable, BeginsAtOneAndFalls) {
  const auto table = softmax_table(0.1);
  ASSERT_EQ(table.size(), 256U);
  EXPECT_EQ(table[0], 1 << 23);
  EXPECT_EQ(table[10], std::lround(std::exp(-1.0) * (1 << 23)));
}

}  // namespace
}  // namespace systole
