#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "compiler/frontend/onnx/passes/passes.h"
#include "tests/compiler/frontend/onnx/model_numbers.h"

namespace systole {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::FloatNear;
using ::testing::Not;
using ::testing::Pointwise;

constexpr int kTokens = 3;
constexpr int kFirst = 2;

/// Of base 100, features twice: [tokens, 4].
std::vector<float> table(double (*function)(double)) {
  std::vector<float> numbers;
  for (int token = 0; token < kTokens; ++token) {
    for (int feature = 0; feature < 4; ++feature) {
      const double angle = (token + kFirst) / (feature % 2 == 0 ? 1.0 : 10.0);
      numbers.push_back(static_cast<float>(function(angle)));
    }
  }
  return numbers;
}

double cosine(double x) {
  return std::cos(x);
}
double sine(double x) {
  return std::sin(x);
}

/// As exporters spell the rotation of [1, tokens, 2 heads * 4 features] out.
void add_rotation(ModelBuilder& model, const std::vector<float>& sines) {
  const ModelBuilder::Attribute exchange{"perm", std::vector<std::int64_t>{0, 2, 1, 3}};
  model.input("x", {1, kTokens, 8})
      .integers("split", {4}, {1, kTokens, 2, 4})
      .integers("zero", {1}, {0})
      .integers("two", {1}, {2})
      .integers("end", {1}, {100})
      .integers("last", {1}, {3})
      .floats("cos", {1, 1, kTokens, 4}, table(cosine))
      .floats("sin", {1, 1, kTokens, 4}, sines)
      .node("Reshape", {"x", "split"}, {"r"})
      .node("Transpose", {"r"}, {"q"}, {exchange})
      .node("Mul", {"q", "cos"}, {"straight"})
      .node("Slice", {"q", "two", "end", "last"}, {"second"})
      .node("Neg", {"second"}, {"negative"})
      .node("Slice", {"q", "zero", "two", "last"}, {"first"})
      .node("Concat", {"negative", "first"}, {"turned"}, {{"axis", std::int64_t{-1}}})
      .node("Mul", {"turned", "sin"}, {"across"})
      .node("Add", {"straight", "across"}, {"y"})
      .output("y");
}

TEST(RecogniseRotary, WhatExportersSpellOutIsOneLayer) {
  ModelBuilder model;
  add_rotation(model, table(sine));
  const ModelNumbers numbers;
  const Network network = numbers.read(model);
  ASSERT_THAT(kinds_of(network.graph), ElementsAre("rotary"));
  const auto& rotary = std::get<RotateRows>(network.graph.nodes[0].op);
  EXPECT_EQ(rotary.heads, 2);
  EXPECT_EQ(rotary.base, 100);
  EXPECT_EQ(rotary.first, kFirst);
  const std::vector<float> x = some_numbers(24);
  std::vector<float> wanted;  // [head][token][feature]
  for (int head = 0; head < 2; ++head) {
    for (int token = 0; token < kTokens; ++token) {
      for (int feature = 0; feature < 4; ++feature) {
        const double angle = (token + kFirst) / (feature % 2 == 0 ? 1.0 : 10.0);
        const auto at = [&](int f) {
          return static_cast<double>(x[static_cast<std::size_t>(token * 8 + head * 4 + f)]);
        };
        const double other = feature < 2 ? -at(feature + 2) : at(feature - 2);
        wanted.push_back(
            static_cast<float>(at(feature) * std::cos(angle) + other * std::sin(angle)));
      }
    }
  }
  EXPECT_THAT(numbers.run(model, {{"x", {{1, kTokens, 8}, x}}}).at("y"),
              Pointwise(FloatNear(1e-5F), wanted));
}

TEST(RecogniseRotary, OtherAnglesStay) {
  ModelBuilder model;
  std::vector<float> sines = table(sine);
  sines[5] += 0.1F;
  sines[7] += 0.1F;
  add_rotation(model, sines);
  EXPECT_THAT(kinds_of(ModelNumbers().read(model).graph), Not(Contains("rotary")));
}

}  // namespace
}  // namespace systole
