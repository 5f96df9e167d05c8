#include "sim/vector/row_loop_data.h"

#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include <gtest/gtest.h>

#include "sim/vector/real_functions.h"

namespace systole {
namespace {

using Bytes8 = std::vector<std::int8_t>;
using Numbers = std::vector<float>;

constexpr float kInfinity = std::numeric_limits<float>::infinity();

LoadStage load(std::int64_t address, std::int64_t pitch, DataType type = DataType::Fp32) {
  return {.from = {.address = address}, .pitch = pitch, .type = type};
}

/// The results, fp32, of stages over the memory's numbers.
Numbers results(std::int64_t rows, std::int64_t cols, std::vector<Stage> stages,
                const Numbers& memory) {
  Bytes8 bytes(4 * memory.size());
  std::memcpy(bytes.data(), memory.data(), bytes.size());
  RowLoop loop{.rows = rows, .cols = cols, .stages = std::move(stages)};
  loop.to.type = DataType::Fp32;
  const VectorResults found = row_loop_results(loop, ByteMemory("buffer", bytes));
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
  EXPECT_EQ(results(3, 4, {load(0, 16), MaskStage{.of = 0, .first = 1, .period = 3, .offset = 1}},
                    {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}),
            (Numbers{1, 2, 3, -kInfinity, 5, 6, 7, 8, 9, 10, -kInfinity, -kInfinity}));
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
  RowLoop loop{.rows = 1, .cols = 6};
  LoadStage in = load(0, 6, DataType::Int8);
  in.zero_point = 1;
  in.scale = 0.5F;
  loop.stages = {in};
  loop.steps = 1;
  loop.to.zero_point = 2;
  // (q - 1) / 2: 0.5, 1.5, -0.5, 0, 63, -64.5; halves away from zero, plus 2.
  Bytes8 stored{2, 4, 0, 1, 127, -128};
  EXPECT_EQ(row_loop_results(loop, ByteMemory("buffer", stored)).values,
            (Bytes8{3, 4, 1, 2, 65, -63}));
  loop.steps = 1e30F;  // far beyond int8
  EXPECT_EQ(row_loop_results(loop, ByteMemory("buffer", stored)).values,
            (Bytes8{127, 127, -128, 2, 127, -128}));
  loop.stages.push_back(FunctionStage{.function = RealFunction::Log, .of = 0});  // -0.5: a NaN
  loop.steps = 1;
  EXPECT_EQ(row_loop_results(loop, ByteMemory("buffer", stored)).values,
            (Bytes8{1, 2, 2, -128, 6, 2}));
}

}  // namespace
}  // namespace systole
