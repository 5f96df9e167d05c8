#include "report/storage_text.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace systole {

namespace {

/// Texts in the order in which they come, each once.
class Once {
 public:
  void add(std::string text) {
    if (std::find(texts_.begin(), texts_.end(), text) == texts_.end()) {
      texts_.push_back(std::move(text));
    }
  }
  [[nodiscard]] std::string joined() const { return fmt::format("{}", fmt::join(texts_, ", ")); }

 private:
  std::vector<std::string> texts_;
};

}  // namespace

std::string state_storage_text(const Graph& graph) {
  Once types;
  bool are_narrow = false;
  for (const GraphTensorId state : graph.states) {
    const DataType type = graph.tensor(state).type.element;
    types.add(std::string(name_of(type)));
    are_narrow =
        are_narrow || std::any_of(graph.nodes.begin(), graph.nodes.end(), [&](const Node& node) {
          return node.inputs.size() > 1 && node.inputs[1] == state &&
                 graph.operand_type(node) != type;
        });
  }
  return are_narrow ? types.joined() : "";
}

std::string storage_text(const Graph& graph) {
  Once types;
  bool are_narrow = false;
  for (const Node& node : graph.nodes) {
    if (!has_weights(node) || node.inputs.size() <= kWeightsInput) {
      continue;
    }
    const GraphTensor& weights = graph.tensor(node.inputs[kWeightsInput]);
    const bool has_groups =
        weights.stored.exist() && weights.stored.group < gemm_shape(graph, node)->k;
    types.add(fmt::format("{}{}", name_of(weights.type.element),
                          has_groups ? fmt::format(":{}", weights.stored.group) : ""));
    are_narrow = are_narrow || weights.type.element != graph.operand_type(node);
  }
  return are_narrow ? types.joined() : "";
}

}  // namespace systole
