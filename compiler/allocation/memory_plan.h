#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "arch/chip_spec.h"
#include "compiler/graph/graph.h"
#include "compiler/tiling/band.h"

namespace systole {

/// Where an operand of a layer lies in the unified buffer.
struct OperandPlace {
  /// Resident: the whole tensor is there. Otherwise it streams through: one band at a time, from
  /// and to its home in DRAM or host memory.
  bool resident = true;
  /// Resident: both are the tensor's address. Streamed: the two halves of a double buffer, used by
  /// even and odd bands (equal when there is one band only).
  std::array<std::int64_t, 2> addresses{};
};

struct LayerPlan {
  std::vector<Band> bands;  ///< of the output; one when nothing streams; none for views
  std::vector<OperandPlace> inputs;
  OperandPlace output;
  std::int64_t constants = -1;  ///< address of biases, tables; -1 where the layer has none
};

/// The unified buffer over the whole program.
struct MemoryPlan {
  std::vector<LayerPlan> layers;
  std::vector<GraphTensorId> roots;  ///< by tensor: itself, or the tensor that a view looks at
  std::vector<bool> resident;        ///< by tensor (roots only)
  std::int64_t buffer_bytes = 0;     ///< highest address used
};

/// Bytes of the constants that a layer keeps in the unified buffer: biases (int32 or fp32), then
/// lookup tables of int8.
struct ConstantBytes {
  std::int64_t bias = 0;
  std::int64_t table = 0;
  [[nodiscard]] std::int64_t total() const { return bias + table; }
};
[[nodiscard]] ConstantBytes constant_bytes(const Graph& graph, const Node& node);

/// Decides what stays in the unified buffer and what streams. Everything stays if it fits; else the
/// layers that do not fit are cut into bands, and the tensor that frees most at the tightest layer
/// streams, until the rest fits. Throws WorkloadError at a layer that does not fit even with bands
/// of one row.
[[nodiscard]] MemoryPlan plan_memory(const ChipSpec& chip, const Graph& graph);

}  // namespace systole
