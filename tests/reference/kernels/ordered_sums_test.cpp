#include "reference/kernels/ordered_sums.h"

#include <vector>

#include <gtest/gtest.h>

#include "arch/diag/error.h"

namespace systole::reference {
namespace {

using Reals = std::vector<float>;

constexpr float kHuge = 0x1p24F;  // kHuge + 1 == kHuge in binary32

/// One pixel of four channels against one output.
ConvolutionGeometry dot_product(std::int64_t k) {
  return {.input = {.channels = k}, .output = {.channels = 1}, .kernel = {}, .groups = 1};
}

TEST(OrderedSums, AddPartByPart) {
  const Reals ones{1, 1, 1, 1};
  const Reals weights{kHuge, 1, -kHuge, 1};
  // One part: ((kHuge + 1) - kHuge) + 1 = 1.
  EXPECT_EQ(ordered_sums(dot_product(4), ones, weights, {.parts = {4}, .stays = {}}), Reals{1});
  // (kHuge + 1) + (-kHuge + 1): -kHuge + 1 is exact, kHuge - (kHuge - 1) = 1.
  EXPECT_EQ(ordered_sums(dot_product(4), ones, weights, {.parts = {2, 2}, .stays = {}}), Reals{1});
  // kHuge, then 1 - kHuge + 1 = 2 - kHuge: 2.
  EXPECT_EQ(ordered_sums(dot_product(4), ones, weights, {.parts = {1, 3}, .stays = {}}), Reals{2});
}

/// Every second position, of one group, is cut elsewhere; so is every second group.
TEST(OrderedSums, AreCutByWhatLiesSideBySide) {
  const SummationOrder order{.parts = {}, .stays = {}, .side_by_side = {{4, 0}, {0, 1, 3}}};
  const Reals ones(4 * 12, 1.0F);
  const Reals weights{kHuge, 1, -kHuge, 1};
  const ConvolutionGeometry positions{
      .input = {.cols = 12, .channels = 4}, .output = {.cols = 12, .channels = 1}, .groups = 1};
  const Reals sums = ordered_sums(positions, ones, weights, order);
  for (std::size_t position = 0; position < sums.size(); ++position) {
    EXPECT_EQ(sums[position], position % 2 == 0 ? 1 : 2) << position;
  }
  Reals of_groups = weights;
  for (int group = 1; group < 4; ++group) {
    of_groups.insert(of_groups.end(), weights.begin(), weights.end());
  }
  const ConvolutionGeometry groups{
      .input = {.channels = 16}, .output = {.channels = 4}, .kernel = {}, .groups = 4};
  EXPECT_EQ(ordered_sums(groups, ones, of_groups, order), (Reals{1, 2, 1, 2}));
}

TEST(OrderedSums, StayInTheArrayAtSomePixels) {
  const ConvolutionGeometry geometry{
      .input = {.cols = 2, .channels = 4}, .output = {.cols = 2, .channels = 1}, .groups = 1};
  const Reals ones(8, 1.0F);
  const Reals weights{kHuge, 1, -kHuge, 1};
  EXPECT_EQ(ordered_sums(geometry, ones, weights, {.parts = {1, 3}, .stays = {false, true}}),
            (Reals{2, 1}));
}

/// Small whole numbers are exact in every order: against the definition, with everything odd.
TEST(OrderedSums, FollowKernelGroupsStrideDilationAndPadding) {
  const ConvolutionGeometry geometry{.input = {.batch = 2, .rows = 5, .cols = 4, .channels = 6},
                                     .output = {.batch = 2, .rows = 3, .cols = 4, .channels = 34},
                                     .kernel = {.rows = 2,
                                                .cols = 3,
                                                .stride_rows = 2,
                                                .pad_top = 1,
                                                .pad_bottom = 1,
                                                .pad_left = 2,
                                                .pad_right = 2,
                                                .dilation_cols = 2},
                                     .groups = 2};
  const std::int64_t k = 2 * 3 * 3;
  const std::int64_t n = 17;
  Reals input(2 * 5 * 4 * 6);
  Reals weights(static_cast<std::size_t>(2 * k * n));
  for (std::size_t i = 0; i < input.size(); ++i) {
    input[i] = static_cast<float>(i * 7 % 13) - 6;
  }
  for (std::size_t i = 0; i < weights.size(); ++i) {
    weights[i] = static_cast<float>(i * 5 % 11) - 5;
  }
  const Reals sums = ordered_sums(geometry, input, weights, {.parts = {7, 7, 4}, .stays = {}});
  std::size_t at = 0;
  for (std::int64_t pixel = 0; pixel < 2 * 3 * 4; ++pixel) {
    for (std::int64_t channel = 0; channel < 34; ++channel) {
      float expected = 0;
      for (std::int64_t i = 0; i < k; ++i) {
        const std::int64_t row = pixel / 4 % 3 * 2 - 1 + i / 9;
        const std::int64_t col = pixel % 4 - 2 + i / 3 % 3 * 2;
        const std::int64_t group = channel / n;
        if (row >= 0 && row < 5 && col >= 0 && col < 4) {
          const std::int64_t source = ((pixel / 12 * 5 + row) * 4 + col) * 6 + group * 3 + i % 3;
          expected += input[static_cast<std::size_t>(source)] *
                      weights[static_cast<std::size_t>((group * k + i) * n + channel % n)];
        }
      }
      ASSERT_EQ(sums[at++], expected) << pixel << ", " << channel;
    }
  }
}

TEST(OrderedSums, OfPartsThatAreNotTheReductionAreAnError) {
  const Reals ones(4, 1.0F);
  EXPECT_THROW(
      static_cast<void>(ordered_sums(dot_product(4), ones, ones, {.parts = {3}, .stays = {}})),
      InternalError);
}

}  // namespace
}  // namespace systole::reference
