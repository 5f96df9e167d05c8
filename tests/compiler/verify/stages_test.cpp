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
  return check_stages({.rows = 2, .cols = 4, .body = RowBody{.stages = std::move(stages)}}).broken;
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
  EXPECT_EQ(broken({LoadStage{}, MaskStage{.of = 0, .kept = -1}}),
            "stage 1: kept is -1, expected at least 0");
  EXPECT_EQ(broken({NumberStage{std::numeric_limits<float>::quiet_NaN()}}),
            "stage 0: value is no number");
}

TEST(VerifyStages, EndInARowOrASingleNumber) {
  const auto result = [](std::vector<Stage> stages) {
    return check_stages({.rows = 1, .cols = 4, .body = RowBody{.stages = std::move(stages)}})
        .result;
  };
  EXPECT_EQ(result({LoadStage{}}), Made::Row);
  EXPECT_EQ(result({LoadStage{.single = true}}), Made::Single);
  EXPECT_EQ(result({LoadStage{}, NumberStage{1}, PairStage{.a = 0, .b = 1}}), Made::Row);
  EXPECT_EQ(result({LoadStage{}, ReduceStage{.of = 0}}), Made::Single);
}

TEST(VerifyStages, RealsAndIntegersDoNotMeet) {
  const LoadStage integers{.integer = true};
  EXPECT_EQ(broken({integers, LoadStage{}, PairStage{.a = 0, .b = 1}}),
            "stage 2: a is 0, integers, but b is 1, reals");
  EXPECT_EQ(broken({integers, PairStage{.kind = PairKind::Divide, .a = 0, .b = 0}}),
            "stage 1: kind is divide, but the numbers are integers");
  EXPECT_EQ(broken({integers, FunctionStage{.of = 0}}),
            "stage 1: of is 0, integers, expected reals");
  EXPECT_EQ(broken({SumsStage{}, MaskStage{.of = 0}}),
            "stage 1: of is 0, integers, expected reals");
  EXPECT_EQ(broken({SumsStage{.type = DataType::Fp32}, ScaleStage{.of = 0}}),
            "stage 1: of is 0, reals, expected integers");
  EXPECT_EQ(broken({LoadStage{}, ClampStage{.of = 0}}),
            "stage 1: of is 0, reals, expected integers");
  EXPECT_EQ(broken({WindowStage{.type = DataType::Bf16}, LookupStage{.of = 0}}),
            "stage 1: of is 0, reals, expected integers");
  EXPECT_EQ(broken({integers, RoundStage{.of = 0}}), "stage 1: of is 0, integers, expected reals");
  EXPECT_EQ(broken({integers, ClampStage{.of = 0, .low = 1, .high = 0}}),
            "stage 1: low is 1, expected up to high, 0");
}

TEST(VerifyStages, ADivisorIsASingleInteger) {
  const LoadStage integers{.integer = true};
  EXPECT_EQ(broken({integers, integers, ScaleStage{.of = 0, .divisor = 1}}),
            "stage 2: divisor is 1, expected a single integer");
  EXPECT_EQ(broken({integers, NumberStage{1}, ScaleStage{.of = 0, .divisor = 1}}),
            "stage 2: divisor is 1, expected a single integer");
  EXPECT_EQ(broken({integers, ReduceStage{.of = 0}, integers, ScaleStage{.of = 2, .divisor = 1}}),
            "");
}

/// In place of fc's requantisation of the two-layer program, 3 values: y = a's first three + bias.
struct LoopProgram {
  Program program = testing::two_layer_program();
  RowLoop loop{.rows = 1, .cols = 3};
  RowBody body;

  LoopProgram() {
    loop.operands.push_back({.address = 64, .tensor = testing::kA});
    loop.out = {.address = 0, .tensor = testing::kY};
    body.to.pitch = 3;
  }

  [[nodiscard]] std::string violation(Stage stage) {
    body.stages = {std::move(stage)};
    loop.body = body;
    Program changed = program;
    changed.stream(EngineKind::Vector).push_back({.layer = 1, .operation = loop});
    return verify(testing::small_chip(), changed).value_or("safe");
  }
};

const std::string kWhere = "vector[2] row_loop of layer 'fc': ";

