#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "arch/diag/error.h"
#include "arch/isa/float_format.h"
#include "arch/isa/recipes.h"
#include "sim/vector/real_functions.h"
#include "sim/vector/vector_data.h"

namespace systole::testing {
namespace {

using Bytes8 = std::vector<std::int8_t>;
using Reals = std::vector<float>;

constexpr float kInfinity = std::numeric_limits<float>::infinity();

/// Results of a Convert of these sums in accumulators 1, 2, ..., `cols` each; bias behind them.
Bytes8 converted(const Convert& convert, const std::vector<float>& sums,
                 const std::vector<float>& bias) {
  Accumulators accumulators(8, 8);
  std::vector<std::int32_t> patterns(sums.size());
  std::transform(sums.begin(), sums.end(), patterns.begin(),
                 [](float sum) { return std::bit_cast<std::int32_t>(sum); });
  accumulators.store(convert.accumulator, convert.cols, patterns, DataType::Fp32, false);
  Bytes8 bytes(4 * bias.size());
  std::memcpy(bytes.data(), bias.data(), bytes.size());  // little-endian machines alone
  const VectorResults results = vector_results(convert, ByteMemory("buffer", bytes), accumulators);
  EXPECT_EQ(results.rows, convert.rows);
  EXPECT_EQ(results.row_bytes, bytes_of(convert.to.type) * convert.cols);
  EXPECT_EQ(results.sums.size(), sums.size());
  return results.values;
}

TEST(RealData, ConvertAddsBiasAndRounds) {
  Convert convert{
      .accumulator = 1, .rows = 2, .cols = 2, .bias = Operand{}, .to = {.type = DataType::Bf16}};
  // Ties: 1 + 2^-8 between 1 and 1 + 2^-7 goes to 1, -2 + 2^-8 between -2 and -2 + 2^-7 to -2. The
  // other two are 3, and 1 + 2^-8 once more.
  EXPECT_EQ(converted(convert, {1, 2, -2, 0x1p-8F}, {0x1p-8F, 1}),
            (Bytes8{static_cast<std::int8_t>(0x80), 0x3f, 0x40, 0x40,  //
                    0, static_cast<std::int8_t>(0xc0), static_cast<std::int8_t>(0x80), 0x3f}));
  convert.to.type = DataType::Fp32;  // the sum is rounded once: 2^24 + 1 to 2^24
  EXPECT_EQ(converted(convert, {0x1p24F, 0, 1, 0}, {1, -0.0F}),
            (Bytes8{0, 0, static_cast<std::int8_t>(0x80), 0x4b, 0, 0, 0, 0,  //
                    0, 0, 0, 0x40, 0, 0, 0, 0}));
}

TEST(RealData, ConvertClampsAndPassesNansOn) {
  Convert convert{.rows = 1, .cols = 6, .bias = Operand{}};
  convert.to = {.type = DataType::Fp8E5M2, .low = 0, .high = 6};
  // 6 is 0x46, 0.5 is 0x38, NaN 0x7e.
  EXPECT_EQ(
      converted(convert, {-1, 7, 0.5F, kInfinity, -kInfinity, std::nanf("")}, {0, 0, 0, 0, 0, 0}),
      (Bytes8{0, 0x46, 0x38, 0x46, 0, 0x7e}));
  convert.to.low = -kInfinity;
  convert.to.high = kInfinity;
  EXPECT_EQ(converted(convert, {1e9F, -1e9F, 1e-9F, -1e-9F, kInfinity, kInfinity},
                      {0, 0, 0, 0, 0, -kInfinity}),
            (Bytes8{0x7c, static_cast<std::int8_t>(0xfc), 0, static_cast<std::int8_t>(0x80), 0x7c,
                    0x7e}));
  convert.to.type = DataType::Fp8E4M3;
  EXPECT_EQ(converted(convert, {1e9F, -1e9F, 1e-9F, -1e-9F, kInfinity, kInfinity},
                      {0, 0, 0, 0, 0, -kInfinity}),
            (Bytes8{0x7e, static_cast<std::int8_t>(0xfe), 0, static_cast<std::int8_t>(0x80), 0x7e,
                    0x7f}));
}

/// bf16 numbers as bytes, one behind the other.
Bytes8 bf16(const Reals& numbers) {
  Bytes8 bytes;
  for (const float number : numbers) {
    const std::uint32_t pattern = rounded(float_format(DataType::Bf16), number);
    bytes.push_back(static_cast<std::int8_t>(pattern & 255U));
    bytes.push_back(static_cast<std::int8_t>(pattern >> 8U));
  }
  return bytes;
}

/// What an instruction with bf16 operands makes of a buffer that begins with `numbers`.
Bytes8 results_of(const RowLoop& operation, const Reals& numbers) {
  Bytes8 bytes = bf16(numbers);
  return vector_results(operation, ByteMemory("buffer", bytes), Accumulators(1, 1)).values;
}

constexpr float kUlp = 0x1p-7F;  // of bf16 from 1 to 2

TEST(RealData, SumsOfAConversionAreThoseBeforeTheClamp) {
  Accumulators accumulators(1, 2);
  const std::vector<std::int32_t> sums{std::bit_cast<std::int32_t>(1.5F), 0x7f800000};
  accumulators.store(0, 2, sums, DataType::Fp32, false);
  Bytes8 bytes{0, 0, 0, 0, 0, 0, static_cast<std::int8_t>(0x80), -1};  // 0, -infinity
  const Convert convert{
      .rows = 1, .cols = 2, .bias = Operand{}, .to = {.type = DataType::Bf16, .low = 2}};
  const VectorResults results = vector_results(convert, ByteMemory("b", bytes), accumulators);
  EXPECT_THAT(results.sums, ::testing::ElementsAre(std::bit_cast<std::int32_t>(1.5F), 0x7fc00000));
  EXPECT_EQ(results.values, bf16({2, std::nanf("")}));
}

TEST(RealData, RescaleClampsAndAppliesTheFunction) {
  Rescale rescale{.in_pitch = 6, .rows = 2, .cols = 2, .to = {.type = DataType::Bf16}};
  const Reals x{-1, 2, 99, 0.5F, 9};
  EXPECT_EQ(results_of(rescale, x), bf16({-1, 2, 0.5F, 9}));
  rescale.to.low = 0;
  rescale.to.high = 6;
  EXPECT_EQ(results_of(rescale, x), bf16({0, 2, 0.5F, 6}));
  rescale.to.function = RealFunction::Tanh;  // behind the clamp
  EXPECT_EQ(results_of(rescale, x),
            bf16({0, hyperbolic_tangent(2), hyperbolic_tangent(0.5F), hyperbolic_tangent(6)}));
  rescale.to = {.type = DataType::Bf16, .function = RealFunction::Sigmoid};
  EXPECT_EQ(results_of(rescale, {0, kInfinity, 9, -kInfinity, std::nanf("")}),
            bf16({0.5F, 1, 0, std::nanf("")}));
}

TEST(RealData, AddRoundsOnce) {
  Add add{.a_pitch = 4, .b = {.address = 8}, .b_pitch = 4, .rows = 2, .cols = 2};
  add.to.type = DataType::Bf16;
  // 1 + 2^-8 and 1 + ulp + 2^-8 lie half way: to the even one. The next two are exact.
  EXPECT_EQ(results_of(add, {1, 1 + kUlp, 3, -2, 0x1p-8F, 0x1p-8F, -1, 2}),
            bf16({1, 1 + 2 * kUlp, 2, 0}));
  add.to.low = 0;
  EXPECT_EQ(results_of(add, {1, -3, kInfinity, 0, 1, 1, -kInfinity, -0.0F}),
            bf16({2, 0, std::nanf(""), 0}));
}

/// 3 x 3 pixels of one channel, kernel 2 x 2, stride 2, one row and column of padding before them.
Pool pool_of(PoolKind kind) {
  Pool pool{.kind = kind};
  Window& window = pool.window;
  window.in_rows = window.in_cols = 3;
  window.pixel_pitch = 2;
  window.row_pitch = 6;
  window.image_pitch = 18;
  window.kernel_rows = window.kernel_cols = 2;
  window.stride_rows = window.stride_cols = 2;
  window.pad_top = window.pad_left = 1;
  window.out_rows = window.out_cols = 2;
  pool.count = 4;
  pool.to.type = DataType::Bf16;
  return pool;
}

TEST(RealData, MaxPoolIgnoresPaddingAndKeepsNansAndOfZerosTheOneWithoutSign) {
  EXPECT_EQ(results_of(pool_of(PoolKind::Max), {-5, -9, -8, -4, -1, -2, -3, -7, -6}),
            bf16({-5, -8, -3, -1}));
  const float nan = std::nanf("");
  EXPECT_EQ(results_of(pool_of(PoolKind::Max), {-0.0F, 0.0F, -0.0F, nan, 1, 2, 3, nan, 9}),
            bf16({-0.0F, 0.0F, nan, nan}));
  EXPECT_EQ(results_of(pool_of(PoolKind::Max), {-0.0F, -0.0F, 0.0F, 1, 1, 2, 3, 1, 9}),
            bf16({-0.0F, 0.0F, 3, 9}));
  EXPECT_EQ(results_of(pool_of(PoolKind::Max), {1, 2, nan, 4, 5, 6, 7, 8, 9}),
            bf16({1, nan, 7, 9}));
}

TEST(RealData, AveragePoolAddsRowByRowAndDividesOnce) {
  Pool pool = pool_of(PoolKind::Average);
  EXPECT_EQ(results_of(pool, {5, 9, 8, 4, 1, 2, 3, 7, 6}), bf16({5, 8.5F, 3.5F, 4}));
  pool.count_padding = true;
  EXPECT_EQ(results_of(pool, {5, 9, 8, 4, 1, 2, 3, 7, 6}), bf16({1.25F, 4.25F, 1.75F, 4}));
  // The last output: 2^24 + 1 is 2^24 in binary32, minus 2^24 is 0, plus 1 is 1. Exactly it were 2.
  pool.count_padding = false;
  EXPECT_EQ(results_of(pool, {0, 0, 0, 0, 0x1p24F, 1, 0, -0x1p24F, 1}), bf16({0, 0, 0, 0.25F}));
}

TEST(RealData, SoftmaxDividesExponentialsByTheirSum) {
  const Softmax softmax{.in_pitch = 6, .rows = 2, .cols = 3, .to = {.type = DataType::Bf16}};
  const float one = exponential(-1);
  const float sum = (exponential(-1) + 1.0F) + exponential(-2);
  EXPECT_EQ(results_of(softmax, {3, 4, 2, 0, 0, 0}),
            bf16({one / sum, 1.0F / sum, exponential(-2) / sum, 1 / 3.0F, 1 / 3.0F, 1 / 3.0F}));
  EXPECT_EQ(results_of(softmax, {-kInfinity, 0, -200, 1, std::nanf(""), 0}),
            bf16({0, 1, 0, std::nanf(""), std::nanf(""), std::nanf("")}));
}

TEST(RealData, EveryFloatingTypeIsReadAndWritten) {
  for (const auto& [type, name] : kEnumNames<DataType>) {
    if (!is_float(type)) {
      continue;
    }
    const FloatFormat format = float_format(type);
    Bytes8 bytes;
    for (const float number : {1.5F, -3.0F}) {  // numbers of all types
      for (std::int64_t byte = 0; byte < bytes_of(type); ++byte) {
        bytes.push_back(static_cast<std::int8_t>(rounded(format, number) >> (8 * byte) & 255U));
      }
    }
    const Rescale copy{.rows = 1, .cols = 2, .to = {.type = type}};
    EXPECT_EQ(vector_results(copy, ByteMemory("buffer", bytes), Accumulators(1, 1)).values, bytes)
        << name;
  }
}

TEST(RealData, InstructionsWithoutAFloatingFormAreRefused) {
  const Requantize requantize{.rows = 1, .cols = 1, .to = {.type = DataType::Bf16}};
  EXPECT_THROW(static_cast<void>(results_of(requantize, {1, 2})), InternalError);
}

}  // namespace
}  // namespace systole::testing
