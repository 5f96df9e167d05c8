#include <dnnl.hpp>
#include <gtest/gtest.h>

#include "reference/kernels/dot_products.h"
#include "tests/reference/plain_convolution.h"
#include "tests/reference/test_values.h"

// oneDNN restricted to older instruction sets: the kernels that machines without VNNI would run.
// The restriction holds for a process and must come before oneDNN's first use, so that each test is
// a process of its own under ctest; run together, all but the first skip.

namespace systole::reference {
namespace {

constexpr Kernel kSame3{
    .rows = 3, .cols = 3, .pad_top = 1, .pad_bottom = 1, .pad_left = 1, .pad_right = 1};

class OlderInstructionSet : public testing::TestWithParam<dnnl::cpu_isa> {
 protected:
  void SetUp() override {
    if (dnnl::set_max_cpu_isa(GetParam()) != dnnl::status::success) {
      GTEST_SKIP() << "oneDNN is in use already, or this processor has no such instruction set";
    }
    ASSERT_EQ(machine_source_bits(), kPairSafeBits);
  }
};

void expect_exact(const ConvolutionGeometry& g, const std::vector<std::int8_t>& input,
                  std::int32_t zero_point, const std::vector<std::int8_t>& weights) {
  EXPECT_EQ(convolve(g, input, zero_point, weights),
            plain_convolution(g, input, zero_point, weights));
}

TEST_P(OlderInstructionSet, ConvolvesExactly) {
  TestValues values(5);
  for (const std::int64_t groups : {1, 2, 32}) {
    const ConvolutionGeometry g = geometry_of({1, 6, 5, 32}, 64, kSame3, groups);
    const std::int64_t elements = g.input.elements();
    const std::int64_t weights = g.kernel.rows * g.kernel.cols * 32 / groups * 64;
    expect_exact(g, values.bytes(elements), 9, values.bytes(weights));
    expect_exact(g, filled(elements, 127), -128, filled(weights, 127));
    expect_exact(g, filled(elements, 127), -128, filled(weights, -128));
  }
}

TEST_P(OlderInstructionSet, ContractsExactly) {
  // 255 * 127 * 999 = 32352615: beyond int16 pairs and beyond float32.
  EXPECT_EQ(contract(3, 999, 10, filled(2997, 127), -128, filled(9990, 127)),
            std::vector<std::int32_t>(30, 32352615));
}

TEST_P(OlderInstructionSet, BeyondFloatPrecisionStaysExact) {
  const ConvolutionGeometry g = geometry_of({1, 3, 3, 511}, 16, {.rows = 3, .cols = 3});
  const auto input = filled(std::int64_t{9} * 511, 127);
  const auto weights = filled(std::int64_t{9} * 511 * 16, 127);
  EXPECT_EQ(convolve(g, input, -128, weights), std::vector<std::int32_t>(16, 148938615));
}

// Why the slices are there: whole bytes give wrong sums on these instruction sets.
TEST_P(OlderInstructionSet, SaturatesPairsOfWholeBytes) {
  const ConvolutionGeometry g = geometry_of({1, 2, 2, 32}, 16, {});
  const auto input = filled(std::int64_t{4} * 32, 127);
  const auto weights = filled(std::int64_t{32} * 16, 127);
  // Right would be 32 * 255 * 127 = 1036320; 16 pairs of 32767 are 524272.
  EXPECT_EQ(convolve(g, input, -128, weights, kByteBits), std::vector<std::int32_t>(64, 524272));
  EXPECT_EQ(convolve(g, input, -128, weights), std::vector<std::int32_t>(64, 1036320));
}

INSTANTIATE_TEST_SUITE_P(Kernels, OlderInstructionSet,
                         testing::Values(dnnl::cpu_isa::avx512_core, dnnl::cpu_isa::avx2,
                                         dnnl::cpu_isa::sse41),
                         [](const testing::TestParamInfo<dnnl::cpu_isa>& test) {
                           switch (test.param) {
                             case dnnl::cpu_isa::avx512_core:
                               return "avx512";
                             case dnnl::cpu_isa::avx2:
                               return "avx2";
                             default:
                               return "sse41";
                           }
                         });

}  // namespace
}  // namespace systole::reference
