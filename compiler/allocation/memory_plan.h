#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "arch/chip_spec.h"
#include "compiler/allocation/constants.h"
#include "compiler/allocation/segment.h"
#include "compiler/graph/graph.h"
#include "compiler/tiling/band.h"

namespace systole {

/// Where an operand of a layer lies in the unified buffer.
struct OperandPlace {
  /// Resident: the whole tensor is there. Otherwise it streams through: one band at a time, from
  /// and to its home in DRAM or host memory.
  bool resident = true;
  /// Of a layer that runs in parts: the images of all parts are there, one behind the other.
  bool all_parts = false;
  bool as_tiles = false;  ///< not even that: the array takes it from DRAM, tile by tile
  /// Resident: both are the tensor's address. Streamed: the two halves of a double buffer, used by
  /// even and odd bands (equal when there is one band only).
  std::array<std::int64_t, 2> addresses{};
};

struct LayerPlan {
  std::vector<Band> bands;  ///< of a part's output; one when nothing streams; none for views
  std::vector<OperandPlace> inputs;  ///< by operand (Graph::operand)
  OperandPlace output;
  std::int64_t constants = -1;  ///< address of biases, tables; -1 where the layer has none
};

/// The unified buffer over the whole program.
struct MemoryPlan {
  std::vector<LayerPlan> layers;
  std::vector<Segment> segments;     ///< of layers that run in parts of the batch, ascending
  std::vector<GraphTensorId> roots;  ///< by tensor: itself, or the tensor that a view looks at
  std::vector<bool> resident;        ///< by tensor (roots only)
  std::int64_t score = 0;            ///< its estimated cost (mapping/gemm_cost.h)
  std::int64_t buffer_bytes = 0;     ///< highest address used
};

/// Decides what stays in the unified buffer and what streams (residency.h), and where it lies
/// (placement.h). Where blocks fit in sum but not in place, the layers concerned get less room and
/// the search starts again. Throws WorkloadError at a layer that does not fit even with bands of
/// one row.
/// With `segments` layers may run in parts of the batch.
[[nodiscard]] MemoryPlan plan_memory(const ChipSpec& chip, const Graph& graph,
                                     bool segments = true);

}  // namespace systole
