#include "reference/kernels/dot_products.h"

#include <algorithm>
#include <ostream>
#include <string>
#include <tuple>

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "arch/diag/error.h"
#include "tests/reference/plain_convolution.h"
#include "tests/reference/test_values.h"

namespace systole::reference {
namespace {

struct Case {
  const char* name;
  Shape input;
  std::int64_t out_channels;
  Kernel kernel;
  std::int64_t groups = 1;
};

std::ostream& operator<<(std::ostream& out, const Case& value) {
  return out << value.name;
}

/// Slice widths: the machine's own, the one without VNNI, and narrower ones that force more runs.
class Convolution : public testing::TestWithParam<std::tuple<Case, int>> {
 protected:
  static int source_bits() { return std::min(std::get<1>(GetParam()), machine_source_bits()); }
  static ConvolutionGeometry geometry() {
    const Case& test = std::get<0>(GetParam());
    return geometry_of(test.input, test.out_channels, test.kernel, test.groups);
  }
  static std::int64_t weight_count() {
    const ConvolutionGeometry g = geometry();
    return g.kernel.rows * g.kernel.cols * g.input.channels / g.groups * g.output.channels;
  }
};

TEST_P(Convolution, AgreesWithPlainLoopsAtEveryZeroPoint) {
  const ConvolutionGeometry g = geometry();
  TestValues values(7);
  const auto input = values.bytes(g.input.elements());
  const auto weights = values.bytes(weight_count());
  for (const std::int32_t zero_point : {-128, -3, 0, 127}) {
    EXPECT_EQ(convolve(g, input, zero_point, weights, source_bits()),
              plain_convolution(g, input, zero_point, weights))
        << "zero point " << zero_point;
  }
}

TEST_P(Convolution, IsExactAtTheExtremes) {
  const ConvolutionGeometry g = geometry();
  for (const std::int8_t x : {std::int8_t{-128}, std::int8_t{127}}) {
    for (const std::int8_t w : {std::int8_t{-128}, std::int8_t{127}}) {
      const std::vector<std::int8_t> input(static_cast<std::size_t>(g.input.elements()), x);
      const std::vector<std::int8_t> weights(static_cast<std::size_t>(weight_count()), w);
      const std::int32_t zero_point = x < 0 ? 127 : -128;  // the largest |x - zero point|, 255
      EXPECT_EQ(convolve(g, input, zero_point, weights, source_bits()),
                plain_convolution(g, input, zero_point, weights))
          << int{x} << " * " << int{w};
    }
  }
}

constexpr Kernel kOne{};
constexpr Kernel kSame3{
    .rows = 3, .cols = 3, .pad_top = 1, .pad_bottom = 1, .pad_left = 1, .pad_right = 1};

INSTANTIATE_TEST_SUITE_P(
    Shapes, Convolution,
    testing::Combine(
        testing::Values(Case{"single", {1, 1, 1, 1}, 1, kOne},
                        Case{"pointwise", {2, 5, 3, 17}, 19, kOne},
                        Case{"full_blocks", {1, 4, 4, 64}, 64, kOne},
                        Case{"same", {2, 7, 5, 3}, 11, kSame3},
                        Case{"stem",
                             {1, 15, 15, 3},
                             16,
                             {.rows = 7,
                              .cols = 7,
                              .stride_rows = 2,
                              .stride_cols = 2,
                              .pad_top = 3,
                              .pad_bottom = 3,
                              .pad_left = 3,
                              .pad_right = 3}},
                        Case{"unequal_padding",
                             {1, 6, 5, 4},
                             5,
                             {.rows = 3,
                              .cols = 2,
                              .pad_top = 0,
                              .pad_bottom = 2,
                              .pad_left = 1,
                              .pad_right = 0}},
                        Case{"stride_drops_the_edge",
                             {1, 8, 9, 5},
                             7,
                             {.rows = 2, .cols = 3, .stride_rows = 3, .stride_cols = 2}},
                        Case{"dilated",
                             {1, 11, 9, 6},
                             4,
                             {.rows = 3,
                              .cols = 2,
                              .pad_top = 2,
                              .pad_bottom = 2,
                              .pad_left = 3,
                              .pad_right = 1,
                              .dilation_rows = 2,
                              .dilation_cols = 3}},
                        Case{"whole_image", {3, 4, 6, 5}, 13, {.rows = 4, .cols = 6}},
                        Case{"groups", {1, 5, 5, 14}, 21, kSame3, 7},
                        Case{"two_groups", {2, 4, 4, 16}, 32, kSame3, 2},
                        Case{"depthwise", {1, 6, 6, 13}, 13, kSame3, 13},
                        Case{"depthwise_twice", {1, 5, 4, 8}, 16, kSame3, 8},
                        Case{"padding_beyond_the_kernel",
                             {1, 2, 2, 3},
                             4,
                             {.rows = 1, .cols = 1, .pad_top = 2, .pad_left = 1}}),
        testing::Values(kByteBits, kPairSafeBits, 3)),
    [](const testing::TestParamInfo<Convolution::ParamType>& test) {
      return std::string(std::get<0>(test.param).name) + "_" +
             std::to_string(std::get<1>(test.param)) + "_bits";
    });

TEST(ConvolutionPadding, IsTheRealZero) {
  // An image of real zeros: whatever the weights, every accumulator is 0, at the border too.
  const ConvolutionGeometry g = geometry_of({1, 4, 4, 6}, 5, kSame3);
  const std::vector<std::int8_t> input(static_cast<std::size_t>(g.input.elements()), 37);
  const auto weights = TestValues(3).bytes(std::int64_t{9} * 6 * 5);
  EXPECT_EQ(convolve(g, input, 37, weights),
            std::vector<std::int32_t>(static_cast<std::size_t>(g.output.elements()), 0));
}

TEST(ConvolutionSums, BeyondFloatPrecisionStayExact) {
  // k = 9 * 511; 255 * 127 * 4599 = 148938615 is odd and above 2^24: no float32 holds it.
  const ConvolutionGeometry g = geometry_of({1, 3, 3, 511}, 16, {.rows = 3, .cols = 3});
  const std::vector<std::int8_t> input = filled(std::int64_t{9} * 511, 127);
  const std::vector<std::int8_t> weights = filled(std::int64_t{9} * 511 * 16, 127);
  for (const int bits : {machine_source_bits(), kPairSafeBits}) {
    EXPECT_EQ(convolve(g, input, -128, weights, bits), std::vector<std::int32_t>(16, 148938615));
  }
}

TEST(ConvolutionInput, OfTheWrongSizeIsAnInternalError) {
  const ConvolutionGeometry g = geometry_of({1, 3, 3, 2}, 4, kSame3);
  const std::vector<std::int8_t> input(18);
  const std::vector<std::int8_t> weights(72);
  EXPECT_THROW((void)convolve(g, std::vector<std::int8_t>(17), 0, weights), InternalError);
  EXPECT_THROW((void)convolve(g, input, 0, std::vector<std::int8_t>(71)), InternalError);
}

std::vector<std::int32_t> plain_contraction(std::int64_t batch, std::int64_t k, std::int64_t n,
                                            const std::vector<std::int8_t>& input,
                                            std::int32_t zero_point,
                                            const std::vector<std::int8_t>& weights) {
  return plain_convolution(geometry_of({.batch = batch, .channels = k}, n, kOne), input, zero_point,
                           weights);
}

struct DenseCase {
  std::int64_t batch;
  std::int64_t k;
  std::int64_t n;
};

std::ostream& operator<<(std::ostream& out, const DenseCase& value) {
  return out << value.batch << 'x' << value.k << 'x' << value.n;
}

class Contraction : public testing::TestWithParam<DenseCase> {};

TEST_P(Contraction, AgreesWithPlainLoops) {
  const auto [batch, k, n] = GetParam();
  TestValues values(11);
  const auto input = values.bytes(batch * k);
  const auto weights = values.bytes(k * n);
  for (const int bits : {machine_source_bits(), kPairSafeBits, 2}) {
    for (const std::int32_t zero_point : {-128, 5, 127}) {
      EXPECT_EQ(contract(batch, k, n, input, zero_point, weights, bits),
                plain_contraction(batch, k, n, input, zero_point, weights))
          << bits << " bits, zero point " << zero_point;
    }
  }
}

TEST_P(Contraction, IsExactAtTheExtremes) {
  const auto [batch, k, n] = GetParam();
  for (const std::int8_t w : {std::int8_t{-128}, std::int8_t{127}}) {
    const std::vector<std::int8_t> input(static_cast<std::size_t>(batch * k), 127);
    const std::vector<std::int8_t> weights(static_cast<std::size_t>(k * n), w);
    for (const int bits : {machine_source_bits(), kPairSafeBits}) {
      EXPECT_EQ(contract(batch, k, n, input, -128, weights, bits),
                plain_contraction(batch, k, n, input, -128, weights));
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Sizes, Contraction,
                         testing::Values(DenseCase{1, 1, 1}, DenseCase{1, 17, 1},
                                         DenseCase{5, 1, 3}, DenseCase{3, 64, 64},
                                         DenseCase{7, 131, 37}, DenseCase{2, 9215, 10}),
                         [](const testing::TestParamInfo<DenseCase>& test) {
                           return std::to_string(test.param.batch) + "x" +
                                  std::to_string(test.param.k) + "x" + std::to_string(test.param.n);
                         });

// An OpenMP thread pool of the parent would leave a forked child waiting for threads that it does
// not have.
TEST(DotProducts, RunInAForkedChildAfterTheParentRanThem) {
  const auto product = [] {
    return contract(8, 512, 512, filled(4096, 1), 0, filled(std::int64_t{512} * 512, 1));
  };
  const std::vector<std::int32_t> expected(4096, 512);
  ASSERT_EQ(product(), expected);
  const pid_t child = fork();
  if (child == 0) {
    alarm(20);
    _exit(product() == expected ? 0 : 1);
  }
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

TEST(ContractionSums, WrapAsAnInt32Does) {
  // 255 * 127 * 70000 = 2266950000 = 2^32 - 2028017296.
  const std::vector<std::int8_t> input(70000, 127);
  const std::vector<std::int8_t> weights(70000, 127);
  EXPECT_EQ(contract(1, 70000, 1, input, -128, weights), std::vector<std::int32_t>{-2028017296});
}

}  // namespace
}  // namespace systole::reference
