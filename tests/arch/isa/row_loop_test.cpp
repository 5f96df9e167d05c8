#include "arch/isa/row_loop.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace systole {
namespace {

using testing::ElementsAre;

/// A mean, a difference from it, and the larger of that and a number.
std::vector<Stage> centred() {
  return {LoadStage{},
          ReduceStage{.of = 0},
          NumberStage{0.25F},
          PairStage{.kind = PairKind::Multiply, .a = 1, .b = 2},
          LoadStage{},
          PairStage{.kind = PairKind::Subtract, .a = 4, .b = 3},
          PairStage{.kind = PairKind::Larger, .a = 5, .b = 2}};
}

TEST(RowLoop, WhatReducesEndsAPass) {
  EXPECT_THAT(passes_of({}), ElementsAre());
  EXPECT_THAT(passes_of(centred()), ElementsAre(0, 0, 1, 1, 1, 1, 1));
  // Two reductions of one row end it together.
  EXPECT_THAT(passes_of({LoadStage{}, ReduceStage{.of = 0},
                         ReduceStage{.kind = ReduceKind::Largest, .of = 0}, NumberStage{}}),
              ElementsAre(0, 0, 0, 1));
}

TEST(RowLoop, ReductionsAndNumbersAndWhatIsMadeOfTheseAloneAreSingle) {
  EXPECT_THAT(singles_of(centred()), ElementsAre(false, true, true, true, false, false, false));
  EXPECT_THAT(singles_of({LoadStage{.single = true}, FunctionStage{.of = 0}, RoundStage{.of = 1},
                          SumsStage{}, RoundStage{.of = 3}}),
              ElementsAre(true, true, true, false, false));
  // A stage that names none before it is a row.
  EXPECT_THAT(singles_of({FunctionStage{.of = 0}, FunctionStage{.of = -1}}),
              ElementsAre(false, false));
}

TEST(RowLoop, WritesOneNumberWhereTheLastStageMakesOne) {
  std::vector<Stage> stages = centred();
  EXPECT_EQ(result_cols({.cols = 7, .body = RowBody{.stages = stages}}), 7);
  stages.resize(4);
  EXPECT_EQ(result_cols({.cols = 7, .body = RowBody{.stages = stages}}), 1);
  EXPECT_EQ(result_cols({.cols = 7}), 7);
}

TEST(RowLoop, TakesSumsOfTheTypeThatAStageSays) {
  EXPECT_EQ(sums_of({.stages = centred()}), std::nullopt);
  EXPECT_EQ(sums_of({.stages = {LoadStage{}, SumsStage{.type = DataType::Fp32}}}), DataType::Fp32);
}

TEST(OperandList, ChangesReachNoCopy) {
  OperandList one{{.address = 8}, {.address = 16}};
  OperandList two = one;
  EXPECT_EQ(one, two);
  two.edit(1).address = 24;
  EXPECT_EQ(one[1].address, 16);
  EXPECT_EQ(two[1].address, 24);
  EXPECT_NE(one, two);
  two.push_back({.address = 32});
  EXPECT_EQ(two.size(), 3U);
  EXPECT_EQ(one.size(), 2U);
  EXPECT_EQ(OperandList(), OperandList({}));
}

TEST(RecentLoops, ShareEqualOperandsAndBodies) {
  RecentLoops recent;
  OperandList one{{.address = 8}};
  OperandList two{{.address = 8}};
  OperandList three{{.address = 16}};
  ASSERT_NE(&one[0], &two[0]);
  recent.share(one);
  recent.share(two);
  recent.share(three);
  EXPECT_EQ(&one[0], &two[0]);
  EXPECT_NE(&one[0], &three[0]);
  SharedBody body = RowBody{.stages = centred()};
  SharedBody same = RowBody{.stages = centred()};
  recent.share(body);
  recent.share(same);
  EXPECT_EQ(&*body, &*same);
}

/// It forgets the oldest of sixteen.
TEST(RecentLoops, RememberNotAll) {
  RecentLoops recent;
  OperandList first{{.address = 0}};
  recent.share(first);
  for (std::int64_t address = 1; address <= 16; ++address) {
    OperandList other{{.address = address}};
    recent.share(other);
  }
  OperandList again{{.address = 0}};
  recent.share(again);
  EXPECT_NE(&first[0], &again[0]);
}

}  // namespace
}  // namespace systole
