#include "reference/kernels/source_slices.h"

#include <algorithm>
#include <numeric>
#include <string>

#include <gtest/gtest.h>

#include "arch/diag/error.h"

namespace systole::reference {
namespace {

TEST(WeightSums, SumsEachColumnAndBoundsItsPartialSums) {
  // Two groups of k = 3, n = 2.
  const std::vector<std::int8_t> weights = {1,  -2,  //
                                            3,  -4,  //
                                            -5, 6,   //
                                            7,  0,   //
                                            8,  0,   //
                                            -9, -128};
  const WeightSums sums = weight_sums(weights, 2, 3, 2);
  EXPECT_EQ(sums.columns, (std::vector<std::int32_t>{-1, 0, 6, -128}));
  // Positive parts: 4, 6, 15, 0; negative parts: 5, 6, 9, 128.
  EXPECT_EQ(sums.largest_partial, 128);
}

TEST(SliceBits, AreTheMostWhoseSumsFloatHolds) {
  EXPECT_EQ(slice_bits(0, 8), 8);
  // 255 * 65793 = 2^24 - 1.
  EXPECT_EQ(slice_bits(65793, 8), 8);
  EXPECT_EQ(slice_bits(65794, 8), 7);
  // 127 * 132104 = 16777208 <= 16777216 < 127 * 132105.
  EXPECT_EQ(slice_bits(132104, 8), 7);
  EXPECT_EQ(slice_bits(132105, 8), 6);
  EXPECT_EQ(slice_bits(1, 7), 7);
  EXPECT_EQ(slice_bits(std::int64_t{1} << 24, 8), 1);
}

TEST(SliceBits, ThrowWhenNotEvenOneBitFits) {
  try {
    (void)slice_bits((std::int64_t{1} << 24) + 1, 8);
    FAIL();
  } catch (const InternalError& error) {
    EXPECT_NE(std::string(error.what()).find("weights sum up to 16777217"), std::string::npos)
        << error.what();
  }
}

class Slice : public testing::TestWithParam<int> {};

TEST_P(Slice, TogetherWithTheOthersIsTheByte) {
  const int bits = GetParam();
  std::vector<std::uint8_t> bytes(256);
  std::iota(bytes.begin(), bytes.end(), std::uint8_t{0});
  std::vector<unsigned> sum(bytes.size());
  for (int first = 0; first < 8; first += bits) {
    const std::vector<std::uint8_t> part = slice(bytes, first, bits);
    EXPECT_LT(*std::max_element(part.begin(), part.end()), 1U << bits);
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      sum[i] += static_cast<unsigned>(part[i]) << first;
    }
  }
  EXPECT_EQ(sum, std::vector<unsigned>(bytes.begin(), bytes.end()));
}

INSTANTIATE_TEST_SUITE_P(Widths, Slice, testing::Range(1, 9));

TEST(MachineSourceBits, AreOneOfTheTwoThatTheKernelsKnow) {
  const int bits = machine_source_bits();
  EXPECT_TRUE(bits == kByteBits || bits == kPairSafeBits) << bits;
}

}  // namespace
}  // namespace systole::reference
