#include "compiler/mapping/operand_homes.h"

#include <algorithm>
#include <functional>
#include <numeric>

#include "compiler/graph/hold.h"
#include "compiler/mapping/tile_source.h"

namespace systole {

namespace {

Home home_of(const ChipSpec& chip, const Graph& graph, const TensorLives& lives,
             GraphTensorId tensor) {
  return has_home_in_dram(chip, graph, lives, tensor) ? Home::Dram : Home::Host;
}

bool arrives_at(const Graph& graph, const TensorLives& lives, std::int32_t layer,
                GraphTensorId root) {
  return lives.of(root).first == layer &&
         std::find(graph.inputs.begin(), graph.inputs.end(), root) != graph.inputs.end();
}

}  // namespace

bool OperandHomes::any_moves() const {
  return output != Home::None || std::any_of(inputs.begin(), inputs.end(), [](Home home) {
           return home != Home::None && home != Home::Tiles;
         });
}

OperandHomes streaming_homes(const ChipSpec& chip, const Graph& graph, const TensorLives& lives,
                             const Node& node) {
  OperandHomes homes;
  for (std::size_t input = 0; input < graph.operand_count(node); ++input) {
    const Home home = home_of(chip, graph, lives, graph.operand(node, input));
    const bool as_tiles = home == Home::Dram && stays_away(node, homes.inputs.size());
    homes.inputs.push_back(as_tiles ? Home::Tiles : home);
  }
  homes.output = home_of(chip, graph, lives, node.output());
  return homes;
}

OperandHomes homes_with(const Graph& graph, const TensorLives& lives, std::int32_t layer,
                        OperandHomes streaming, const std::vector<GraphTensorId>& resident) {
  const Node& node = graph.node(layer);
  const auto is_resident = [&](GraphTensorId tensor) {
    return std::binary_search(resident.begin(), resident.end(), lives.root(tensor));
  };
  const auto passing = [](Home from) {
    return from == Home::Host ? Home::Passing : Home::PassingDram;
  };
  for (std::size_t input = 0; input < streaming.inputs.size(); ++input) {
    const GraphTensorId tensor = graph.operand(node, input);
    if (is_resident(tensor)) {
      Home& home = streaming.inputs[input];
      const bool passes = arrives_at(graph, lives, layer, lives.root(tensor));
      home = passes ? passing(home) : Home::None;
    }
  }
  if (is_resident(node.output())) {
    const auto root = lives.root(node.output());
    const bool passes =
        std::any_of(graph.outputs.begin(), graph.outputs.end(),
                    [&](GraphTensorId output) { return lives.root(output) == root; });
    streaming.output = passes ? passing(streaming.output) : Home::None;
  }
  return streaming;
}

OperandHomes staying_homes(const Graph& graph, const TensorLives& lives, std::int32_t layer,
                           const OperandHomes& streaming) {
  std::vector<GraphTensorId> all(graph.tensors.size());
  std::iota(all.begin(), all.end(), 0);
  return homes_with(graph, lives, layer, streaming, all);
}

std::vector<bool> kept_in_dram(const ChipSpec& chip, const Graph& graph, const TensorLives& lives) {
  std::vector<bool> kept(graph.tensors.size(), false);
  const auto of = [&](GraphTensorId root) { return kept.begin() + root; };
  for (const GraphTensorId input : graph.inputs) {
    *of(input) = has_home_in_dram(chip, graph, lives, input);
  }
  // An input that the array alone reads stays where it is; as anything else it comes.
  for (const Node& node : graph.nodes) {
    for (std::size_t input = 0; input < graph.data_inputs(node).size(); ++input) {
      if (!stays_away(node, input)) {
        *of(lives.root(node.inputs[input])) = false;
      }
    }
  }
  for (const Node& node : graph.nodes) {
    if (takes_tiles(node, kRightInput) && !chip.weight_fifo.from_buffer) {
      *of(lives.root(node.inputs[kRightInput])) = true;
    }
  }
  for (const GraphTensorId state : graph.states) {
    *of(state) = true;
  }
  const std::vector<bool> held = held_in_dram(graph);
  std::transform(held.begin(), held.end(), kept.begin(), kept.begin(), std::logical_or<>());
  return kept;
}

}  // namespace systole
