#include "report/storage_text.h"

#include <algorithm>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace systole {

std::string storage_text(const Graph& graph) {
  std::vector<std::string> texts;
  for (const Node& node : graph.nodes) {
    if (!has_weights(node)) {
      continue;
    }
    const GraphTensor& weights = graph.tensor(node.inputs.at(kWeightsInput));
    std::string text(name_of(weights.type.element));
    if (weights.stored.exist() && weights.stored.group < gemm_shape(graph, node)->k) {
      text += fmt::format(":{}", weights.stored.group);
    }
    if (std::find(texts.begin(), texts.end(), text) == texts.end()) {
      texts.push_back(std::move(text));
    }
  }
  const bool is_plain = std::all_of(texts.begin(), texts.end(), [&](const std::string& text) {
    return text == name_of(graph.input_type());
  });
  return is_plain ? "" : fmt::format("{}", fmt::join(texts, ", "));
}

}  // namespace systole
