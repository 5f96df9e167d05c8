#include "report/storage_text.h"

#include <algorithm>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace systole {

namespace {

/// Each once; nothing where all are the network's type.
std::string joined(const std::vector<std::string>& texts, const Graph& graph) {
  std::vector<std::string> once;
  for (const std::string& text : texts) {
    if (std::find(once.begin(), once.end(), text) == once.end()) {
      once.push_back(text);
    }
  }
  const bool is_plain = std::all_of(once.begin(), once.end(), [&](const std::string& text) {
    return text == name_of(graph.input_type());
  });
  return is_plain ? "" : fmt::format("{}", fmt::join(once, ", "));
}

}  // namespace

std::string state_storage_text(const Graph& graph) {
  std::vector<std::string> texts;
  for (const GraphTensorId state : graph.states) {
    texts.emplace_back(name_of(graph.tensor(state).type.element));
  }
  return joined(texts, graph);
}

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
    texts.push_back(std::move(text));
  }
  return joined(texts, graph);
}

}  // namespace systole
