#include "reference/kernels/activation.h"

#include <gtest/gtest.h>

#include "arch/diag/error.h"

namespace systole::reference {
namespace {

TEST(ClampTo, KeepsTheRangeWithItsBounds) {
  const Range range{-5, 9};
  EXPECT_EQ(clamp_to(range, -6), -5);
  EXPECT_EQ(clamp_to(range, -5), -5);
  EXPECT_EQ(clamp_to(range, 9), 9);
  EXPECT_EQ(clamp_to(range, 10), 9);
  EXPECT_EQ(clamp_to({}, std::int64_t{1} << 40), 127);
  EXPECT_EQ(clamp_to({}, -(std::int64_t{1} << 40)), -128);
}

TEST(ActivationRange, OfReluStartsAtTheRealZero) {
  EXPECT_EQ(activation_range(ActivationKind::Relu, {0.1, -128}), (Range{-128, 127}));
  EXPECT_EQ(activation_range(ActivationKind::Relu, {0.1, 3}), (Range{3, 127}));
}

TEST(ActivationRange, OfRelu6EndsAtTheRealSix) {
  // 6 / 0.05 = 120 steps above the zero point.
  EXPECT_EQ(activation_range(ActivationKind::Relu6, {0.05, -128}), (Range{-128, -8}));
  // 6 / 0.02 = 300: beyond int8.
  EXPECT_EQ(activation_range(ActivationKind::Relu6, {0.02, -128}), (Range{-128, 127}));
  EXPECT_EQ(activation_range(ActivationKind::Relu6, {1e-12, 0}), (Range{0, 127}));
  // 6 / 4 = 1.5: a tie, away from zero.
  EXPECT_EQ(activation_range(ActivationKind::Relu6, {4.0, -1}), (Range{-1, 1}));
}

TEST(ActivationRange, OfTheOthersIsWholeInt8) {
  for (const ActivationKind kind :
       {ActivationKind::None, ActivationKind::Sigmoid, ActivationKind::Tanh}) {
    EXPECT_EQ(activation_range(kind, {0.1, 3}), (Range{-128, 127}));
  }
}

TEST(ActivationTable, OfSigmoidCoversZeroToOne) {
  // Input step 1/16 around -8; output in 1/256 from -128.
  const auto table = activation_table(ActivationKind::Sigmoid, {1.0 / 16, -8}, {1.0 / 256, -128});
  EXPECT_EQ(table[static_cast<std::size_t>(128 - 8)], 0);  // f(0) = 1/2 = 128/256
  // q = 8 is x = 1: 256 / (1 + e^-1) = 187.15; q = -24 is x = -1: 68.85.
  EXPECT_EQ(table[128 + 8], 187 - 128);
  EXPECT_EQ(table[128 - 24], 69 - 128);
  // q = 127 is x = 8.4375: 255.94 -> 256, clamped to 127.
  EXPECT_EQ(table[255], 127);
  // q = -128 is x = -7.5: 256 / (1 + e^7.5) = 0.14.
  EXPECT_EQ(table[0], -128);
}

TEST(ActivationTable, OfTanhIsOddAroundBothZeroPoints) {
  const auto table = activation_table(ActivationKind::Tanh, {1.0 / 32, 0}, {1.0 / 128, 0});
  EXPECT_EQ(table[128], 0);
  // q = 32 is x = 1: 128 * tanh(1) = 97.48; q = 16: 128 * tanh(1/2) = 59.15.
  EXPECT_EQ(table[128 + 32], 97);
  EXPECT_EQ(table[128 - 32], -97);
  EXPECT_EQ(table[128 + 16], 59);
  EXPECT_EQ(table[128 - 16], -59);
  EXPECT_EQ(table[255], 127);  // 128 * tanh(3.97) = 127.91, clamped
  EXPECT_EQ(table[0], -128);   // 128 * tanh(-4) = -127.91
}

TEST(ActivationTable, SurvivesATinyOutputScale) {
  const auto table = activation_table(ActivationKind::Tanh, {0.1, 0}, {1e-300, 0});
  EXPECT_EQ(table[255], 127);
  EXPECT_EQ(table[0], -128);
}

TEST(ActivationTable, ExistsForSigmoidAndTanhOnly) {
  EXPECT_THROW((void)activation_table(ActivationKind::Relu, {}, {}), InternalError);
}

}  // namespace
}  // namespace systole::reference
