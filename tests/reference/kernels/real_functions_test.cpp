#include "reference/kernels/real_functions.h"

#include <cmath>
#include <limits>
#include <vector>

#include <gtest/gtest.h>

#include "reference/kernels/bf16.h"
#include "reference/kernels/pooling.h"

namespace systole::reference {
namespace {

using Reals = std::vector<float>;

constexpr float kInfinity = std::numeric_limits<float>::infinity();
const float kNan = std::nanf("");

TEST(Bf16, RoundsToTheNearestTiesToEven) {
  EXPECT_EQ(bf16_pattern(1), 0x3f80U);
  EXPECT_EQ(bf16_pattern(1 + 0x1p-8F), 0x3f80U);             // half way: even
  EXPECT_EQ(bf16_pattern(1 + 0x1p-7F + 0x1p-8F), 0x3f82U);   // half way: even
  EXPECT_EQ(bf16_pattern(1 + 0x1p-8F + 0x1p-23F), 0x3f81U);  // above it
  EXPECT_EQ(bf16_pattern(-0.0F), 0x8000U);
  EXPECT_EQ(bf16_pattern(0x1.ffp127F), 0x7f80U);  // beyond the largest, 0x1.fep127
  EXPECT_EQ(bf16_pattern(kNan), 0x7fc0U);
  EXPECT_EQ(bf16_pattern(-kNan), 0x7fc0U);
}

/// The bits of docs/numerics.md, which the simulator's test has, too.
TEST(RealKernels, ExponentialsHaveTheDocumentedBits) {
  EXPECT_EQ(real_exponential(-1), 0x1.78b564p-2F);
  EXPECT_EQ(real_exponential(-80), 0x1.7fd974p-116F);
  EXPECT_EQ(real_exponential(0), 1);
  EXPECT_EQ(real_exponential(-kInfinity), 0);
  EXPECT_EQ(real_activation(ActivationKind::Sigmoid, -1), 0x1.136562p-2F);
  EXPECT_EQ(real_activation(ActivationKind::Sigmoid, 2), 0x1.c2f7d4p-1F);
  EXPECT_EQ(real_activation(ActivationKind::Tanh, 0.125F), 0x1.fd5992p-4F);
  EXPECT_EQ(real_activation(ActivationKind::Tanh, -1), -0x1.85efaap-1F);
  EXPECT_TRUE(std::isnan(real_exponential(kNan)));
}

TEST(RealKernels, ActivationsClamp) {
  EXPECT_EQ(activate(Reals{-1, 3, 7}, ActivationKind::None), (Reals{-1, 3, 7}));
  EXPECT_EQ(activate(Reals{-1, 3, 7}, ActivationKind::Relu), (Reals{0, 3, 7}));
  EXPECT_EQ(activate(Reals{-1, 3, 7}, ActivationKind::Relu6), (Reals{0, 3, 6}));
  EXPECT_TRUE(std::signbit(activate(Reals{-0.0F}, ActivationKind::Relu)[0]));
}

TEST(RealKernels, AddRoundsOnce) {
  EXPECT_EQ(add(Reals{1, 1, -3}, Reals{0x1p-8F, 0x1.8p-8F, 1}, ActivationKind::None),
            (Reals{1, 1 + 0x1p-7F, -2}));
  EXPECT_EQ(add(Reals{-3}, Reals{1}, ActivationKind::Relu), Reals{0});
}

TEST(RealKernels, SoftmaxIsOfEachPixel) {
  EXPECT_EQ(softmax(Reals{5, 5, -kInfinity, 0}, 2), (Reals{0.5F, 0.5F, 0, 1}));
  const float e = real_exponential(-1);
  EXPECT_EQ(softmax(Reals{1, 2}, 2), (Reals{bf16_nearest(e / (e + 1)), bf16_nearest(1 / (e + 1))}));
}

Pooling pooling(PoolKind kind) {
  return {.attributes = {.kind = kind, .kernel = {.rows = 1, .cols = 3, .pad_left = 1}},
          .input = {.cols = 3},
          .output = {.cols = 2},
          .input_quantization = {},
          .output_quantization = {}};
}

TEST(RealKernels, PoolingTakesPixelsInOrder) {
  const auto pooled = [](PoolKind kind, const Reals& values) {
    return pool(pooling(kind), std::span<const float>(values));
  };
  EXPECT_EQ(pooled(PoolKind::Max, {-4, -2, -3}), (Reals{-2, -2}));
  EXPECT_EQ(pooled(PoolKind::Average, {-4, -2, -3}), (Reals{-3, -3}));
  // (0x1p24 + 1) - 0x1p24 = 0 in binary32.
  EXPECT_EQ(pooled(PoolKind::Average, {0x1p24F, 1, -0x1p24F}), (Reals{0x1p23F, 0}));
  EXPECT_TRUE(std::isnan(pooled(PoolKind::Max, {kNan, 1, 2})[1]));
}

}  // namespace
}  // namespace systole::reference
