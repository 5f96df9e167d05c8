#include <array>
#include <cmath>
#include <map>
#include <string>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/prove/operand_patterns.h"
#include "tests/prove/prove_case.h"
#include "tests/prove/prover.h"

namespace systole::testing {
namespace {

constexpr std::uint64_t kCasesPerTest = 100;
constexpr std::uint64_t kTests = 20;

class ArrayLevels : public ::testing::TestWithParam<std::uint64_t> {};

TEST_P(ArrayLevels, AgreeInEveryCycleAndEveryBit) {
  const auto found = first_difference(GetParam() * kCasesPerTest, kCasesPerTest);
  EXPECT_FALSE(found.has_value()) << *found;
}

INSTANTIATE_TEST_SUITE_P(RandomCases, ArrayLevels, ::testing::Range<std::uint64_t>(0, kTests));

TEST(ArrayLevels, AgreeOnArraysLargerThanTheRtl) {
  constexpr std::array kLimits = {ArrayLimits{67, 80}};
  const auto found = first_difference(0, kCasesPerTest, kLimits);
  EXPECT_FALSE(found.has_value()) << *found;
}

/// A sweep that never draws something proves nothing about it.
TEST(ProveCases, CoverWhatThereIs) {
  constexpr std::uint64_t kCases = kCasesPerTest * kTests;
  std::map<std::string, int> count;
  for (std::uint64_t number = 0; number < kCases; ++number) {
    const ProveCase drawn = prove_case(number);
    const std::string dataflow(name_of(drawn.array.dataflow));
    ++count[fmt::format("{}, overlap {}", dataflow, name_of(drawn.array.overlap))];
    ++count[fmt::format("{}, {} x {}", dataflow, name_of(drawn.activation), name_of(drawn.weight))];
    count["one row"] += drawn.array.rows == 1 ? 1 : 0;
    count["one column"] += drawn.array.cols == 1 ? 1 : 0;
    count["all of 16 x 16"] += drawn.array.rows == 16 && drawn.array.cols == 16 ? 1 : 0;
    count["all of 5 x 19"] += drawn.array.rows == 5 && drawn.array.cols == 19 ? 1 : 0;
    count["several folds"] += drawn.folds.size() > 1 ? 1 : 0;
    for (const FoldShape& shape : drawn.shapes) {
      count["kept tile or loads none"] += shape.new_tile ? 0 : 1;
      count["sums left in the PEs"] += shape.drains ? 0 : 1;
      count["one phase"] += shape.phases == 1 ? 1 : 0;
      count["as many phases as rows"] += shape.phases == drawn.array.rows ? 1 : 0;
      count["one phase less"] += shape.phases == drawn.array.rows - 1 ? 1 : 0;
      count["one phase more"] += shape.phases == drawn.array.rows + 1 ? 1 : 0;
    }
  }
  // 3 dataflows with 2 overlaps and 11 kinds of operands, and the 11 above.
  EXPECT_EQ(count.size(), 3U * (2 + 11) + 11);
  for (const auto& [what, times] : count) {
    EXPECT_GE(times, 20) << what;
  }
}

TEST(ProveCases, AreTriedOnPesFasterAndSlowerThanASliceACycle) {
  std::map<std::string, int> count;
  for (std::uint64_t number = 0; number < kCasesPerTest * kTests; ++number) {
    const ProveCase drawn = prove_case(number);
    const ProveCase other = with_other_pace(drawn);
    ASSERT_NE(drawn.pace, other.pace);
    ASSERT_EQ(drawn.shapes[0].phases * other.pace, other.shapes[0].phases * drawn.pace);
    ++count[fmt::format("{} slices, pace {}", drawn.pace, other.pace)];
  }
  EXPECT_EQ(count.size(), 3U * 5);  // 1, 2 and 4 slices; any of 1..6 but their number
  for (const auto& [what, times] : count) {
    EXPECT_GE(times, 20) << what;
  }
}

TEST(OperandPatterns, AreWorthWhatTheirFormatsSay) {
  EXPECT_EQ(value_of(0x8, DataType::Int4), -8.0);
  EXPECT_EQ(value_of(0xff, DataType::Int8), -1.0);
  EXPECT_EQ(value_of(0x7fff, DataType::Int16), 32767.0);
  EXPECT_EQ(value_of(0x7e, DataType::Fp8E4M3), 448.0);  // 1.75 * 2^(15 - 7)
  EXPECT_TRUE(std::isnan(value_of(0xff, DataType::Fp8E4M3)));
  EXPECT_EQ(value_of(0x01, DataType::Fp8E4M3), std::ldexp(1.0, -9));
  EXPECT_EQ(value_of(0xfb, DataType::Fp8E5M2), -57344.0);  // -1.75 * 2^(30 - 15)
  EXPECT_TRUE(std::isinf(value_of(0x7c, DataType::Fp8E5M2)));
  EXPECT_EQ(value_of(0x7bff, DataType::Fp16), 65504.0);
  EXPECT_EQ(value_of(0xbf80, DataType::Bf16), -1.0);
  EXPECT_EQ(lane_of(0xf, DataType::Int4), 0xffffffffU);
  EXPECT_EQ(lane_of(0x3f81, DataType::Bf16), 0x3f810000U);
  EXPECT_EQ(lane_of(0x0001, DataType::Fp16), 0x33800000U);  // 2^-24
}

}  // namespace
}  // namespace systole::testing
