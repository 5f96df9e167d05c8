#include "compiler/training/training_data.h"

#include <algorithm>
#include <cmath>

#include <gtest/gtest.h>

#include "compiler/frontend/read_network.h"

namespace systole {
namespace {

class Batches : public ::testing::Test {
 protected:
  void make(Loss loss, std::int64_t batch) {
    network = parse_network(
        "network: n\ninputs: [{name: x, features: 8}]\nlayers:\n"
        "- {name: a, op: dense, features: 4}\n",
        "n.yaml", {.batch = batch, .type = DataType::Bf16});
    const TrainingOptions options{.loss = loss, .optimizer = {.kind = OptimizerKind::Adam}};
    step = training_graph(network.graph, options);
    data = std::make_unique<TrainingData>(network.graph, network.data, step, options, 7);
  }
  [[nodiscard]] std::vector<float> numbers(GraphTensorId tensor) const {
    return data->value(step.graph, tensor).numbers();
  }

  Network network;
  TrainingGraph step;
  std::unique_ptr<TrainingData> data;
};

TEST_F(Batches, DifferFromStepToStepAndComeAgain) {
  make(Loss::CrossEntropy, 16);
  const std::vector<float> first = numbers(step.batches.front().inputs.front());
  data->set_step(2);
  EXPECT_NE(numbers(step.batches.front().inputs.front()), first);
  data->set_step(1);
  EXPECT_EQ(numbers(step.batches.front().inputs.front()), first);
  EXPECT_LT(*std::max_element(first.begin(), first.end()), 2);
}

TEST_F(Batches, HaveOneTargetARowOfACrossEntropy) {
  make(Loss::CrossEntropy, 16);
  const std::vector<float> targets = numbers(step.batches.front().targets);
  ASSERT_EQ(targets.size(), 16U * 4U);
  for (auto row = targets.begin(); row != targets.end(); row += 4) {
    EXPECT_EQ(std::count(row, row + 4, 1.0F), 1);
    EXPECT_EQ(std::count(row, row + 4, 0.0F), 3);
  }
}

TEST_F(Batches, HaveTargetsOfVarianceOneOfASquaredError) {
  make(Loss::MeanSquaredError, 4096);
  double squares = 0;
  const std::vector<float> targets = numbers(step.batches.front().targets);
  for (const float target : targets) {
    squares += static_cast<double>(target) * target;
  }
  // By the map of this seed; over all seeds the mean is 1.
  EXPECT_NEAR(squares / static_cast<double>(targets.size()), 1, 0.5);
}

TEST_F(Batches, BeginWithTheNetworksParametersAndWithoutMoments) {
  make(Loss::CrossEntropy, 16);
  const TrainedParameter& weights = step.parameters.front();
  const std::vector<float> wanted = network.data->value(network.graph, weights.source).numbers();
  EXPECT_EQ(numbers(weights.master), wanted);
  EXPECT_EQ(numbers(weights.copy), wanted);
  ASSERT_EQ(weights.moments.size(), 2U);
  EXPECT_EQ(numbers(weights.moments[1]), std::vector<float>(8 * 4, 0));
  const TensorType type = step.graph.tensor(weights.master).type;
  data->set_state(weights.master, Value::of_numbers(type, std::vector<float>(8 * 4, 3)));
  EXPECT_EQ(numbers(weights.master), std::vector<float>(8 * 4, 3));
}

TEST_F(Batches, HaveTheRateOfTheirStep) {
  make(Loss::CrossEntropy, 16);
  data->set_step(3);
  const double rate = 0.01 * std::sqrt(1 - std::pow(0.999, 3)) / (1 - std::pow(0.9, 3));
  EXPECT_FLOAT_EQ(numbers(step.rate).front(), static_cast<float>(rate));
}

}  // namespace
}  // namespace systole
