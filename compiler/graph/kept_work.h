#pragma once

#include <memory>

#include "compiler/graph/graph.h"

namespace systole {

/// What a node does, without a copy where the graph's builder kept it: for who asks often.
[[nodiscard]] inline std::shared_ptr<const Work> kept_work(const Node& node) {
  return node.kept_work ? node.kept_work : std::make_shared<const Work>(work_of(node.op));
}

}  // namespace systole
