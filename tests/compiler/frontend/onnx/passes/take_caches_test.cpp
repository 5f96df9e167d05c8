#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "compiler/frontend/onnx/passes/passes.h"
#include "tests/compiler/frontend/onnx/model_numbers.h"

namespace systole {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::FloatNear;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pointwise;

/// Scores of one token of two heads of two features, with keys of two tokens before it.
void add_scores(ModelBuilder& model) {
  model.input("q", {1, 2, 1, 2})
      .input("k", {1, 2, 1, 2})
      .input("past", {1, 2, 2, 2})
      .node("Concat", {"past", "k"}, {"present"}, {{"axis", std::int64_t{2}}}, "grow")
      .node("Transpose", {"present"}, {"t"}, {{"perm", std::vector<std::int64_t>{0, 1, 3, 2}}})
      .node("MatMul", {"q", "t"}, {"y"})
      .output("y");
}

TEST(TakeCaches, KeysThatGrowAreAState) {
  ModelBuilder model;
  add_scores(model);
  model.output("present");
  const ModelNumbers numbers;
  const Network network = numbers.read(model);
  EXPECT_THAT(kinds_of(network.graph), Contains("append"));
  ASSERT_EQ(network.graph.states.size(), 1U);
  const GraphTensor& state = network.graph.tensor(network.graph.states[0]);
  EXPECT_EQ(state.name, "past");
  EXPECT_THAT(state.type.extents, ElementsAre(1, 2, 3, 2));
  ASSERT_EQ(network.graph.outputs.size(), 1U);
  EXPECT_EQ(network.graph.tensor(network.graph.outputs[0]).name, "y");
  EXPECT_THAT(numbers.explained(model), HasSubstr("take_caches                           1\n"));
}

TEST(TakeCaches, TheExplanationSaysWhatLayersCost) {
  ModelBuilder model;
  add_scores(model);
  model.output("present");
  // Two heads of one token, three keys, two features: 12 products, 6 scores.
  EXPECT_THAT(
      ModelNumbers().explained(model),
      HasSubstr("Layers:                             nodes               MACs      elements "
                "made\n"
                "  append                                1                  0                 "
                "12\n"
                "  matmul                                1                 12                  "
                "6\n"));
}

TEST(TakeCaches, TheNewTokensStandBehindThoseOfTheFile) {
  ModelBuilder model;
  add_scores(model);
  model.output("present");
  const auto made =
      ModelNumbers().run(model, {{"q", {{1, 2, 1, 2}, {1, 10, 100, 1000}}},
                                 {"k", {{1, 2, 1, 2}, {5, 6, 7, 8}}},
                                 {"past", {{1, 2, 2, 2}, {1, 2, 3, 4, 11, 12, 13, 14}}}});
  // Head 0: 1 + 20, 3 + 40, 5 + 60; head 1: 1100 + 12000, 1300 + 14000, 700 + 8000.
  EXPECT_THAT(made.at("y"),
              Pointwise(FloatNear(1e-3F), {21.0F, 43.0F, 65.0F, 13100.0F, 15300.0F, 8700.0F}));
}

TEST(TakeCaches, TokensBeforeHeadsAreHeldByHead) {
  ModelBuilder model;
  model.input("q", {1, 2, 1, 2})
      .input("k", {1, 1, 2, 2})
      .input("past", {1, 2, 2, 2})
      .node("Concat", {"past", "k"}, {"present"}, {{"axis", std::int64_t{1}}}, "grow")
      .node("Transpose", {"present"}, {"t"}, {{"perm", std::vector<std::int64_t>{0, 2, 3, 1}}})
      .node("MatMul", {"q", "t"}, {"y"})
      .output("y")
      .output("present");
  const std::map<std::string, GivenInput> inputs{
      {"q", {{1, 2, 1, 2}, {1, 10, 100, 1000}}},
      {"k", {{1, 1, 2, 2}, {5, 6, 7, 8}}},
      {"past", {{1, 2, 2, 2}, {1, 2, 11, 12, 3, 4, 13, 14}}}};
  const ModelNumbers numbers;
  const Network network = numbers.read(model, inputs);
  ASSERT_EQ(network.graph.states.size(), 1U);
  EXPECT_THAT(network.graph.tensor(network.graph.states[0]).type.extents, ElementsAre(1, 2, 3, 2));
  const auto made = numbers.run(model, inputs);
  // The numbers of the test before.
  EXPECT_THAT(made.at("y"),
              Pointwise(FloatNear(1e-3F), {21.0F, 43.0F, 65.0F, 13100.0F, 15300.0F, 8700.0F}));
  EXPECT_THAT(made.at("present"), ElementsAre(1, 2, 11, 12, 3, 4, 13, 14, 5, 6, 7, 8));
}

TEST(TakeCaches, WhatAProductCannotReadAsItLiesIsCopied) {
  ModelBuilder model;  // matrices of heads and tokens, one for each feature
  model.input("q", {1, 2, 1, 2})
      .input("k", {1, 2, 1, 2})
      .input("past", {1, 2, 2, 2})
      .node("Concat", {"past", "k"}, {"present"}, {{"axis", std::int64_t{2}}}, "grow")
      .node("Transpose", {"present"}, {"t"}, {{"perm", std::vector<std::int64_t>{0, 3, 1, 2}}})
      .node("MatMul", {"q", "t"}, {"y"})
      .output("y")
      .output("present");
  EXPECT_THAT(ModelNumbers().read(model).graph.states, IsEmpty());
  const auto made =
      ModelNumbers().run(model, {{"q", {{1, 2, 1, 2}, {1, 10, 100, 1000}}},
                                 {"k", {{1, 2, 1, 2}, {5, 6, 7, 8}}},
                                 {"past", {{1, 2, 2, 2}, {1, 2, 3, 4, 11, 12, 13, 14}}}});
  // Feature 0: 1 3 5 of head 0, 11 13 7 of head 1; feature 1: 2 4 6 and 12 14 8.
  EXPECT_THAT(made.at("y"),
              Pointwise(FloatNear(1e-2F), {111.0F, 133.0F, 75.0F, 12200.0F, 14400.0F, 8600.0F}));
}

TEST(TakeCaches, BeforeTheFirstTokenThereIsNone) {
  ModelBuilder model;
  model.input("q", {1, 2, 1, 2})
      .input("k", {1, 2, 1, 2})
      .input("past", {1, 2, -1, 2}, {"", "", "past_length", ""})
      .node("Concat", {"past", "k"}, {"present"}, {{"axis", std::int64_t{2}}}, "grow")
      .node("Transpose", {"present"}, {"t"}, {{"perm", std::vector<std::int64_t>{0, 1, 3, 2}}})
      .node("MatMul", {"q", "t"}, {"y"})
      .output("y")
      .output("present");
  const auto made = ModelNumbers({{"past_length", 0}})
                        .run(model, {{"q", {{1, 2, 1, 2}, {1, 10, 100, 1000}}},
                                     {"k", {{1, 2, 1, 2}, {5, 6, 7, 8}}}});
  EXPECT_THAT(made.at("y"), ElementsAre(65, 8700));
  EXPECT_THAT(made.at("present"), ElementsAre(5, 6, 7, 8));
}

TEST(TakeCaches, AnInputThatOthersReadTooIsNone) {
  ModelBuilder model;
  add_scores(model);
  model.node("Relu", {"past"}, {"r"}).output("present").output("r");
  EXPECT_THAT(ModelNumbers().read(model).graph.states, IsEmpty());
}

TEST(TakeCaches, WhatNobodyKeepsIsNone) {
  ModelBuilder model;
  add_scores(model);
  EXPECT_THAT(ModelNumbers().read(model).graph.states, IsEmpty());
}

TEST(TakeCaches, ANumberOfTokensOtherThanTheFilesIsAnError) {
  ModelBuilder model;
  add_scores(model);
  model.output("present");
  EXPECT_THAT(
      [&] {
        static_cast<void>(
            ModelNumbers().read(model, {{"past", {{1, 2, 3, 2}, std::vector<float>(12, 0.0F)}}}));
      },
      ::testing::ThrowsMessage<UserError>(
          HasSubstr("past.npy: expected shape (1, 2, 2, 2), got (1, 2, 3, 2)")));
}

}  // namespace
}  // namespace systole
