#pragma once

#include <cstdint>
#include <vector>

#include "compiler/graph/graph.h"

namespace systole {

/// The layers from the first to the last that touch something, both included.
struct Lifetime {
  std::int32_t first = -1;
  std::int32_t last = -1;

  void touch(std::int32_t layer);
  [[nodiscard]] bool covers(std::int32_t layer) const {
    return first >= 0 && first <= layer && layer <= last;
  }
};

/// Who shares memory with whom, and how long each of them is needed.
struct TensorLives {
  std::vector<GraphTensorId> roots;  ///< by tensor: itself, or the tensor that a view looks at
  std::vector<Lifetime> lifetimes;   ///< by tensor (roots only)

  [[nodiscard]] GraphTensorId root(GraphTensorId tensor) const {
    return roots[static_cast<std::size_t>(tensor)];
  }
  [[nodiscard]] const Lifetime& of(GraphTensorId root) const {
    return lifetimes[static_cast<std::size_t>(root)];
  }
};
[[nodiscard]] TensorLives tensor_lives(const Graph& graph);

}  // namespace systole
