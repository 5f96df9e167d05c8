#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "compiler/frontend/onnx/passes/passes.h"
#include "tests/compiler/frontend/onnx/model_numbers.h"

namespace systole {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;

constexpr int kInt64 = 7;

/// Embeddings of two tokens of a vocabulary of three, and what is added to them.
void add_embeddings(ModelBuilder& model) {
  model.input("x", {1, 2, 2})
      .input("tokens", {1, 2}, {}, kInt64)
      .floats("table", {3, 2}, {0, 1, 10, 11, 20, 21})
      .node("Gather", {"table", "tokens"}, {"rows"}, {{"axis", std::int64_t{0}}}, "embed")
      .node("Add", {"x", "rows"}, {"y"})
      .output("y");
}

TEST(TakeIndices, RowsAreThoseThatTheRunsNumbersName) {
  ModelBuilder model;
  add_embeddings(model);
  const ModelNumbers numbers;
  EXPECT_THAT(kinds_of(numbers.read(model).graph), Contains("gather"));
  EXPECT_THAT(
      numbers.run(model, {{"x", {{1, 2, 2}, {100, 200, 300, 400}}}, {"tokens", {{1, 2}, {2, 0}}}})
          .at("y"),
      ElementsAre(120, 221, 300, 401));
}

TEST(TakeIndices, RowsOfABatchAreOneList) {
  ModelBuilder model;
  model.input("x", {2, 1, 2})
      .input("tokens", {2, 1}, {}, kInt64)
      .floats("table", {3, 2}, {0, 1, 10, 11, 20, 21})
      .node("Gather", {"table", "tokens"}, {"rows"})
      .node("Add", {"x", "rows"}, {"y"})
      .output("y");
  EXPECT_THAT(
      ModelNumbers()
          .run(model, {{"x", {{2, 1, 2}, {100, 200, 300, 400}}}, {"tokens", {{2, 1}, {2, 0}}}})
          .at("y"),
      ElementsAre(120, 221, 300, 401));
}

TEST(TakeIndices, RowsThatTheTableDoesNotHaveAreRefused) {
  ModelBuilder model;
  add_embeddings(model);
  EXPECT_THAT(
      [&] {
        static_cast<void>(ModelNumbers().read(model, {{"tokens", {{1, 2}, {3, 0}}}}));
      },
      ::testing::ThrowsMessage<UserError>(
          ::testing::HasSubstr("m.onnx: Gather: expected rows of 0..2, got 3, in 1 node (embed)")));
}

TEST(TakeIndices, WhatIsComputedWithStaysAnInput) {
  ModelBuilder model;
  add_embeddings(model);
  model.node("Cast", {"tokens"}, {"z"}, {{"to", std::int64_t{1}}}).output("z");
  EXPECT_EQ(ModelNumbers().message_of(model),
            "m.onnx: Gather: expected indices that stand in the file, got such that depend on "
            "inputs, in 1 node (embed)");
}

}  // namespace
}  // namespace systole
