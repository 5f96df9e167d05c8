#include "compiler/frontend/infer_graph.h"

#include <utility>

#include "compiler/frontend/order_layers.h"
#include "compiler/graph/graph_builder.h"

namespace systole {

Graph infer_graph(const NetworkDescription& description, std::int64_t batch,
                  const LayerWeightScales& weight_scales) {
  const LayerOrder order = order_layers(description);
  GraphBuilder builder(description.name, description.file, batch == 0 ? description.batch : batch,
                       description.defaults);
  std::vector<GraphTensorId> tensor_of(description.inputs.size() + description.layers.size());
  for (std::size_t i = 0; i < description.inputs.size(); ++i) {
    const InputDescription& input = description.inputs[i];
    TensorType type = input.type;
    type.extents.front() = input.is_shared ? 1 : builder.graph().batch;
    tensor_of[i] =
        input.is_state
            ? builder.add_state(input.name, std::move(type), input.quantization, input.place)
            : builder.add_input(input.name, std::move(type), input.quantization, input.place);
  }
  for (const std::size_t index : order.layers) {
    const LayerDescription& layer = description.layers[index];
    NodeRequest request{.name = layer.name,
                        .kind = layer.kind,
                        .op = layer.op,
                        .inputs = {},
                        .before = layer.before,
                        .output = layer.output};
    for (const SourceIndex source : order.sources[index]) {
      request.inputs.push_back(tensor_of[source]);
    }
    tensor_of[description.inputs.size() + index] = builder.add(
        std::move(request), layer.where,
        [&](const Graph& graph, const Node& node) { return weight_scales(layer, graph, node); });
  }
  for (const SourceIndex output : order.outputs) {
    builder.add_output(tensor_of[output]);
  }
  Graph graph = std::move(builder).take();
  graph.phase = description.phase;
  check_states(graph);
  return graph;
}

}  // namespace systole
