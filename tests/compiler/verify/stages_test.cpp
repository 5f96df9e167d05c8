#include "compiler/verify/stages.h"

#include <limits>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "compiler/verify/verify.h"
#include "tests/compiler/verify/support/two_layer_program.h"

namespace systole::verification {
namespace {

std::string broken(std::vector<Stage> stages) {
  return check_stages({.rows = 2, .cols = 4, .stages = std::move(stages)}).broken;
}

TEST(VerifyStages, ARowLastsAsLongAsItsPass) {
  const ReduceStage sum{.of = 0};
  EXPECT_EQ(broken({LoadStage{}, sum, PairStage{.a = 0, .b = 1}}),
            "stage 2: a is 0, a row of pass 0, but this is pass 1");
  EXPECT_EQ(broken({LoadStage{}, sum, LoadStage{}, PairStage{.a = 2, .b = 1}}), "");
  // Two reductions of one pass; a single number lasts.
  EXPECT_EQ(broken({LoadStage{}, sum, ReduceStage{.kind = ReduceKind::Largest, .of = 0},
                    PairStage{.a = 1, .b = 2}, LoadStage{}, ReduceStage{.of = 4},
                    PairStage{.a = 3, .b = 5}}),
            "");
}

TEST(VerifyStages, NameValuesBeforeThem) {
  EXPECT_EQ(broken({}), "the loop has no stages");
  EXPECT_EQ(broken({FunctionStage{.of = 0}}), "stage 0: of is 0, but no stage is before it");
  EXPECT_EQ(broken({LoadStage{}, PairStage{.a = 0, .b = 1}}), "stage 1: b is 1, expected 0..0");
  EXPECT_EQ(broken({LoadStage{}, PairStage{.a = -1, .b = 0}}), "stage 1: a is -1, expected 0..0");
}

TEST(VerifyStages, ReduceAndMaskRows) {
  EXPECT_EQ(broken({NumberStage{1}, ReduceStage{.of = 0}}),
            "stage 1: of is 0, a single number already");
  EXPECT_EQ(broken({NumberStage{1}, MaskStage{.of = 0}}),
            "stage 1: of is 0, a single number, expected a row");
  EXPECT_EQ(broken({LoadStage{}, MaskStage{.of = 0, .period = 0}}),
            "stage 1: period is 0, expected at least 1");
  EXPECT_EQ(broken({LoadStage{}, MaskStage{.of = 0, .first = -1}}),
            "stage 1: first is -1, expected at least 0");
  EXPECT_EQ(broken({NumberStage{std::numeric_limits<float>::quiet_NaN()}}),
            "stage 0: value is no number");
}

TEST(VerifyStages, EndInARowOrASingleNumber) {
  const auto result = [](std::vector<Stage> stages) {
    return check_stages({.rows = 1, .cols = 4, .stages = std::move(stages)}).result;
  };
  EXPECT_EQ(result({LoadStage{}}), Made::Row);
  EXPECT_EQ(result({LoadStage{.single = true}}), Made::Single);
  EXPECT_EQ(result({LoadStage{}, NumberStage{1}, PairStage{.a = 0, .b = 1}}), Made::Row);
  EXPECT_EQ(result({LoadStage{}, ReduceStage{.of = 0}}), Made::Single);
}

/// In place of fc's requantisation of the two-layer program, 3 values: y = a's first three + bias.
struct LoopProgram {
  Program program = testing::two_layer_program();
  RowLoop loop;

  LoopProgram() {
    loop = {.rows = 1, .cols = 3};
    loop.stages = {LoadStage{.from = {.address = 64, .tensor = testing::kA}}};
    loop.to = {.out = {.address = 0, .tensor = testing::kY}, .pitch = 3};
  }
  [[nodiscard]] std::string violation() {
    Program changed = program;
    changed.stream(Engine::Vector).push_back({.layer = 1, .operation = loop});
    return verify(testing::small_chip(), changed).value_or("safe");
  }
};

TEST(VerifyStages, TheirLoadsAreRowsOfTheTensorTheyName) {
  LoopProgram one;
  auto& load = std::get<LoadStage>(one.loop.stages[0]);
  load.type = DataType::Bf16;
  EXPECT_EQ(one.violation(),
            "vector[2] row_loop of layer 'fc': load is of type bf16, but 'a' holds int8");
  load.type = DataType::Int16;
  EXPECT_EQ(one.violation(),
            "vector[2] row_loop of layer 'fc': load is of type int16, expected int8 or a floating "
            "type");
  load = {.from = {.address = 64, .tensor = testing::kA}, .scale = 0};
  EXPECT_EQ(one.violation(),
            "vector[2] row_loop of layer 'fc': load scale is 0, expected a positive number");
  load = {.from = {.address = 64, .tensor = testing::kA}, .zero_point = 128};
  EXPECT_EQ(one.violation(),
            "vector[2] row_loop of layer 'fc': load zero_point is 128, expected -128..127");
  load = {.from = {.address = 65, .tensor = testing::kA}};
  EXPECT_EQ(one.violation(),
            "vector[2] row_loop of layer 'fc': load reads 'a' byte 0 at unified buffer 65, which "
            "holds 'a' byte 1 from vector[0] requantize of layer 'conv1'");
  load = {.from = {.address = 64, .tensor = testing::kA}};
  one.loop.steps = -1;
  EXPECT_EQ(one.violation(),
            "vector[2] row_loop of layer 'fc': steps is -1, expected a positive number");
}

}  // namespace
}  // namespace systole::verification
