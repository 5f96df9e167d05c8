#include "reference/kernels/elementwise.h"

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include "arch/diag/error.h"
#include "tests/reference/test_values.h"

namespace systole::reference {
namespace {

using Bytes = std::vector<std::int8_t>;

std::int8_t clamped(double value) {
  return static_cast<std::int8_t>(std::fmin(127, std::fmax(-128, value)));
}

TEST(Requantize, RoundsTiesAwayFromZeroAndClamps) {
  // 0.5 is exact as a fixed-point scale: 3 * 0.5 = 1.5 -> 2, -3 -> -2; zero point 10 afterwards.
  const std::vector<std::int32_t> accumulators = {0,
                                                  1,
                                                  -1,
                                                  3,
                                                  -3,
                                                  4,
                                                  -4,
                                                  5,
                                                  -5,
                                                  234,
                                                  235,
                                                  -276,
                                                  -277,
                                                  std::numeric_limits<std::int32_t>::max(),
                                                  std::numeric_limits<std::int32_t>::min()};
  EXPECT_EQ(requantize(accumulators, 0.25, {}, {0.5, 10}),
            (Bytes{10, 11, 9, 12, 8, 12, 8, 13, 7, 127, 127, -128, -128, 127, -128}));
}

TEST(Requantize, AgreesWithExactRealArithmetic) {
  // Scales with few bits: value * scale is exact in double, so that std::round is the rule itself.
  TestValues values(1);
  std::vector<std::int32_t> accumulators(5000);
  for (std::int32_t& accumulator : accumulators) {
    accumulator = static_cast<std::int32_t>(values.between(-30000, 30000));
  }
  const Bytes actual = requantize(accumulators, 13.0 / 1024, {}, {2.0, -7});
  for (std::size_t i = 0; i < accumulators.size(); ++i) {
    ASSERT_EQ(actual[i], clamped(std::round(accumulators[i] * 13.0 / 2048) - 7)) << accumulators[i];
  }
}

TEST(Requantize, ReluClampsAtTheOutputsZeroPoint) {
  const FusedActivation relu{.kind = ActivationKind::Relu, .before = {}};
  EXPECT_EQ(requantize(std::vector<std::int32_t>{-5, 0, 5}, 1.0, relu, {1.0, 3}), (Bytes{3, 3, 8}));
}

TEST(Requantize, SigmoidGoesThroughItsQuantisationBefore) {
  // Before: step 1/16, zero point 0. 32 * (1/32) = 1 = 16 steps; 256 / (1 + e^-1) = 187.15.
  const FusedActivation sigmoid{.kind = ActivationKind::Sigmoid,
                                .before = {.scale = 1.0 / 16, .zero_point = 0}};
  // 10000/32 clamps to 127 steps = 7.9375: 255.91 -> 256 -> 127. One unit, 1/32, is half a step:
  // away from zero it becomes 1/16, 256 / (1 + e^(-1/16)) = 131.998.
  EXPECT_EQ(requantize(std::vector<std::int32_t>{0, 32, -32, 10000, 1}, 1.0 / 32, sigmoid,
                       {1.0 / 256, -128}),
            (Bytes{0, 59, -59, 127, 4}));
}

TEST(Activate, RescalesThenClamps) {
  const Bytes in = {-128, -10, -9, -8, 0, 127};
  // Half the scale: real = 0.5 * (q + 10); output steps of 1 around 5.
  // -59, 0, 0.5 -> 1, 1, 5, 68.5 -> 69.
  EXPECT_EQ(activate(in, {0.5, -10}, ActivationKind::None, {1.0, 5}),
            (Bytes{-54, 5, 6, 6, 10, 74}));
  EXPECT_EQ(activate(in, {0.5, -10}, ActivationKind::Relu, {1.0, 5}), (Bytes{5, 5, 6, 6, 10, 74}));
  // 6 / 1 = 6 above 5.
  EXPECT_EQ(activate(in, {0.5, -10}, ActivationKind::Relu6, {1.0, 5}), (Bytes{5, 5, 6, 6, 10, 11}));
}

TEST(Activate, LooksTanhUpInTheInputsQuantisation) {
  EXPECT_EQ(activate(Bytes{0, 32, -32}, {1.0 / 32, 0}, ActivationKind::Tanh, {1.0 / 128, 1}),
            (Bytes{1, 98, -96}));
}

TEST(Activate, BetweenEqualQuantisationsChangesNothing) {
  const Bytes in = TestValues(4).bytes(1000);
  const Quantization any{0.0371, -19};
  EXPECT_EQ(activate(in, any, ActivationKind::None, any), in);
}

TEST(Add, RoundsTheSumOnce) {
  // a / 4 + b / 4: two quarters make a half, which rounds away; one rounding each would give 0.
  EXPECT_EQ(add(Bytes{1, -1, 1, 2}, {0.25, 0}, Bytes{1, -1, 0, 0}, {0.25, 0}, ActivationKind::None,
                {1.0, 0}),
            (Bytes{1, -1, 0, 1}));
}

TEST(Add, AgreesWithExactRealArithmetic) {
  TestValues values(9);
  const Bytes a = values.bytes(4000);
  const Bytes b = values.bytes(4000);
  // 3/8 and 1/64 of the output step 1/2: 0.75 and 0.03125, both exact with one shift.
  const Bytes sum = add(a, {0.375, 17}, b, {1.0 / 64, -128}, ActivationKind::None, {0.5, -4});
  for (std::size_t i = 0; i < a.size(); ++i) {
    ASSERT_EQ(sum[i], clamped(std::round((a[i] - 17) * 0.75 + (b[i] + 128) * 0.03125) - 4));
  }
}

TEST(Add, ClampsReluAndRelu6InTheOutputsQuantisation) {
  const Bytes a = {-100, 0, 10, 100};
  const Bytes b = {0, 0, 0, 0};
  EXPECT_EQ(add(a, {1.0, 0}, b, {1.0, 0}, ActivationKind::Relu, {1.0, -2}), (Bytes{-2, -2, 8, 98}));
  EXPECT_EQ(add(a, {1.0, 0}, b, {1.0, 0}, ActivationKind::Relu6, {1.0, -2}), (Bytes{-2, -2, 4, 4}));
}

TEST(Add, RejectsWhatItDoesNotKnow) {
  EXPECT_THROW((void)add(Bytes{1}, {}, Bytes{1, 2}, {}, ActivationKind::None, {}), InternalError);
  EXPECT_THROW((void)add(Bytes{1}, {}, Bytes{1}, {}, ActivationKind::Tanh, {}), InternalError);
}

TEST(Concatenate, PlacesRescaledChannels) {
  Bytes out(10, 99);
  concatenate(Bytes{1, 2, 3, 4}, 2, {1.0, 0}, out, 5, 0, {1.0, 0});
  concatenate(Bytes{10, 20, 30, 40, 50, 60}, 3, {0.5, 10}, out, 5, 2, {1.0, 0});
  // (q - 10) / 2: 0, 5, 10 and 15, 20, 25.
  EXPECT_EQ(out, (Bytes{1, 2, 0, 5, 10, 3, 4, 15, 20, 25}));
}

TEST(Concatenate, ChecksItsSizes) {
  Bytes out(10);
  EXPECT_THROW(concatenate(Bytes{1, 2}, 2, {}, out, 5, 0, {}), InternalError);  // 1 pixel of 2
  EXPECT_THROW(concatenate(Bytes{1, 2, 3, 4}, 2, {}, out, 5, 4, {}), InternalError);
}

}  // namespace
}  // namespace systole::reference
