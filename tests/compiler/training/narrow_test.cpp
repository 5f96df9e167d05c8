#include "compiler/ops/narrow.h"

#include <cmath>
#include <map>
#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "compiler/frontend/read_network.h"
#include "compiler/training/training_graph.h"
#include "tests/compiler/training/double_step.h"

namespace systole {
namespace {

TrainingGraph step_of(const std::string& layers, Products products) {
  const Graph network = parse_network("network: n\n" + layers, "n.yaml",
                                      {.batch = 3, .type = DataType::Bf16, .numbers = false})
                            .graph;
  return training_graph(network,
                        {.loss = Loss::MeanSquaredError, .optimizer = {}, .products = products});
}

/// What a step makes of each state, in double precision, by name.
std::map<std::string, std::vector<double>> updates_of(const TrainingGraph& step) {
  DoubleValues given;
  const Graph& graph = step.graph;
  for (const GraphTensorId tensor : graph.given()) {
    given[tensor] = some_numbers(graph.tensor(tensor).name, graph.tensor(tensor).type.elements());
  }
  const DoubleValues values = evaluated_in_double(graph, given);
  std::map<std::string, std::vector<double>> made;
  for (const Node& node : graph.nodes) {
    if (changes_state(node.op)) {
      made[graph.tensor(node.inputs[0]).name] = values.at(node.output());
    }
  }
  return made;
}

/// Scales come and go: without rounding the step is the same.
TEST(Narrow, ProductsHaveTheGradientsOfWideOnes) {
  for (const std::string layers :
       {"inputs: [{name: x, features: 5}]\nlayers:\n"
        "- {name: a, op: dense, features: 4, activation: relu}\n"
        "- {name: b, op: dense, features: 3}\n",
        "inputs: [{name: x, rows: 7, cols: 6, channels: 3}]\nlayers:\n"
        "- {name: a, op: conv2d, channels: 4, kernel: 3, padding: 1, batch_norm: true, activation: "
        "relu}\n"
        "- {name: b, op: conv2d, channels: 6, kernel: 3, stride: 2, padding: 1}\n"
        "- {name: c, op: conv2d, channels: 4, kernel: 1, stride: 2}\n"
        "- {name: d, op: conv2d, channels: 6, kernel: 1, groups: 2}\n"
        "- {name: e, op: conv2d, channels: 6, kernel: [2, 1], groups: 6}\n"
        "- {name: g, op: flatten}\n"
        "- {name: f, op: dense, features: 3}\n"}) {
    SCOPED_TRACE(layers);
    const auto wide = updates_of(step_of(layers, Products::Same));
    const auto narrow = updates_of(step_of(layers, Products::Fp8));
    ASSERT_EQ(narrow.size(), wide.size());
    for (const auto& [name, numbers] : wide) {
      const std::vector<double>& others = narrow.at(name);
      ASSERT_EQ(others.size(), numbers.size());
      double largest = 0;
      for (const double number : numbers) {
        largest = std::max(largest, std::abs(number));
      }
      for (std::size_t i = 0; i < numbers.size(); ++i) {
        EXPECT_NEAR(others[i], numbers[i], 1e-9 * largest) << name << " " << i;
      }
    }
  }
}

/// Weights and activations are of one type, gradients of the other; no wide tensor meets weights.
TEST(Narrow, ProductsAreOfFp8) {
  const TrainingGraph step = step_of(
      "inputs: [{name: x, features: 5}]\nlayers:\n"
      "- {name: a, op: dense, features: 4, activation: relu}\n"
      "- {name: b, op: dense, features: 3}\n",
      Products::Fp8);
  std::vector<std::string> products;
  for (const Node& node : step.graph.nodes) {
    if (gemm_shape(step.graph, node)) {
      const auto type = [&](GraphTensorId tensor) {
        return std::string(name_of(step.graph.tensor(tensor).type.element));
      };
      products.push_back(type(node.inputs[0]) + " " + type(node.inputs[1]) + " " +
                         type(node.output()));
    }
  }
  EXPECT_THAT(products, testing::UnorderedElementsAre(
                            "fp8_e4m3 fp8_e4m3 bf16", "fp8_e4m3 fp8_e4m3 bf16",    // forward
                            "fp8_e5m2 fp8_e4m3 bf16",                              // by b's input
                            "fp8_e4m3 fp8_e5m2 fp32", "fp8_e4m3 fp8_e5m2 fp32"));  // by weights
}

}  // namespace
}  // namespace systole
