#include <algorithm>
#include <vector>

#include "compiler/frontend/onnx/passes/passes.h"
#include "compiler/frontend/onnx/passes/pattern.h"

namespace systole {

namespace {

constexpr std::int64_t kMostIndices = 1 << 20;

/// Whether all that read the input look rows of tables of the file up.
bool are_rows(const Pattern& pattern, ImportValueId input) {
  const ImportGraph& graph = pattern.graph();
  const std::vector<std::size_t>& readers = pattern.uses().readers(input);
  return !readers.empty() && !graph.is_output(input) &&
         std::all_of(readers.begin(), readers.end(), [&](std::size_t reader) {
           const ImportNode& node = graph.nodes[reader];
           const OnnxConstant* table = graph.constant(node.input(0));
           return node.is("Gather") && node.input(1) == input && table != nullptr &&
                  table->shape().size() >= 2 && is_floating(table->type()) &&
                  node.integer("axis", 0) == 0;
         });
}

}  // namespace

std::int64_t take_indices(ImportGraph& graph, const IndexNumbers& numbers) {
  std::vector<ImportValueId> taken;
  {
    const Pattern pattern(graph);
    for (const ImportValueId input : graph.inputs) {
      const ImportValue& value = graph.value(input);
      if (is_integral(value.type) && value.type != OnnxType::Bool && value.shape &&
          elements_of(*value.shape) <= kMostIndices && are_rows(pattern, input)) {
        taken.push_back(input);
      }
    }
  }
  for (const ImportValueId input : taken) {
    const Pattern pattern(graph);
    const ImportNode& reader = graph.nodes[pattern.uses().readers(input).front()];
    const std::int64_t rows = graph.constant(reader.input(0))->shape().front();
    graph.value(input).indices = numbers(graph.value(input), rows);
    std::erase(graph.inputs, input);
  }
  return static_cast<std::int64_t>(taken.size());
}

}  // namespace systole
