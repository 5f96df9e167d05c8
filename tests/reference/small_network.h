#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "compiler/graph/graph.h"
#include "compiler/graph/value.h"

namespace systole {

/// A network's data kept in memory: parameters by node name, inputs by tensor name.
class MemoryData : public NetworkData {
 public:
  std::map<std::string, LayerParameters> layers;
  std::map<std::string, std::vector<std::int8_t>> inputs;
  std::map<std::string, RealParameters> real_layers;
  std::map<std::string, std::vector<float>> real_inputs;
  std::map<std::string, FloatParameters> float_layers;  ///< of those that come from float files
  std::map<std::string, std::vector<float>> float_inputs;

  [[nodiscard]] Value value(const Graph& graph, GraphTensorId tensor) const override {
    const TensorType& type = graph.tensor(tensor).type;
    const std::string& name = graph.tensor(tensor).name;
    const bool real = is_float(type.element);
    if (!graph.is_parameter(tensor)) {
      return real ? Value::of_numbers(type, real_inputs.at(name))
                  : Value::of(type, inputs.at(name));
    }
    const std::string layer = name.substr(0, name.rfind('.'));
    if (name.ends_with(".weight")) {
      return real ? Value::of_numbers(type, real_layers.at(layer).weights)
                  : Value::of(type, layers.at(layer).weights);
    }
    return real ? Value::of_numbers(type, real_layers.at(layer).biases)
                : Value::of(type, layers.at(layer).biases);
  }
  [[nodiscard]] std::optional<FloatParameters> float_parameters(const Graph& graph,
                                                                NodeId node) const override {
    return found(float_layers, graph.node(node).name);
  }
  [[nodiscard]] std::optional<std::vector<float>> float_input(const Graph& graph,
                                                              GraphTensorId tensor) const override {
    return found(float_inputs, graph.tensor(tensor).name);
  }

 private:
  template <class Value>
  static std::optional<Value> found(const std::map<std::string, Value>& values,
                                    const std::string& name) {
    const auto value = values.find(name);
    return value == values.end() ? std::nullopt : std::optional(value->second);
  }
};

/// Builds graphs by hand; a node and its output share their name.
class GraphByHand {
 public:
  GraphTensorId input(const std::string& name, const Shape& shape,
                      const Quantization& quantization) {
    graph.inputs.push_back(tensor(name, shape, quantization));
    return graph.inputs.back();
  }
  GraphTensorId node(const std::string& name, const Op& op, std::vector<GraphTensorId> inputs,
                     const Shape& shape, const Quantization& quantization) {
    const GraphTensorId output = tensor(name, shape, quantization);
    graph.nodes.push_back({.name = name,
                           .kind = "",
                           .inputs = std::move(inputs),
                           .outputs = {output},
                           .op = op,
                           .location = {}});
    add_parameters(graph, graph.nodes.back(), weight_scale);
    return output;
  }

  Graph graph;
  DataType type = DataType::Int8;   ///< of the tensors to come
  WeightScales weight_scale = 1.0;  ///< of the nodes to come

 private:
  GraphTensorId tensor(const std::string& name, const Shape& shape,
                       const Quantization& quantization) {
    graph.tensors.push_back(
        {.name = name, .type = image_type(type, shape), .role = {}, .quantization = quantization});
    return static_cast<GraphTensorId>(graph.tensors.size()) - 1;
  }
};

}  // namespace systole
