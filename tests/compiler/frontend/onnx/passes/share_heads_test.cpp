#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "compiler/frontend/onnx/passes/passes.h"
#include "tests/compiler/frontend/onnx/model_numbers.h"

namespace systole {
namespace {

using ::testing::ElementsAre;

/// Keys of one head, repeated for two as exporters of Llama do.
void add_repeated(ModelBuilder& model, const std::vector<std::int64_t>& times) {
  model.input("q", {1, 2, 1, 2})
      .input("k", {1, 1, 3, 2})
      .integers("axis", {1}, {2})
      .integers("times", {5}, times)
      .integers("shape", {4}, {1, 2, 3, 2})
      .node("Unsqueeze", {"k", "axis"}, {"one"})
      .node("Expand", {"one", "times"}, {"many"})
      .node("Reshape", {"many", "shape"}, {"all"})
      .node("Transpose", {"all"}, {"t"}, {{"perm", std::vector<std::int64_t>{0, 1, 3, 2}}})
      .node("MatMul", {"q", "t"}, {"y"})
      .output("y");
}

TEST(ShareHeads, RepeatedKeysAreReadInPlace) {
  ModelBuilder model;
  add_repeated(model, {1, 1, 2, 3, 2});
  const ModelNumbers numbers;
  const Network network = numbers.read(model);
  ASSERT_THAT(kinds_of(network.graph), ElementsAre("reshape", "matmul"));
  const auto& product = std::get<Matmul>(network.graph.nodes[1].op);
  EXPECT_EQ(product.heads, 2);
  EXPECT_EQ(product.kv_heads, 1);
  const auto made = numbers.run(model, {{"q", {{1, 2, 1, 2}, {1, 10, 100, 1000}}},
                                        {"k", {{1, 1, 3, 2}, {1, 2, 3, 4, 5, 6}}}});
  EXPECT_THAT(made.at("y"), ElementsAre(21, 43, 65, 2100, 4300, 6500));
}

TEST(ShareHeads, TokensMayStandBeforeHeads) {
  ModelBuilder model;
  model.input("q", {1, 2, 1, 2})
      .input("k", {1, 3, 1, 2})
      .integers("axis", {1}, {3})
      .integers("times", {5}, {1, 3, 1, 2, 2})
      .integers("shape", {4}, {1, 3, 2, 2})
      .node("Unsqueeze", {"k", "axis"}, {"one"})
      .node("Expand", {"one", "times"}, {"many"})
      .node("Reshape", {"many", "shape"}, {"all"})
      .node("Transpose", {"all"}, {"t"}, {{"perm", std::vector<std::int64_t>{0, 2, 3, 1}}})
      .node("MatMul", {"q", "t"}, {"y"})
      .output("y");
  const ModelNumbers numbers;
  const Network network = numbers.read(model);
  EXPECT_EQ(std::get<Matmul>(network.graph.nodes.back().op).kv_heads, 1);
  const auto made = numbers.run(model, {{"q", {{1, 2, 1, 2}, {1, 10, 100, 1000}}},
                                        {"k", {{1, 3, 1, 2}, {1, 2, 3, 4, 5, 6}}}});
  EXPECT_THAT(made.at("y"), ElementsAre(21, 43, 65, 2100, 4300, 6500));
}

}  // namespace
}  // namespace systole
