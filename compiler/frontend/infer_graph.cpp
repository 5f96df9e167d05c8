#include "compiler/frontend/infer_graph.h"

#include <algorithm>

#include <fmt/format.h>

#include "compiler/frontend/infer_quantization.h"
#include "compiler/frontend/infer_shape.h"
#include "compiler/frontend/order_layers.h"

namespace systole {

namespace {

constexpr std::int64_t kMaxMacs = std::int64_t{1} << 60;

class GraphBuilder {
 public:
  GraphBuilder(const NetworkDescription& description, const WeightScale& weight_scale)
      : description_(description), weight_scale_(weight_scale) {}

  Graph build(std::int64_t batch) {
    const LayerOrder order = order_layers(description_);
    graph_.name = description_.name;
    graph_.file = description_.file;
    graph_.batch = batch;
    tensor_of_.resize(description_.inputs.size() + description_.layers.size());
    for (std::size_t i = 0; i < description_.inputs.size(); ++i) {
      tensor_of_[i] = add_input(description_.inputs[i]);
    }
    for (const std::size_t layer : order.layers) {
      tensor_of_[description_.inputs.size() + layer] =
          add_layer(description_.layers[layer], order.sources[layer]);
    }
    for (const SourceIndex output : order.outputs) {
      graph_.outputs.push_back(tensor_of_[output]);
      graph_.tensor(tensor_of_[output]).role = GraphTensorRole::Output;
      check_is_computed(tensor_of_[output]);
    }
    return std::move(graph_);
  }

 private:
  /// A view of an input costs nothing and computes nothing: no output of a network.
  void check_is_computed(GraphTensorId output) const {
    const Node* producer = producer_of(output);
    while (producer != nullptr && std::holds_alternative<Flatten>(producer->op)) {
      const GraphTensorId source = producer->inputs.front();
      const Node* before = producer_of(source);
      if (before == nullptr) {
        throw WorkloadError(producer->location, producer->name,
                            fmt::format("expected an output that a layer computes, got a view of "
                                        "the input '{}'",
                                        graph_.tensor(source).name));
      }
      producer = before;
    }
  }

  [[nodiscard]] const Node* producer_of(GraphTensorId tensor) const {
    const auto found = std::find_if(graph_.nodes.begin(), graph_.nodes.end(),
                                    [&](const Node& node) { return node.output() == tensor; });
    return found == graph_.nodes.end() ? nullptr : &*found;
  }

  GraphTensorId add_tensor(const std::string& name, TensorType type, GraphTensorRole role,
                           const Quantization& quantization, const Place& place) {
    check_size(image_of(type), place);
    graph_.tensors.push_back(
        {.name = name, .type = std::move(type), .role = role, .quantization = quantization});
    return static_cast<GraphTensorId>(graph_.tensors.size()) - 1;
  }

  GraphTensorId add_input(const InputDescription& input) {
    TensorType type = input.type;
    type.extents.front() = graph_.batch;
    graph_.inputs.push_back(
        add_tensor(input.name, type, GraphTensorRole::Input, input.quantization, input.place));
    return graph_.inputs.back();
  }

  GraphTensorId add_layer(const LayerDescription& layer, const std::vector<SourceIndex>& sources) {
    Node node;
    node.name = layer.name;
    node.kind = name_of(layer.op);
    node.location = layer.place.location;
    std::vector<Shape> shapes;
    std::vector<Quantization> quantizations;
    for (const SourceIndex source : sources) {
      node.inputs.push_back(tensor_of_[source]);
      shapes.push_back(graph_.tensor(tensor_of_[source]).shape());
      quantizations.push_back(graph_.tensor(tensor_of_[source]).quantization);
    }
    const Kernel kernel = infer_kernel(layer, shapes.front());
    const Quantization output = infer_output(layer, description_.defaults, quantizations);
    const Shape shape = infer_shape(layer, kernel, shapes);
    node.outputs = {add_tensor(layer.name, output_type(layer, node, shape),
                               GraphTensorRole::Intermediate, output, layer.place)};
    node.op = attributes(layer, kernel, quantizations.front());
    settle_weights(layer, node);
    graph_.nodes.push_back(std::move(node));
    return graph_.nodes.back().output();
  }

