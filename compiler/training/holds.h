#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "compiler/graph/graph.h"

namespace systole {

/// A tensor that is read again long after it was made or read: kept in between (graph/hold.h).
struct KeptTensor {
  struct Reader {
    std::size_t node = 0;
    std::size_t input = 0;
  };
  /// Neighbouring readers that get it back together, and the node before which they do.
  struct Return {
    std::size_t before = 0;
    std::vector<Reader> readers;
  };
  GraphTensorId tensor = -1;
  std::size_t made_by = 0;
  std::vector<Return> returns;
};

/// Which tensors of at most `most_bytes` a step keeps, in the order of the nodes that make them.
[[nodiscard]] std::vector<KeptTensor> kept_tensors(const Graph& graph, std::int64_t most_bytes);

}  // namespace systole
