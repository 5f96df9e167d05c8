#include "compiler/mapping/fusion.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

#include "compiler/allocation/lifetimes.h"
#include "compiler/graph/kept_work.h"
#include "compiler/lowering/quantize.h"
#include "compiler/ops/row_recipe.h"

namespace systole {

namespace {

class FusionCandidates {
 public:
  FusionCandidates(const Graph& graph, const std::set<std::string>& kept)
      : graph_(graph), kept_(kept), lives_(tensor_lives(graph)) {
    readers_.assign(graph.tensors.size(), 0);
    for (const Node& node : graph.nodes) {
      for (const GraphTensorId input : node.inputs) {
        ++readers_[static_cast<std::size_t>(input)];
      }
    }
  }

  /// The input that never reaches memory.
  [[nodiscard]] std::optional<std::size_t> fused_input(NodeId layer) const {
    const Node& before = graph_.node(layer - 1);
    const Node& node = graph_.node(layer);
    if (!gemm_shape(graph_, before) || !has_one_reader(before.output())) {
      return std::nullopt;
    }
    const auto found = std::find(node.inputs.begin(), node.inputs.end(), before.output());
    if (found == node.inputs.end() || !takes(before, node) || !are_alike(before, node)) {
      return std::nullopt;
    }
    const auto input = static_cast<std::size_t>(found - node.inputs.begin());
    return others_are_there(layer, input) ? std::optional(input) : std::nullopt;
  }

 private:
  [[nodiscard]] bool has_one_reader(GraphTensorId tensor) const {
    const auto is_it = [&](GraphTensorId other) { return other == tensor; };
    return readers_[static_cast<std::size_t>(tensor)] == 1 &&
           std::none_of(graph_.outputs.begin(), graph_.outputs.end(), is_it) &&
           kept_.count(graph_.tensor(tensor).name) == 0;
  }

  /// Whether what the node does are stages behind what the one before makes.
  [[nodiscard]] bool takes(const Node& before, const Node& node) const {
    const FusedActivation first = before.activation();
    const DataType type = graph_.operand_type(before);
    if (uses_lookup(first, type)) {
      return false;
    }
    if (meeting_of(node)) {
      return is_float(type) || node.does<AddWork>();
    }
    const bool computes = is_float(type) && function_of(first.kind).unit != RealFunction::None;
    return node.does<RescaleWork>() && graph_.data_inputs(node).size() == 1 && !computes;
  }

  /// Of one type and shape, so that an element of each is at one place.
  [[nodiscard]] bool are_alike(const Node& before, const Node& node) const {
    const DataType type = graph_.operand_type(before);
    const GraphTensor& out = graph_.tensor(node.output());
    const auto inputs = graph_.data_inputs(node);
    return out.type.element == type &&
           std::all_of(inputs.begin(), inputs.end(), [&](GraphTensorId input) {
             return graph_.tensor(input).type.element == type &&
                    graph_.tensor(input).shape() == out.shape();
           });
  }

  /// Alive before the layer whose loops would read them.
  [[nodiscard]] bool others_are_there(NodeId layer, std::size_t fused) const {
    const auto inputs = graph_.data_inputs(graph_.node(layer));
    for (std::size_t input = 0; input < inputs.size(); ++input) {
      if (input != fused && lives_.of(lives_.root(inputs[input])).first >= layer) {
        return false;
      }
    }
    return true;
  }

  const Graph& graph_;
  const std::set<std::string>& kept_;
  TensorLives lives_;
  std::vector<std::int64_t> readers_;  ///< by tensor
};

}  // namespace

std::optional<PairKind> meeting_of(const Node& node) {
  const auto kept = kept_work(node);
  const Work& work = *kept;
  if (std::holds_alternative<AddWork>(work)) {
    return PairKind::Add;
  }
  const auto* rows = std::get_if<RowWork>(&work);
  if (rows == nullptr || rows->pieces.size() != 1 || rows->pieces.front().stages.size() != 3 ||
      !rows->parameters.empty() || !rows->tables.empty()) {
    return std::nullopt;
  }
  const RowPiece& piece = rows->pieces.front();
  const auto is_row = [&](std::size_t at) {
    const auto* load = std::get_if<LoadStage>(&piece.stages[at]);
    const auto source = static_cast<std::int32_t>(at);
    return load != nullptr && !load->single && load->operand == source &&
           piece.sources[at] == RowSource{.input = source, .first_column = 0};
  };
  const auto* pair = std::get_if<PairStage>(&piece.stages[2]);
  const bool meets = is_row(0) && is_row(1) && pair != nullptr && pair->a == 0 && pair->b == 1;
  return meets ? std::optional(pair->kind) : std::nullopt;
}

Graph with_fusions(Graph graph, const std::set<std::string>& kept) {
  std::vector<std::optional<std::size_t>> fused(graph.nodes.size());
  const FusionCandidates candidates(graph, kept);
  for (std::size_t layer = 1; layer < fused.size(); ++layer) {
    fused[layer] = candidates.fused_input(static_cast<NodeId>(layer));
  }
  for (std::size_t layer = 1; layer < fused.size(); ++layer) {
    Node& node = graph.nodes[layer];
    node.fused = fused[layer];
    if (node.fused && meeting_of(node)) {
      graph.nodes[layer - 1].added = node.inputs[1 - *node.fused];
    }
  }
  return graph;
}

void take_apart(Graph& graph, NodeId layer) {
  graph.nodes[static_cast<std::size_t>(layer)].added.reset();
  graph.nodes[static_cast<std::size_t>(layer) + 1].fused.reset();
}

const Node* fused_behind(const Graph& graph, NodeId layer) {
  const auto next = static_cast<std::size_t>(layer) + 1;
  return next < graph.nodes.size() && graph.nodes[next].fused ? &graph.nodes[next] : nullptr;
}

}  // namespace systole
