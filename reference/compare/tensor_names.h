#pragma once

#include <map>
#include <optional>
#include <string>

#include "arch/isa/program.h"
#include "compiler/graph/graph.h"

namespace systole {

/// Where a program keeps the tensors of a graph: under the same name, or for a view under that of
/// what it views. Throws InternalError where the two do not belong together.
class TensorNames {
 public:
  /// Both must outlive it.
  TensorNames(const Graph& graph, const Program& program);

  /// Empty when the program has no such tensor.
  [[nodiscard]] std::optional<TensorId> find(GraphTensorId tensor) const;

 private:
  const Graph& graph_;
  const Program& program_;
  std::map<std::string, TensorId> ids_;
  std::map<GraphTensorId, GraphTensorId> viewed_;  ///< output of a view -> its input
};

}  // namespace systole
