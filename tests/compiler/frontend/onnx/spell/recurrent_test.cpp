#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/compiler/frontend/onnx/model_numbers.h"

namespace systole {
namespace {

using ::testing::FloatNear;
using ::testing::Pointwise;

constexpr float kNear = 2e-5F;

double sigmoid(double x) {
  return 1 / (1 + std::exp(-x));
}

/// Layers of one cell, so that weights are numbers: a row of them for each gate.
struct Cell {
  std::vector<double> w, r, wb, rb;
};

/// Numbers of the input for each step; a sequence of the outputs.
std::vector<double> lstm(const Cell& cell, const std::vector<double>& x, double& last_cell) {
  std::vector<double> outputs;
  double h = 0;
  double c = 0;
  for (const double value : x) {
    const auto gate = [&](std::size_t i) {
      return cell.w[i] * value + cell.r[i] * h + cell.wb[i] + cell.rb[i];
    };
    const double kept = sigmoid(gate(2)) * c;
    const double added = sigmoid(gate(0)) * std::tanh(gate(3));
    c = kept + added;
    h = sigmoid(gate(1)) * std::tanh(c);
    outputs.push_back(h);
  }
  last_cell = c;
  return outputs;
}

std::vector<double> gru(const Cell& cell, const std::vector<double>& x, bool resets_behind) {
  std::vector<double> outputs;
  double h = 0;
  for (const double value : x) {
    const auto own = [&](std::size_t i) { return cell.w[i] * value + cell.wb[i]; };
    const double z = sigmoid(own(0) + cell.r[0] * h + cell.rb[0]);
    const double r = sigmoid(own(1) + cell.r[1] * h + cell.rb[1]);
    const double n = std::tanh(own(2) + (resets_behind ? r * (cell.r[2] * h + cell.rb[2])
                                                       : cell.r[2] * (r * h) + cell.rb[2]));
    h = (1 - z) * n + z * h;
    outputs.push_back(h);
  }
  return outputs;
}

std::vector<float> as_floats(const std::vector<double>& numbers) {
  return {numbers.begin(), numbers.end()};
}

std::vector<float> joined(std::vector<double> first, const std::vector<double>& second) {
  first.insert(first.end(), second.begin(), second.end());
  return as_floats(first);
}

const std::vector<double> kInput{0.5, -1.0, 2.0};
const Cell kLstm{.w = {0.5, -0.25, 1.0, 0.75},
                 .r = {0.25, 0.5, -0.5, 1.0},
                 .wb = {0.125, 0, -0.125, 0.25},
                 .rb = {0, 0.5, 0.25, -0.25}};
const Cell kGru{
    .w = {0.5, -0.25, 1.0}, .r = {0.25, 0.5, -0.5}, .wb = {0.125, 0, -0.125}, .rb = {0, 0.5, 0.25}};

void add_weights(ModelBuilder& model, const Cell& cell) {
  const auto gates = static_cast<std::int64_t>(cell.w.size());
  model.input("x", {3, 1, 1})
      .floats("w", {1, gates, 1}, as_floats(cell.w))
      .floats("r", {1, gates, 1}, as_floats(cell.r))
      .floats("b", {1, 2 * gates}, joined(cell.wb, cell.rb));
}

class SpelledRecurrence : public ::testing::Test {
 protected:
  [[nodiscard]] std::map<std::string, std::vector<float>> run(const ModelBuilder& model) const {
    return numbers_.run(model, {{"x", {{3, 1, 1}, as_floats(kInput)}}});
  }
  ModelNumbers numbers_;
};

TEST_F(SpelledRecurrence, AnLstmIsAStepForEachOfItsSequence) {
  ModelBuilder model;
  add_weights(model, kLstm);
  model.node("LSTM", {"x", "w", "r", "b"}, {"y", "h", "c"}, {{"hidden_size", std::int64_t{1}}})
      .output("y")
      .output("h")
      .output("c");
  double cell = 0;
  const std::vector<double> wanted = lstm(kLstm, kInput, cell);
  const auto made = run(model);
  EXPECT_THAT(made.at("y"), Pointwise(FloatNear(kNear), as_floats(wanted)));
  EXPECT_THAT(made.at("h"), Pointwise(FloatNear(kNear), as_floats({wanted.back()})));
  EXPECT_THAT(made.at("c"), Pointwise(FloatNear(kNear), as_floats({cell})));
}

TEST_F(SpelledRecurrence, TheOtherDirectionBeginsAtTheEnd) {
  ModelBuilder model;
  add_weights(model, kLstm);
  model
      .node("LSTM", {"x", "w", "r", "b"}, {"y"},
            {{"hidden_size", std::int64_t{1}}, {"direction", std::string("reverse")}})
      .output("y");
  std::vector<double> input = kInput;
  std::reverse(input.begin(), input.end());
  double cell = 0;
  std::vector<double> wanted = lstm(kLstm, input, cell);
  std::reverse(wanted.begin(), wanted.end());
  EXPECT_THAT(run(model).at("y"), Pointwise(FloatNear(kNear), as_floats(wanted)));
}

TEST_F(SpelledRecurrence, BothDirectionsStandSideBySide) {
  ModelBuilder model;
  const std::vector<double> w = kLstm.w;
  model.input("x", {3, 1, 1})
      .floats("w", {2, 4, 1}, joined(kLstm.w, kLstm.w))
      .floats("r", {2, 4, 1}, joined(kLstm.r, kLstm.r))
      .node("LSTM", {"x", "w", "r"}, {"y"},
            {{"hidden_size", std::int64_t{1}}, {"direction", std::string("bidirectional")}})
      .output("y");
  Cell plain = kLstm;
  plain.wb = plain.rb = {0, 0, 0, 0};
  double cell = 0;
  std::vector<double> input = kInput;
  const std::vector<double> forward = lstm(plain, input, cell);
  std::reverse(input.begin(), input.end());
  std::vector<double> back = lstm(plain, input, cell);
  std::reverse(back.begin(), back.end());
  std::vector<double> wanted;
  for (std::size_t step = 0; step < 3; ++step) {
    wanted.insert(wanted.end(), {forward[step], back[step]});
  }
  EXPECT_THAT(run(model).at("y"), Pointwise(FloatNear(kNear), as_floats(wanted)));
}

TEST_F(SpelledRecurrence, AGruResetsBeforeOrBehindItsProduct) {
  for (const bool resets_behind : {false, true}) {
    ModelBuilder model;
    add_weights(model, kGru);
    model
        .node("GRU", {"x", "w", "r", "b"}, {"y"},
              {{"hidden_size", std::int64_t{1}},
               {"linear_before_reset", std::int64_t{resets_behind ? 1 : 0}}})
        .output("y");
    EXPECT_THAT(run(model).at("y"),
                Pointwise(FloatNear(kNear), as_floats(gru(kGru, kInput, resets_behind))));
  }
}

TEST_F(SpelledRecurrence, AnRnnIsOneProductAndAFunction) {
  ModelBuilder model;
  model.input("x", {3, 1, 1})
      .floats("w", {1, 1, 1}, {0.5F})
      .floats("r", {1, 1, 1}, {0.25F})
      .node("RNN", {"x", "w", "r"}, {"y"}, {{"hidden_size", std::int64_t{1}}})
      .output("y");
  std::vector<double> wanted;
  double h = 0;
  for (const double x : kInput) {
    h = std::tanh(0.5 * x + 0.25 * h);
    wanted.push_back(h);
  }
  EXPECT_THAT(run(model).at("y"), Pointwise(FloatNear(kNear), as_floats(wanted)));
}

TEST_F(SpelledRecurrence, SequencesOfOtherLengthsAreRefused) {
  ModelBuilder model;
  model.input("x", {3, 1, 1})
      .floats("w", {1, 1, 1}, {0.5F})
      .floats("r", {1, 1, 1}, {0.25F})
      .stored("lengths", {1}, 6, {2})
      .node("RNN", {"x", "w", "r", "", "lengths"}, {"y"}, {{"hidden_size", std::int64_t{1}}}, "rnn")
      .output("y");
  EXPECT_EQ(numbers_.message_of(model),
            "m.onnx: RNN: expected sequences of 3 steps each, got [2], in 1 node (rnn)");
}

TEST_F(SpelledRecurrence, WeightsOfOtherGatesAreRefused) {
  ModelBuilder model;
  model.input("x", {3, 1, 1})
      .floats("w", {1, 3, 1}, {1, 2, 3})
      .floats("r", {1, 4, 1}, {1, 2, 3, 4})
      .node("LSTM", {"x", "w", "r"}, {"y"}, {{"hidden_size", std::int64_t{1}}}, "lstm")
      .output("y");
  EXPECT_EQ(numbers_.message_of(model),
            "m.onnx: LSTM: expected weights of 1 directions, 4 gates and 1 features, got [1, 3, 1] "
            "and [1, 4, 1], in 1 node (lstm)");
}

}  // namespace
}  // namespace systole
