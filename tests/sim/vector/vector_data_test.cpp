#include "sim/vector/vector_data.h"

#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "arch/diag/error.h"
#include "sim/vector/fixed_point_arithmetic.h"
#include "sim/vector/row_loop_data.h"
#include "tests/sim/support/program_builder.h"

namespace systole::testing {
namespace {

using Bytes8 = std::vector<std::int8_t>;

VectorResults results_of(const RowLoop& operation, Bytes8& bytes) {
  Accumulators accumulators(4, 4);
  const std::vector<std::int32_t> sums{100, -100, 5, 7, 2147483647, -3, 0, 1};
  accumulators.store(0, 4, sums, DataType::Int32, false);
  const ByteMemory buffer("buffer", bytes);
  const VectorResults results = vector_results(operation, buffer, accumulators);
  // Stage by stage it is the same.
  const VectorResults by_stage = row_loop_results(operation, buffer, accumulators);
  EXPECT_EQ(by_stage.values, results.values);
  EXPECT_EQ(by_stage.sums, results.sums);
  return results;
}

TEST(FixedPointArithmetic, RoundsHalvesAwayFromZero) {
  EXPECT_EQ(shift_half_away(5, 1), 3);     // 2.5
  EXPECT_EQ(shift_half_away(-5, 1), -3);   // -2.5
  EXPECT_EQ(shift_half_away(9, 2), 2);     // 2.25
  EXPECT_EQ(shift_half_away(-11, 2), -3);  // -2.75
  EXPECT_EQ(shift_half_away(-7, 0), -7);
  EXPECT_EQ(divide_half_away(15, 6), 3);    // 2.5
  EXPECT_EQ(divide_half_away(-15, 6), -3);  // -2.5
  EXPECT_EQ(divide_half_away(14, 6), 2);    // 2.33
  EXPECT_EQ(divide_half_away(-14, 6), -2);
}

TEST(FixedPointArithmetic, HoldsTheLargestProducts) {
  const FixedPoint scale{.multiplier = 2147483647, .shift = 62};
  // 2^31 * (2^31 - 1) / 2^62 = 1 - 2^-31.
  EXPECT_EQ(scaled(-2147483648LL, scale), -1);
  EXPECT_EQ(scaled(1LL << 40U, {.multiplier = 2147483647, .shift = 31}), (1LL << 40U) - 512);
}

TEST(VectorData, RequantizeAddsBiasScalesShiftsAndClamps) {
  Bytes8 bytes{10, 0, 0, 0, -1, -1, -1, -1, 0, 1, 0, 0};  // biases 10, -1, 256
  Requantize requantize = requantize_of(1, 3, 0);
  requantize.scale = {.multiplier = 3, .shift = 2};
  requantize.to.zero_point = 2;
  requantize.to.high = 90;
  const VectorResults results = results_of(requantize, bytes);
  EXPECT_THAT(results.sums, ::testing::ElementsAre(110, -101, 261));
  // 82.5 -> 83 + 2; -75.75 -> -76 + 2; 195.75 -> 196 + 2, clamped.
  EXPECT_THAT(results.values, ::testing::ElementsAre(85, -74, 90));
}

TEST(VectorData, SumsOfTheWrongTypeAreAnError) {
  Bytes8 bytes(64);
  const Convert convert{.rows = 1, .cols = 2, .to = {.type = DataType::Bf16}};
  EXPECT_THROW(results_of(convert, bytes), InternalError);  // its sums are int32
  Accumulators accumulators(1, 1);
  accumulators.store(0, 1, std::vector<std::int32_t>{0}, DataType::Fp32, false);
  EXPECT_THROW(static_cast<void>(vector_results(requantize_of(1, 1, 0), ByteMemory("buffer", bytes),
                                                accumulators)),
               InternalError);
}

TEST(VectorData, RequantizeWrapsTheSumToThirtyTwoBits) {
  Bytes8 bytes{1, 0, 0, 0};
  const VectorResults results = results_of(requantize_of(1, 1, 0, 0, 1), bytes);
  EXPECT_THAT(results.sums, ::testing::ElementsAre(-2147483647 - 1));
  EXPECT_THAT(results.values, ::testing::ElementsAre(-128));
}

TEST(VectorData, LookupReplacesTheStoredValue) {
  Bytes8 bytes(256 + 4);
  for (std::size_t i = 0; i < 256; ++i) {  // q = i - 128 becomes -1 - q
    bytes[4 + i] = static_cast<std::int8_t>(127 - static_cast<int>(i));
  }
  std::fill_n(bytes.begin(), 4, static_cast<std::int8_t>(0));  // bias 0
  Requantize requantize = requantize_of(1, 1, 0);
  requantize.lookup = {.address = 4, .tensor = 0};
  EXPECT_THAT(results_of(requantize, bytes).values, ::testing::ElementsAre(-1 - 100));
  Rescale rescale = rescale_of(1, 2, 0, 0);
  rescale.lookup = {.address = 4, .tensor = 0};
  EXPECT_THAT(results_of(rescale, bytes).values, ::testing::ElementsAre(-1, -1));
}

TEST(VectorData, RescaleWorksRowByRow) {
  Bytes8 bytes{1, 2, 99, 3, -4, 99};
  Rescale rescale = rescale_of(2, 2, 0, 0);
  rescale.in_pitch = 3;
  rescale.in_zero_point = -1;
  rescale.scale = {.multiplier = 5, .shift = 1};
  rescale.to.zero_point = 10;
  // 2.5 * (2, 3, 4, -3) = 5, 7.5, 10, -7.5
  EXPECT_THAT(results_of(rescale, bytes).values, ::testing::ElementsAre(15, 18, 20, 2));
}

TEST(VectorData, AddRoundsTheSumOnce) {
  Bytes8 bytes{1, 3, 1, -3, 100};
  Add add;
  add.a.address = 0;
  add.b.address = 2;
  add.rows = 1;
  add.cols = 2;
  add.a_multiplier = 3;
  add.b_multiplier = 3;
  add.b_zero_point = 0;
  add.shift = 2;
  // (3 + 3) / 4 = 1.5; (9 - 9) / 4 = 0
  EXPECT_THAT(results_of(add, bytes).values, ::testing::ElementsAre(2, 0));
  add.a_multiplier = 1;
  add.b_multiplier = 1;
  add.a_zero_point = -1;
  add.b_zero_point = -1;
  // (2 + 2) / 4 = 1, where 0.5 and 0.5 rounded apart would be 2; (4 - 2) / 4 = 0.5
  EXPECT_THAT(results_of(add, bytes).values, ::testing::ElementsAre(1, 1));
}

/// What a layer with weights stores, 3 x (sum + bias) / 4 - 5 limited to -5..100, and an addition
/// of 2 (x + 5) + (y - 1), over 4, plus 10.
TEST(VectorData, AResidualMeetsTheLimitedResult) {
  Bytes8 bytes{0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 9, -9, 3, 127};
  RowLoopWriter writer(1, 4);
  writer.add(SumsStage{.bias = writer.operand({.address = 0})});
  writer.add(ScaleStage{.of = 0, .scale = {.multiplier = 3, .shift = 2}});
  writer.add(ClampStage{.of = 1, .low = 0, .high = 105});
  writer.add(ScaleStage{.of = 2, .scale = {.multiplier = 2, .shift = 0}});
  writer.add(
      LoadStage{.operand = writer.operand({.address = 16}), .zero_point = 1, .integer = true});
  writer.add(PairStage{.a = 3, .b = 4});
  writer.add(ScaleStage{.of = 5, .scale = {.multiplier = 1, .shift = 2}});
  const VectorResults results =
      results_of(std::move(writer).store({.zero_point = 10}, LoopClass::Stages), bytes);
  EXPECT_THAT(results.sums, ::testing::ElementsAre(100, -100, 7, 7));
  // 75, 0, 5.25 -> 5, 5.25 -> 5; (150 + 8) / 4 = 39.5, -10 / 4 = -2.5, 12 / 4, 136 / 4
  EXPECT_THAT(results.values, ::testing::ElementsAre(50, 7, 13, 44));
}

/// 3 x 3 image of 1 channel, kernel 2 x 2, padding 1 at the top and left: 2 x 2 outputs of
/// stride 2.
Pool pool_of(PoolKind kind) {
  Pool pool;
  pool.kind = kind;
  pool.window.in_rows = 3;
  pool.window.in_cols = 3;
  pool.window.pixel_pitch = 1;
  pool.window.row_pitch = 3;
  pool.window.image_pitch = 9;
  pool.window.kernel_rows = 2;
  pool.window.kernel_cols = 2;
  pool.window.stride_rows = 2;
  pool.window.stride_cols = 2;
  pool.window.pad_top = 1;
  pool.window.pad_left = 1;
  pool.window.out_rows = 2;
  pool.window.out_cols = 2;
  pool.count = 4;
  pool.scale = {.multiplier = 1, .shift = 0};
  return pool;
}

TEST(VectorData, MaxPoolIgnoresPadding) {
  Bytes8 bytes{-5, -9, -8, -4, -1, -2, -3, -7, -6};
  EXPECT_THAT(results_of(pool_of(PoolKind::Max), bytes).values,
              ::testing::ElementsAre(-5, -8, -3, -1));
}

TEST(VectorData, AveragePoolDividesByTheElementsInside) {
  Bytes8 bytes{5, 9, 8, 4, 1, 2, 3, 7, 6};
  // 5; (9 + 8) / 2 = 8.5; (4 + 3) / 2 = 3.5; (1 + 2 + 7 + 6) / 4
  EXPECT_THAT(results_of(pool_of(PoolKind::Average), bytes).values,
              ::testing::ElementsAre(5, 9, 4, 4));
}

TEST(VectorData, AveragePoolCanCountPadding) {
  Bytes8 bytes{5, 9, 8, 4, 1, 2, 3, 7, 6};
  Pool pool = pool_of(PoolKind::Average);
  pool.count_padding = true;
  pool.in_zero_point = 1;
  pool.to.zero_point = 1;
  // (4, 8 + 7, 3 + 2, 0 + 1 + 6 + 5) / 4 = 1, 3.75, 1.25, 3; plus 1
  EXPECT_THAT(results_of(pool, bytes).values, ::testing::ElementsAre(2, 5, 2, 4));
}

TEST(VectorData, AveragePoolRoundsScaleAndDivisorTogether) {
  Bytes8 bytes{5, 9, 8, 4, 1, 2, 3, 7, 6};
  Pool pool = pool_of(PoolKind::Average);
  pool.first = 3;
  pool.count = 1;
  pool.scale = {.multiplier = 3, .shift = 3};
  EXPECT_THAT(results_of(pool, bytes).values, ::testing::ElementsAre(2));  // 16 * 3 / (4 * 8) = 1.5
}

TEST(VectorData, SoftmaxWeighsByTheTable) {
  Bytes8 bytes(1024 + 3, 0);
  bytes[0] = 100;  // weight of the maximum: 100
  bytes[4] = 50;   // of one below: 50
  bytes[8] = 25;   // of two below: 25
  std::copy_n(Bytes8{7, 6, 5}.begin(), 3, bytes.begin() + 1024);
  Softmax softmax;
  softmax.in.address = 1024;
  softmax.rows = 1;
  softmax.cols = 3;
  softmax.to.zero_point = -128;
  // 256 * (100, 50, 25) / 175 = 146.29, 73.14, 36.57, minus 128
  EXPECT_THAT(results_of(softmax, bytes).values, ::testing::ElementsAre(18, -55, -91));
}

TEST(VectorData, SoftmaxWithoutAnyWeightIsAnError) {
  Bytes8 bytes(1024 + 1, 0);
  Softmax softmax;
  softmax.in.address = 1024;
  softmax.rows = 1;
  softmax.cols = 1;
  EXPECT_THROW(static_cast<void>(results_of(softmax, bytes)), InternalError);
}

TEST(VectorData, LimitsNarrowTheRangeOfInt8) {
  Bytes8 bytes{-100, 100};
  Rescale rescale = rescale_of(1, 2, 0, 0);
  rescale.scale = {.multiplier = 2, .shift = 0};
  EXPECT_THAT(results_of(rescale, bytes).values, ::testing::ElementsAre(-128, 127));
  rescale.to.low = -127;
  EXPECT_THAT(results_of(rescale, bytes).values, ::testing::ElementsAre(-127, 127));
  rescale.to.high = 126;
  EXPECT_THAT(results_of(rescale, bytes).values, ::testing::ElementsAre(-127, 126));
}

TEST(VectorData, OfOtherTypesIsAnError) {
  Bytes8 bytes(8, 0);
  Rescale rescale = rescale_of(1, 1, 0, 0);
  rescale.to.type = DataType::Int16;
  EXPECT_THROW(static_cast<void>(results_of(rescale, bytes)), InternalError);
}

TEST(VectorData, ShiftBeyondSixtyTwoIsAnError) {
  Bytes8 bytes(8, 0);
  Rescale rescale = rescale_of(1, 1, 0, 0);
  rescale.scale.shift = 63;
  EXPECT_THROW(static_cast<void>(results_of(rescale, bytes)), InternalError);
}

/// Factors behind three biases of 0.
Bytes8 factor_bytes(const std::vector<std::int32_t>& words) {
  Bytes8 bytes(12);
  for (const std::int32_t word : words) {
    for (int shift = 0; shift < 32; shift += 8) {
      bytes.push_back(static_cast<std::int8_t>(static_cast<std::uint32_t>(word) >> shift));
    }
  }
  return bytes;
}

Requantize by_column(const Operand& factors) {
  Requantize requantize = requantize_of(1, 3, 0);
  requantize.factors = factors;
  requantize.to.zero_point = 1;
  return requantize;
}

TEST(VectorData, ColumnsMayHaveAScaleEach) {
  Bytes8 bytes = factor_bytes({3, 2, 1, 0, 1 << 30, 29});
  const VectorResults results = results_of(by_column({.address = 12, .tensor = 0}), bytes);
  EXPECT_THAT(results.sums, ::testing::ElementsAre(100, -100, 5));
  // 100 * 3 / 4, -100, 5 * 2, and the zero point.
  EXPECT_THAT(results.values, ::testing::ElementsAre(76, -99, 11));
}

TEST(VectorData, EqualScalesOfColumnsAreOneScale) {
  Bytes8 bytes = factor_bytes({1431655765, 33, 1431655765, 33, 1431655765, 33});
  const VectorResults each = results_of(by_column({.address = 12, .tensor = 0}), bytes);
  Requantize together = by_column({});
  together.scale = {.multiplier = 1431655765, .shift = 33};
  EXPECT_EQ(each.values, results_of(together, bytes).values);
}

TEST(VectorData, ColumnsAreScaledBeforeTheLookup) {
  Bytes8 bytes = factor_bytes({1, 0, 1, 1, 1, 2});
  bytes.resize(64 + 256);
  for (int q = -128; q < 128; ++q) {
    bytes[static_cast<std::size_t>(64 + 128 + q)] = static_cast<std::int8_t>(-1 - q);
  }
  Requantize requantize = by_column({.address = 12, .tensor = 0});
  requantize.lookup = {.address = 64, .tensor = 0};
  // 100, -50, 1.25 and the zero point: 101, -49, 2, each replaced by -1 - q.
  EXPECT_THAT(results_of(requantize, bytes).values, ::testing::ElementsAre(-102, 48, -3));
}

TEST(VectorData, AColumnsShiftBeyondSixtyTwoIsAnError) {
  Bytes8 bytes = factor_bytes({1, 0, 1, 63, 1, 2});
  EXPECT_THROW(results_of(by_column({.address = 12, .tensor = 0}), bytes), InternalError);
}

}  // namespace
}  // namespace systole::testing
