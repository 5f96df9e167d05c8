// Generated numbers must exercise a network: values that all clamp, or all vanish, would hide
// mistakes in the arithmetic. The reference kernels compute the values.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "compiler/frontend/read_network.h"
#include "reference/kernels/evaluator.h"

namespace systole {
namespace {

struct Spread {
  double saturated = 0;  ///< share of values at -128 or 127 that are no exact zero
  double deviation = 0;  ///< of all values, in quantisation steps
  double within = 0;     ///< root mean square deviation from the channel's own mean
};

std::vector<double> channel_means(const std::vector<std::int8_t>& values, std::size_t channels) {
  std::vector<double> means(channels, 0.0);
  for (std::size_t i = 0; i < values.size(); ++i) {
    means[i % channels] += values[i];
  }
  const auto pixels = static_cast<double>(values.size()) / static_cast<double>(channels);
  for (double& mean : means) {
    mean /= pixels;
  }
  return means;
}

Spread spread_of(const GraphTensor& tensor, const std::vector<std::int8_t>& values) {
  const auto count = static_cast<double>(values.size());
  const auto means = channel_means(values, static_cast<std::size_t>(tensor.shape().channels));
  double sum = 0;
  double squares = 0;
  double within = 0;
  double saturated = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const auto value = static_cast<double>(values[i]);
    sum += value;
    squares += value * value;
    within += std::pow(value - means[i % means.size()], 2);
    const bool at_end = value == 127 || value == -128;
    saturated += at_end && value != tensor.quantization.zero_point ? 1 : 0;
  }
  return {.saturated = saturated / count,
          .deviation = std::sqrt(squares / count - std::pow(sum / count, 2)),
          .within = std::sqrt(within / count)};
}

/// What is wrong with a layer's values, or nothing.
std::string complaint(const Node& node, const GraphTensor& tensor, const Spread& spread) {
  constexpr double kMostSaturated = 0.05;
  constexpr double kLeastDeviation = 8.0;
  constexpr double kLeastWithin = 3.0;  // neighbouring pixels differ, so that a wrong address shows
  const bool alive = spread.deviation > kLeastDeviation &&
                     (tensor.shape().rows == 1 || spread.within > kLeastWithin);
  if (alive && spread.saturated < kMostSaturated) {
    return "";
  }
  return fmt::format("{}: saturated {:.4f}, deviation {:.1f}, within channels {:.1f}\n", node.name,
                     spread.saturated, spread.deviation, spread.within);
}

class GeneratedActivations : public testing::TestWithParam<std::string> {};

TEST_P(GeneratedActivations, NeitherVanishNorSaturate) {
  const Network network =
      read_network(SYSTOLE_SOURCE_DIR "/workloads/" + GetParam() + ".yaml", {.batch = 2});
  reference::Evaluator evaluator(network.graph, *network.data);
  std::string complaints;
  while (!evaluator.done()) {
    const Node& node = evaluator.next_node();
    const auto result = evaluator.evaluate_next();
    const GraphTensor& tensor = network.graph.tensor(node.output());
    complaints += complaint(node, tensor, spread_of(tensor, *result.values));
  }
  EXPECT_EQ(complaints, "");
}

INSTANTIATE_TEST_SUITE_P(Workloads, GeneratedActivations,
                         testing::Values("mlp0", "alexnet", "resnet50", "mobilenet_v1"),
                         [](const auto& network) { return network.param; });

}  // namespace
}  // namespace systole
