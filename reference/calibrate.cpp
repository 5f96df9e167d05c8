#include "reference/calibrate.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "compiler/frontend/onnx/read_onnx_network.h"
#include "reference/kernels/evaluator.h"

namespace systole {

namespace {

/// The range of the numbers; what is no number or not finite counts as nothing.
Quantization quantization_of(const std::vector<float>& numbers) {
  double low = 0;
  double high = 0;
  for (const float number : numbers) {
    if (std::isfinite(number)) {
      low = std::min(low, static_cast<double>(number));
      high = std::max(high, static_cast<double>(number));
    }
  }
  return quantization_of_range(low, high);
}

/// Functions that are looked up behind products become layers of their own, so that what they get
/// is a tensor; `before`: by the function's output.
Graph with_functions_apart(const Graph& fused, std::map<GraphTensorId, GraphTensorId>& before) {
  Graph graph = fused;
  graph.nodes.clear();
  for (const Node& node : fused.nodes) {
    const FusedActivation activation = node.activation();
    graph.nodes.push_back(node);
    if (!has_weights(node) || !activation.is_looked_up()) {
      continue;
    }
    Node& product = graph.nodes.back();
    *activation_of(product.op) = {};
    const auto between = static_cast<GraphTensorId>(graph.tensors.size());
    graph.tensors.push_back(graph.tensor(node.output()));
    graph.tensors.back().role = GraphTensorRole::Intermediate;
    product.outputs = {between};
    before.emplace(node.output(), between);
    Node function = node;
    function.inputs = {between};
    function.op = find_entry(name_of(activation.kind))->prototype;
    graph.nodes.push_back(std::move(function));
  }
  return graph;
}

}  // namespace

QuantizationChoice calibrated(const Network& real) {
  std::map<GraphTensorId, GraphTensorId> before;
  const Graph graph = with_functions_apart(real.graph, before);
  QuantizationChoice choice;
  for (const GraphTensorId tensor : graph.given()) {
    choice.tensors.emplace(
        tensor, quantization_of(reference::FloatNumbers::input(graph, *real.data, tensor)));
  }
  reference::FloatEvaluator evaluator(graph, *real.data);
  while (!evaluator.done()) {
    const GraphTensorId tensor = evaluator.next_node().output();
    choice.tensors.emplace(tensor, quantization_of(*evaluator.evaluate_next().values));
  }
  for (const auto& [function, between] : before) {
    choice.before.emplace(function, choice.tensors.at(between));
    choice.tensors.erase(between);
  }
  return choice;
}

Network quantized(const Network& real) {
  QuantizationChoice choice = file_quantization_of(real);
  choice.complete(calibrated(real));
  return quantized_network(real, choice);
}

}  // namespace systole
