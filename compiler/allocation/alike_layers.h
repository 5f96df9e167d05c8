#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "compiler/graph/graph.h"

namespace systole {

/// Finds of each layer the first that costs the same in every way: of the same work on operands,
/// weights and results of the same types. Layers are asked for in order, each once.
class AlikeLayers {
 public:
  explicit AlikeLayers(const Graph& graph) : graph_(graph) {}

  std::int32_t first_of(std::int32_t layer);

 private:
  using Types = std::vector<std::int64_t>;
  [[nodiscard]] Types types_of(const Node& node) const;

  const Graph& graph_;
  std::map<Types, std::vector<std::int32_t>> firsts_;
};

}  // namespace systole
