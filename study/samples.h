#pragma once

#include <cstdint>

#include "compiler/graph/graph.h"

namespace systole {

/// Inputs of the network that a run takes: its batch, of a training step that of all its batches.
[[nodiscard]] inline std::int64_t samples_of(const Graph& graph) {
  return graph.step ? graph.step->samples : graph.batch;
}

}  // namespace systole