  /// Features have no rows and columns.
  [[nodiscard]] TensorType output_type(const LayerDescription& layer, const Node& node,
                                       const Shape& shape) const {
    const TensorType& in = graph_.tensor(node.inputs.front()).type;
    const bool flat =
        layer.op == LayerOp::Dense || layer.op == LayerOp::Flatten || in.extents.size() == 2;
    return flat ? feature_type(in.element, shape.batch, shape.channels)
                : image_type(in.element, shape);
  }

  [[nodiscard]] Op attributes(const LayerDescription& layer, const Kernel& kernel,
                              const Quantization& input) const {
    const FusedActivation activation = infer_activation(layer, description_.defaults, input);
    const WeightInfo weights{.scale = 1.0, .bias = layer.bias, .batch_norm = layer.batch_norm};
    switch (layer.op) {
      case LayerOp::Conv2d:
        return Conv2d{
            .kernel = kernel, .groups = layer.groups, .weights = weights, .activation = activation};
      case LayerOp::Dense:
        return Dense{.weights = weights, .activation = activation};
      case LayerOp::Add:
        return AddTensors{.activation = activation};
      case LayerOp::Relu:
      case LayerOp::Relu6:
      case LayerOp::Sigmoid:
      case LayerOp::Tanh:
        return Activate{.activation = activation};
      case LayerOp::MaxPool:
        return PoolTensor{.kind = PoolKind::Max, .kernel = kernel};
      case LayerOp::AveragePool:
        return PoolTensor{
            .kind = PoolKind::Average, .kernel = kernel, .count_padding = layer.count_padding};
      case LayerOp::GlobalAveragePool:
        return PoolTensor{.kind = PoolKind::Average, .kernel = kernel, .global = true};
      case LayerOp::Concat:
        return Concat{};
      case LayerOp::Flatten:
        return Flatten{};
      case LayerOp::Softmax:
        return SoftmaxChannels{};
    }
    return Flatten{};
  }

  void settle_weights(const LayerDescription& layer, Node& node) {
    const auto gemm = gemm_shape(graph_, node);
    if (!gemm) {
      return;
    }
    macs_ += gemm->macs();  // below 2^40 outputs times 2^16 products: the sum cannot overflow
    if (macs_ > kMaxMacs) {
      layer.place.fail("expected a network of at most 2^60 multiply-accumulates, got more");
    }
    const double scale = weight_scale_(layer, graph_, node);
    std::visit(
        [scale](auto& value) {
          if constexpr (requires { value.weights; }) {
            value.weights.scale = scale;
          }
        },
        node.op);
  }

  const NetworkDescription& description_;
  const WeightScale& weight_scale_;
  Graph graph_;
  std::vector<GraphTensorId> tensor_of_;  // by SourceIndex
  std::int64_t macs_ = 0;
};

void check_ratios_of(const Graph& graph, const Node& node) {
  const double to = graph.tensor(node.output()).quantization.scale;
  const double from = graph.tensor(node.inputs.front()).quantization.scale;
  const auto check_weighted = [&](const WeightInfo& weights, const FusedActivation& activation) {
    const bool looked_up =
        activation.kind == ActivationKind::Sigmoid || activation.kind == ActivationKind::Tanh;
    check_ratio(from * weights.scale / (looked_up ? activation.before.scale : to), node);
  };
  if (const auto* conv = std::get_if<Conv2d>(&node.op)) {
    return check_weighted(conv->weights, conv->activation);
  }
  if (const auto* dense = std::get_if<Dense>(&node.op)) {
    return check_weighted(dense->weights, dense->activation);
  }
  if (std::holds_alternative<SoftmaxChannels>(node.op)) {
    return;  // by table
  }
  if (const auto* activate = std::get_if<Activate>(&node.op);
      activate != nullptr && (activate->activation.kind == ActivationKind::Sigmoid ||
                              activate->activation.kind == ActivationKind::Tanh)) {
    return;  // by table
  }
  for (const GraphTensorId input : node.inputs) {
    check_ratio(graph.tensor(input).quantization.scale / to, node);
  }
}

}  // namespace

void check_ratios(const Graph& graph) {
  for (const Node& node : graph.nodes) {
    check_ratios_of(graph, node);
  }
}

Graph infer_graph(const NetworkDescription& description, std::int64_t batch,
                  const WeightScale& weight_scale) {
  return GraphBuilder(description, weight_scale).build(batch == 0 ? description.batch : batch);
}

}  // namespace systole
