#include "sim/vector/row_loop_data.h"

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include <gtest/gtest.h>

#include "arch/diag/error.h"
#include "arch/isa/recipes.h"
#include "sim/vector/real_functions.h"

namespace systole {
namespace {

using Bytes8 = std::vector<std::int8_t>;
using Numbers = std::vector<float>;

constexpr float kInfinity = std::numeric_limits<float>::infinity();

/// Operand n begins at word n.
LoadStage load(std::int64_t address, std::int64_t pitch, DataType type = DataType::Fp32) {
  return {.operand = static_cast<std::int32_t>(address / 4), .pitch = pitch, .type = type};
}

std::vector<Operand> words(std::size_t count) {
  std::vector<Operand> operands(count);
  for (std::size_t i = 0; i < count; ++i) {
    operands[i].address = static_cast<std::int64_t>(4 * i);
  }
  return operands;
}

VectorResults results_of(const RowLoop& loop, Bytes8& bytes) {
  return row_loop_results(loop, ByteMemory("buffer", bytes), Accumulators(1, 1));
}

/// The results, fp32, of stages over the memory's numbers.
Numbers results(std::int64_t rows, std::int64_t cols, std::vector<Stage> stages,
                const Numbers& memory, std::int64_t first = 0) {
  Bytes8 bytes(4 * memory.size());
  std::memcpy(bytes.data(), memory.data(), bytes.size());
  const RowLoop loop{.rows = rows,
                     .cols = cols,
                     .first = first,
                     .operands = words(memory.size()),
                     .body = RowBody{.stages = std::move(stages), .to = {.type = DataType::Fp32}}};
  const VectorResults found = results_of(loop, bytes);
  EXPECT_EQ(found.rows, rows);
  Numbers numbers(found.values.size() / 4);
  std::memcpy(numbers.data(), found.values.data(), found.values.size());
  return numbers;
}

TEST(RowLoopData, PairsMeetElementByElementOrASingleNumber) {
  const Numbers memory{1, 2, 3, 10, 20, 30, -1, 4};
  const auto pair = [&](PairKind kind, Stage a, Stage b) {
    return results(1, 3, {std::move(a), std::move(b), PairStage{.kind = kind, .a = 0, .b = 1}},
                   memory);
  };
  EXPECT_EQ(pair(PairKind::Add, load(0, 12), load(12, 12)), (Numbers{11, 22, 33}));
  EXPECT_EQ(pair(PairKind::Subtract, load(0, 12), NumberStage{1}), (Numbers{0, 1, 2}));
  EXPECT_EQ(pair(PairKind::Subtract, NumberStage{1}, load(0, 12)), (Numbers{0, -1, -2}));
  LoadStage single = load(16, 4);
  single.single = true;
  EXPECT_EQ(pair(PairKind::Multiply, load(0, 12), single), (Numbers{20, 40, 60}));
  EXPECT_EQ(pair(PairKind::Divide, load(12, 12), load(0, 12)), (Numbers{10, 10, 10}));
  EXPECT_EQ(pair(PairKind::Larger, load(0, 12), NumberStage{2}), (Numbers{2, 2, 3}));
  EXPECT_EQ(pair(PairKind::Smaller, load(0, 12), NumberStage{2}), (Numbers{1, 2, 2}));
}

/// Of 8 bits of fraction a half goes to the even neighbour: 257 to 256, 259 to 260.
TEST(RowLoopData, RoundingMakesTheNumberThatAStoreWouldLeave) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const Numbers memory{257, 259, -1, kInfinity, nan};
  const auto rounded = [&](DataType type) {
    return results(1, 5, {load(0, 0), RoundStage{.of = 0, .type = type}}, memory);
  };
  const Numbers bf16 = rounded(DataType::Bf16);
  EXPECT_EQ(Numbers(bf16.begin(), bf16.end() - 1), (Numbers{256, 260, -1, kInfinity}));
  EXPECT_TRUE(std::isnan(bf16.back()));
  const Numbers fp32 = rounded(DataType::Fp32);
  EXPECT_EQ(Numbers(fp32.begin(), fp32.end() - 1), (Numbers{257, 259, -1, kInfinity}));
}

TEST(RowLoopData, SumsGoFromTheFirstColumnOn) {
  // 2^24 + 1 rounds to 2^24, so the order shows.
  EXPECT_EQ(results(2, 3, {load(0, 12), ReduceStage{.kind = ReduceKind::Sum, .of = 0}},
                    {0x1p24F, 1, 1, 1, 1, 0x1p24F}),
            (Numbers{0x1p24F, 0x1p24F + 2}));
  EXPECT_EQ(
      results(1, 3, {load(0, 12), ReduceStage{.kind = ReduceKind::Largest, .of = 0}}, {-3, -1, -2}),
      Numbers{-1});
}

TEST(RowLoopData, ALoadWithoutAPitchIsTheSameForEveryRow) {
  EXPECT_EQ(
      results(2, 2, {load(0, 8), load(16, 0), PairStage{.a = 0, .b = 1}}, {1, 2, 3, 4, 10, 20}),
      (Numbers{11, 22, 13, 24}));
}

TEST(RowLoopData, MasksKeepWhatEachRowHasSeen) {
  // Rows 1, 2, 0 of blocks of 3, one column more than their number each.
  EXPECT_EQ(results(3, 4, {load(0, 16), MaskStage{.of = 0, .period = 3, .offset = 1}},
                    {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}, 1),
            (Numbers{1, 2, 3, -kInfinity, 5, 6, 7, 8, 9, 10, -kInfinity, -kInfinity}));
  // Of these the last two.
  EXPECT_EQ(results(3, 4, {load(0, 16), MaskStage{.of = 0, .period = 3, .offset = 1, .kept = 2}},
                    {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}, 1),
            (Numbers{-kInfinity, 2, 3, -kInfinity, -kInfinity, -kInfinity, 7, 8, 9, 10, -kInfinity,
                     -kInfinity}));
}

TEST(RowLoopData, NeighboursOfASwappedLoadChangePlaces) {
  LoadStage swapped = load(0, 16);
  swapped.swapped = true;
  EXPECT_EQ(results(2, 4, {swapped}, {1, 2, 3, 4, 5, 6, 7, 8}), (Numbers{2, 1, 4, 3, 6, 5, 8, 7}));
}

TEST(RowLoopData, SoftmaxIsThreePasses) {
  const float e = exponential(-1);
  EXPECT_EQ(results(1, 2,
                    {load(0, 8), ReduceStage{.kind = ReduceKind::Largest, .of = 0},  //
                     load(0, 8), PairStage{.kind = PairKind::Subtract, .a = 2, .b = 1},
                     FunctionStage{.function = RealFunction::Exp, .of = 3},
                     ReduceStage{.kind = ReduceKind::Sum, .of = 4},  //
                     load(0, 8), PairStage{.kind = PairKind::Subtract, .a = 6, .b = 1},
                     FunctionStage{.function = RealFunction::Exp, .of = 7},
                     PairStage{.kind = PairKind::Divide, .a = 8, .b = 5}},
                    {1, 2}),
            (Numbers{e / (e + 1), 1 / (e + 1)}));
}

TEST(RowLoopData, Int8IsDequantisedAndQuantisedHalvesAwayFromZero) {
  RowBody body{.stages = {LoadStage{.zero_point = 1, .scale = 0.5F}}, .to = {.zero_point = 2}};
  Bytes8 stored{2, 4, 0, 1, 127, -128};
  const auto values = [&] {
    return results_of({.rows = 1, .cols = 6, .operands = words(1), .body = body}, stored).values;
  };
  // (q - 1) / 2: 0.5, 1.5, -0.5, 0, 63, -64.5; halves away from zero, plus 2.
  EXPECT_EQ(values(), (Bytes8{3, 4, 1, 2, 65, -63}));
  body.to.steps = 1e30F;  // far beyond int8
  EXPECT_EQ(values(), (Bytes8{127, 127, -128, 2, 127, -128}));
  body.stages.push_back(FunctionStage{.function = RealFunction::Log, .of = 0});  // -0.5: a NaN
  body.to.steps = 1;
  EXPECT_EQ(values(), (Bytes8{1, 2, 2, -128, 6, 2}));
}

TEST(RowLoopData, IntegersAreExactAndRoundedWhereTheyAreScaled) {
  Bytes8 stored{1, 2, 3, 4, -4, -3, -2, 100};
  const auto values = [&](std::vector<Stage> stages) {
    RowBody body{.stages = {LoadStage{.zero_point = 1, .integer = true, .multiplier = 3},
                            LoadStage{.operand = 1, .integer = true}}};
    body.stages.insert(body.stages.end(), stages.begin(), stages.end());
    return results_of({.rows = 1, .cols = 4, .operands = words(2), .body = body}, stored).values;
  };
  // Of the first 0, 3, 6, 9, of the second -4, -3, -2, 100.
  EXPECT_EQ(values({PairStage{.kind = PairKind::Subtract, .a = 0, .b = 1}}),
            (Bytes8{4, 6, 8, -91}));
  EXPECT_EQ(values({PairStage{.kind = PairKind::Multiply, .a = 0, .b = 1}}),
            (Bytes8{0, -9, -12, 127}));
  EXPECT_EQ(values({PairStage{.kind = PairKind::Larger, .a = 0, .b = 1}}), (Bytes8{0, 3, 6, 100}));
  EXPECT_EQ(values({PairStage{.kind = PairKind::Smaller, .a = 0, .b = 1}}),
            (Bytes8{-4, -3, -2, 9}));
  EXPECT_EQ(values({ScaleStage{.of = 0, .scale = {.multiplier = 1, .shift = 1}}}),
            (Bytes8{0, 2, 3, 5}));  // 0, 1.5, 3, 4.5
  EXPECT_EQ(values({ClampStage{.of = 1, .low = -3, .high = 50}}), (Bytes8{-3, -3, -2, 50}));
  EXPECT_EQ(values({ReduceStage{.of = 0}}), (Bytes8{18}));
  EXPECT_EQ(values({ReduceStage{.kind = ReduceKind::Largest, .of = 1}}), (Bytes8{100}));
  // 256 * (0, 3, 6, 9) / (18 * 2^2) = 0, 10.67, 21.33, 32
  EXPECT_EQ(
      values({ReduceStage{.of = 0}, LoadStage{.zero_point = 1, .integer = true, .multiplier = 3},
              ScaleStage{.of = 3, .scale = {.multiplier = 256, .shift = 2}, .divisor = 2}}),
      (Bytes8{0, 11, 21, 32}));
}

TEST(RowLoopData, WhatIsOutOfRangeIsAnError) {
  Bytes8 bytes(300);
  bytes[0] = -1;
  const auto run = [&](std::vector<Stage> stages) {
    return results_of(
        {.rows = 1, .cols = 1, .operands = words(2), .body = RowBody{.stages = std::move(stages)}},
        bytes);
  };
  const LoadStage minus_one{.integer = true};
  EXPECT_THROW(run({minus_one, LookupStage{.of = 0, .table = 1, .first = 0}}), InternalError);
  EXPECT_THROW(run({minus_one, ReduceStage{.of = 0}, minus_one, ScaleStage{.of = 2, .divisor = 1}}),
               InternalError);
  EXPECT_THROW(run({minus_one, ScaleStage{.of = 0, .scale = {.multiplier = 1, .shift = 63}}}),
               InternalError);
}

/// Sums, a requantisation, its rounding and limits, and the addition of a residual: what two
/// instructions would have made of it, one behind the other.
TEST(RowLoopData, SumsWithoutABiasAreTheAccumulators) {
  Accumulators accumulators(1, 3);
  const auto bits = [](float x) { return std::bit_cast<std::int32_t>(x); };
  const std::vector<std::int32_t> reals{bits(1.5F), bits(-0.0F), bits(-3.0F)};
  accumulators.store(0, 3, reals, DataType::Fp32, false);
  Bytes8 bytes;
  const ByteMemory buffer("buffer", bytes);
  const RowLoop loop = Convert{.rows = 1, .cols = 3, .to = {.type = DataType::Fp32}};
  EXPECT_EQ(row_loop_results(loop, buffer, accumulators).sums, reals);
  accumulators.store(0, 3, std::vector<std::int32_t>{7, -9, 0}, DataType::Int32, false);
  const RowLoop integers =
      Requantize{.rows = 1, .cols = 3, .scale = {.multiplier = 1, .shift = 0}, .to = {}};
  EXPECT_EQ(row_loop_results(integers, buffer, accumulators).values, (Bytes8{7, -9, 0}));
}

TEST(RowLoopData, AResidualCanBeAddedToSumsOnTheirWay) {
  Accumulators accumulators(1, 4);
  accumulators.store(0, 4, std::vector<std::int32_t>{100, -1000, 7, 3}, DataType::Int32, false);
  Bytes8 bytes{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 5, 6, -7, 8};  // biases, residual
  const RowLoop loop{
      .rows = 1,
      .cols = 4,
      .operands = {{.address = 0}, {.address = 16}},
      .body = RowBody{.stages = {SumsStage{.bias = 0},
                                 ScaleStage{.of = 0, .scale = {.multiplier = 1, .shift = 1}},
                                 ClampStage{.of = 1, .low = -128, .high = 127},
                                 ScaleStage{.of = 2, .scale = {.multiplier = 3, .shift = 0}},
                                 LoadStage{.operand = 1, .integer = true, .multiplier = 2},
                                 PairStage{.a = 3, .b = 4},
                                 ScaleStage{.of = 5, .scale = {.multiplier = 1, .shift = 2}}}}};
  const VectorResults results = row_loop_results(loop, ByteMemory("buffer", bytes), accumulators);
  // 50, -128, 4, 2 times 3, and twice the residual, over 4: 40, -93, -0.5, 5.5
  EXPECT_EQ(results.values, (Bytes8{40, -93, -1, 6}));
  EXPECT_EQ(results.sums, (std::vector<std::int32_t>{100, -1000, 7, 4}));
}

}  // namespace
}  // namespace systole