TEST(VerifyStages, TheirLoadsAreRowsOfTheTensorTheyName) {
  LoopProgram one;
  EXPECT_EQ(one.violation(LoadStage{.type = DataType::Bf16}),
            kWhere + "load is of type bf16, but 'a' holds int8");
  EXPECT_EQ(one.violation(LoadStage{.type = DataType::Int16}),
            kWhere + "load is of type int16, expected int8 or a floating type");
  EXPECT_EQ(one.violation(LoadStage{.scale = 0}),
            kWhere + "load scale is 0, expected a positive number");
  EXPECT_EQ(one.violation(LoadStage{.swapped = true}),
            kWhere + "load of 3 swapped elements, expected an even number");
  EXPECT_EQ(one.violation(LoadStage{.zero_point = 128}),
            kWhere + "load zero_point is 128, expected -128..127");
  EXPECT_EQ(one.violation(LoadStage{.operand = 1}),
            kWhere + "operand is 1, but the program has 1 of them");
  EXPECT_EQ(one.violation(LoadStage{.type = DataType::Bf16, .integer = true}),
            kWhere + "load makes integers, but the type is bf16");
  EXPECT_EQ(one.violation(LoadStage{.integer = true, .multiplier = -1}),
            kWhere + "load multiplier is -1, expected 0..2147483647");
  EXPECT_EQ(one.violation(LoadStage{.multiplier = 2}), kWhere + "load multiplier is 2, expected 1");
  one.body.to.steps = -1;
  EXPECT_EQ(one.violation(LoadStage{}), kWhere + "steps is -1, expected a positive number");
  one.body.to.steps = 2;
  EXPECT_EQ(one.violation(LoadStage{.integer = true}), kWhere + "steps is 2, expected 1");
  one.body.to.steps = 1;
  one.loop.first = -1;
  EXPECT_EQ(one.violation(LoadStage{}), kWhere + "first is -1, expected 0..2147483647");
  one.loop.first = 0;
  one.loop.operands.edit(0).address = 65;
  EXPECT_EQ(one.violation(LoadStage{}),
            kWhere +
                "load reads 'a' byte 0 at unified buffer 65, which holds 'a' byte 1 from vector[0] "
                "row_loop of layer 'conv1'");
}

TEST(VerifyStages, SumsWindowsAndTablesHaveTypesOfTheirOwn) {
  LoopProgram one;
  EXPECT_EQ(one.violation(SumsStage{.type = DataType::Int8}),
            kWhere + "sums are of type int8, expected int32 or fp32");
  const WindowStage walk{.window = {.pixel_pitch = 3, .channels = 3}};
  const auto window = [&](void (*change)(WindowStage&)) {
    WindowStage changed = walk;
    change(changed);
    return one.violation(changed);
  };
  EXPECT_EQ(window([](WindowStage& w) { w.type = DataType::Int16; }),
            kWhere + "window is of type int16, expected int8 or a floating type");
  EXPECT_EQ(window([](WindowStage& w) { w.window.channels = 2; }),
            kWhere + "channels is 2, expected 3");
  EXPECT_EQ(window([](WindowStage& w) { w.window.source.address = 1; }),
            kWhere + "window has a source of its own beside the operand");
  EXPECT_EQ(window([](WindowStage& w) { w.zero_point = -129; }),
            kWhere + "window zero_point is -129, expected -128..127");
  EXPECT_EQ(window([](WindowStage& w) { w.count_padding = true; }),
            kWhere + "a maximum does not count padding");
  one.loop.operands.edit(0) = {.address = 48, .tensor = testing::kBias2};
  EXPECT_EQ(window([](WindowStage& /*w*/) {}),
            kWhere + "window source is of type int8, but 'bias2' holds int32");
  LoopProgram other;
  other.body.stages = {};
  RowBody body{.stages = {LoadStage{.integer = true},
                          LookupStage{.of = 0, .type = DataType::Bf16, .first = -128}},
               .to = {.pitch = 3}};
  other.loop.body = body;
  other.program.stream(EngineKind::Vector).push_back({.layer = 1, .operation = other.loop});
  EXPECT_EQ(verify(testing::small_chip(), other.program),
            kWhere + "table is of type bf16, expected int8 or int32");
  LoopProgram third;
  body.stages = {LoadStage{}, RoundStage{.of = 0, .type = DataType::Int8}};
  third.loop.body = body;
  third.program.stream(EngineKind::Vector).push_back({.layer = 1, .operation = third.loop});
  EXPECT_EQ(verify(testing::small_chip(), third.program),
            kWhere + "round is to type int8, expected a floating type");
}

TEST(VerifyStages, ColumnsAreThoseOfARowOfIntegers) {
  EXPECT_EQ(broken({SumsStage{}, ColumnScaleStage{.of = 0}}), "");
  EXPECT_EQ(broken({LoadStage{}, ColumnScaleStage{.of = 0}}),
            "stage 1: of is 0, reals, expected integers");
  EXPECT_EQ(broken({LoadStage{.integer = true}, ReduceStage{.of = 0}, ColumnScaleStage{.of = 1}}),
            "stage 2: of is 1, a single number, expected a row");
}

}  // namespace
}  // namespace systole::verification
