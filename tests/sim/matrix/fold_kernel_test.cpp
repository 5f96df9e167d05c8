#include "sim/matrix/fold_kernel.h"

#include <bit>
#include <cmath>
#include <limits>
#include <vector>

#include <gtest/gtest.h>

#include "tests/sim/support/random_fold.h"

namespace systole::testing {
namespace {

/// Of weights[k][n] in panels.
std::size_t place_of(std::size_t k, std::size_t n, std::size_t depth) {
  return n / kKernelLanes * kKernelLanes * depth + k / 2 * 2 * kKernelLanes + n % kKernelLanes * 2 +
         k % 2;
}

class IntegerProduct : public ::testing::TestWithParam<std::size_t> {};

TEST_P(IntegerProduct, EqualsThePlainLoop) {
  const std::size_t n = GetParam();
  Random random(n);
  for (const std::size_t depth : {1U, 2U, 3U, 5U, 128U}) {
    const ProductSize size{.m = 2 * kKernelLines, .k = depth * kIntegerDepth, .n = n};
    std::vector<std::int16_t> inputs(size.m * size.k);
    std::vector<std::int16_t> weights(size.n * size.k);
    for (auto* values : {&inputs, &weights}) {
      for (auto& value : *values) {
        value = static_cast<std::int16_t>(random.in(-32768, 32767));
      }
    }
    std::vector<std::uint32_t> sums(size.m * size.n);
    for (auto& sum : sums) {
      sum = static_cast<std::uint32_t>(random.in(0, 0xffffffffLL));
    }
    const std::vector<std::uint32_t> before = sums;
    for (const IntegerKernel kernel :
         {IntegerKernel::Plain, IntegerKernel::Avx2, IntegerKernel::Avx512}) {
      if (!machine_has(kernel)) {
        continue;
      }
      std::vector<std::uint32_t> of_kernel = before;
      multiply_modulo(inputs.data(), weights.data(), of_kernel.data(), size, kernel);
      if (kernel == IntegerKernel::Plain) {
        sums = of_kernel;
      }
      ASSERT_EQ(of_kernel, sums) << static_cast<int>(kernel);
    }
    for (std::size_t m = 0; m < size.m; ++m) {
      for (std::size_t col = 0; col < size.n; ++col) {
        std::int64_t sum = before[m * size.n + col];  // below 2^32 + 256 * 2^30
        for (std::size_t k = 0; k < size.k; ++k) {
          sum += std::int64_t{inputs[m * size.k + k]} * weights[place_of(k, col, size.k)];
        }
        ASSERT_EQ(sums[m * size.n + col], static_cast<std::uint32_t>(sum));
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Columns, IntegerProduct, ::testing::Values(16U, 32U, 48U, 112U, 256U));

TEST(FoldKernel, IntegersWrapAroundAsHardwareDoes) {
  // Pairs of (-32768)^2 add up to 2^31, which no int32 holds: 16 products are 2^34 = 0, a pair
  // 2^31.
  const ProductSize size{.m = kKernelLines, .k = 16, .n = kKernelLanes};
  const std::vector<std::int16_t> inputs(size.m * size.k, -32768);
  const std::vector<std::int16_t> weights(size.n * size.k, -32768);
  std::vector<std::uint32_t> sums(size.m * size.n, 5);
  multiply_modulo(inputs.data(), weights.data(), sums.data(), size);
  EXPECT_EQ(sums, std::vector<std::uint32_t>(size.m * size.n, 5));
  multiply_modulo(inputs.data(), weights.data(), sums.data(),
                  {.m = kKernelLines, .k = 2, .n = kKernelLanes});
  EXPECT_EQ(sums, std::vector<std::uint32_t>(size.m * size.n, 0x80000005U));
}

/// One sum in an array of zeros, product after product.
float chain(const std::vector<float>& inputs, const std::vector<float>& weights, float begin) {
  const ProductSize size{.m = kKernelLines, .k = inputs.size(), .n = kKernelLanes};
  std::vector<float> lines(size.m * size.k, 0.0F);
  std::copy(inputs.begin(), inputs.end(), lines.begin());
  std::vector<float> panel(size.k * size.n, 0.0F);
  for (std::size_t k = 0; k < size.k; ++k) {
    panel[k * kKernelLanes] = weights[k];
  }
  std::vector<float> sums(size.m * size.n, 0.0F);
  sums[0] = begin;
  multiply_in_order(lines.data(), panel.data(), sums.data(), size);
  return sums[0];
}

TEST(FoldKernel, FloatsAreAddedInOrder) {
  // From the left (2^24 + 1) + 1 stays at 2^24, as ties go to even; 1 + 1 first would make it move.
  EXPECT_EQ(chain({0x1p24F, 1, 1}, {1, 1, 1}, 0), 0x1p24F);
  EXPECT_EQ(chain({1, 1, 0x1p24F}, {1, 1, 1}, 0), 0x1p24F + 2);
  EXPECT_EQ(chain({1, 1}, {1, 1}, 0x1p24F), 0x1p24F) << "what is held comes first";
}

TEST(FoldKernel, ProductsAreRoundedBeforeTheyAreAdded) {
  // (1 + 2^-12)^2 = 1 + 2^-11 + 2^-24 rounds to 1 + 2^-11; fused, 2^-24 would remain.
  const float a = 1 + 0x1p-12F;
  EXPECT_EQ(chain({-1 - 0x1p-11F, a}, {1, a}, 0), 0.0F);
  EXPECT_EQ(std::fma(a, a, -1 - 0x1p-11F), 0x1p-24F) << "the test tells the two apart";
}

TEST(FoldKernel, SubnormalsOverflowAndZeros) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  EXPECT_EQ(chain({0x1p-100F}, {0x1p-49F}, 0), 0x1p-149F);
  EXPECT_EQ(chain({0x1p-100F}, {0x1p-50F}, 0), 0.0F) << "half of the smallest, to even";
  EXPECT_EQ(chain({0x1p-126F, -0x1.8p-126F}, {1, 1}, 0), -0x1p-127F);
  EXPECT_EQ(chain({0x1p100F, 1}, {0x1p100F, 1}, 0), kInfinity) << "a product that overflows stays";
  EXPECT_TRUE(std::isnan(chain({0x1p100F, -0x1p100F}, {0x1p100F, 0x1p100F}, 0)));
  EXPECT_TRUE(std::isnan(chain({kInfinity}, {0}, 0)));
  EXPECT_EQ(std::bit_cast<std::uint32_t>(chain({-1}, {0}, 0)), 0U) << "0 + -0 is +0";
}

TEST(FoldKernel, FloatsEqualThePlainLoop) {
  Random random(3);
  for (const std::size_t panels : {1U, 2U, 16U}) {
    for (const std::size_t depth : {1U, 2U, 31U, 256U}) {
      const ProductSize size{.m = 3 * kKernelLines, .k = depth, .n = panels * kKernelLanes};
      std::vector<float> inputs(size.m * size.k);
      std::vector<float> weights(size.k * size.n);
      std::vector<float> sums(size.m * size.n);
      for (auto* values : {&inputs, &weights, &sums}) {
        for (float& value : *values) {
          value = std::ldexp(static_cast<float>(random.in(-0xffffff, 0xffffff)),
                             static_cast<int>(random.in(-40, 0)));
        }
      }
      const std::vector<float> before = sums;
      multiply_in_order(inputs.data(), weights.data(), sums.data(), size);
      for (std::size_t m = 0; m < size.m; ++m) {
        for (std::size_t n = 0; n < size.n; ++n) {
          float sum = before[m * size.n + n];
          for (std::size_t k = 0; k < depth; ++k) {
            const std::size_t panel = n / kKernelLanes * depth + k;
            // The double product is exact; its rounding to float is the only one.
            const auto product = static_cast<float>(
                static_cast<double>(inputs[m * depth + k]) *
                static_cast<double>(weights[panel * kKernelLanes + n % kKernelLanes]));
            sum = static_cast<float>(static_cast<double>(sum) + static_cast<double>(product));
          }
          ASSERT_EQ(sums[m * size.n + n], sum);
        }
      }
    }
  }
}

}  // namespace
}  // namespace systole::testing
