#include "reference/calibrate.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "compiler/frontend/onnx/read_onnx_network.h"
#include "reference/kernels/evaluator.h"

namespace systole {

namespace {

/// 0 is in each.
struct NumberRange {
  double low = 0;
  double high = 0;

  void include(const NumberRange& other) {
    low = std::min(low, other.low);
    high = std::max(high, other.high);
  }
  bool operator==(const NumberRange&) const = default;
};

/// What is no number or not finite counts as nothing.
NumberRange range_of(const std::vector<float>& numbers) {
  NumberRange range;
  for (const float number : numbers) {
    if (std::isfinite(number)) {
      range.include({.low = number, .high = number});
    }
  }
  return range;
}

using Ranges = std::map<GraphTensorId, NumberRange>;

/// Tensors that are stored alike have the range of all of them: of a state and what is written into
/// it, of copies that stand side by side.
void share_ranges(const Graph& graph, Ranges& ranges) {
  std::vector<const Node*> keeping;
  for (const Node& node : graph.nodes) {
    if (keeps_quantization(graph, node)) {
      keeping.push_back(&node);
    }
  }
  for (bool changed = true; changed;) {
    changed = false;
    for (const Node* node : keeping) {
      NumberRange all = ranges.at(node->output());
      for (const GraphTensorId input : graph.data_inputs(*node)) {
        all.include(ranges.at(input));
      }
      const auto spread = [&](GraphTensorId tensor) {
        changed = changed || !(ranges.at(tensor) == all);
        ranges.at(tensor) = all;
      };
      spread(node->output());
      for (const GraphTensorId input : graph.data_inputs(*node)) {
        spread(input);
      }
    }
  }
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
    product.kept_work = nullptr;
    const auto between = static_cast<GraphTensorId>(graph.tensors.size());
    graph.tensors.push_back(graph.tensor(node.output()));
    graph.tensors.back().role = GraphTensorRole::Intermediate;
    product.outputs = {between};
    before.emplace(node.output(), between);
    Node function = node;
    function.inputs = {between};
    function.op = find_entry(name_of(activation.kind))->prototype;
    function.kept_work = nullptr;
    graph.nodes.push_back(std::move(function));
  }
  return graph;
}

}  // namespace

QuantizationChoice calibrated(const Network& real) {
  std::map<GraphTensorId, GraphTensorId> before;
  const Graph graph = with_functions_apart(real.graph, before);
  Ranges ranges;
  for (const GraphTensorId tensor : graph.given()) {
    ranges.emplace(tensor, range_of(reference::FloatNumbers::input(graph, *real.data, tensor)));
  }
  reference::FloatEvaluator evaluator(graph, *real.data);
  while (!evaluator.done()) {
    const GraphTensorId tensor = evaluator.next_node().output();
    ranges.emplace(tensor, range_of(*evaluator.evaluate_next().values));
  }
  share_ranges(graph, ranges);
  QuantizationChoice choice;
  for (const auto& [tensor, range] : ranges) {
    choice.tensors.emplace(tensor, quantization_of_range(range.low, range.high));
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
