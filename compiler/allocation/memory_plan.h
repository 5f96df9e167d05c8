#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "arch/chip_spec.h"
#include "compiler/allocation/constants.h"
#include "compiler/allocation/lifetimes.h"
#include "compiler/allocation/residency.h"
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
  /// Of parts in flight: bytes from a part's place to that of the next.
  std::int64_t next_part = 0;
  /// Resident: both are the tensor's address. Streamed: the two halves of a double buffer, used by
  /// even and odd bands (equal when there is one band only).
  std::array<std::int64_t, 2> addresses{};
};

struct LayerPlan {
  std::vector<Band> bands;  ///< of a part's output; one when nothing streams; none for views
  std::vector<OperandPlace> inputs;  ///< by operand (Graph::operand)
  OperandPlace output;
  OperandPlace maxima;          ///< of rows, where these are pooled first (tiling/rows_first.h)
  std::int64_t constants = -1;  ///< address of biases, tables; -1 where the layer has none
};

/// What a block of the unified buffer is for.
enum class BlockUse : std::uint8_t { Resident, Input, Output, Maxima, Constants };

/// A block of the unified buffer: its bytes from `address` on belong to one thing from the first to
/// the last layer of `life`.
struct PlannedBlock {
  BlockUse use = BlockUse::Resident;
  GraphTensorId tensor = -1;  ///< that stays or streams; -1 of constants
  std::int32_t layer = 0;     ///< that it streams through, or whose maxima or constants they are
  std::int64_t address = 0;
  std::int64_t bytes = 0;
  Lifetime life;
};

/// The unified buffer over the whole program.
struct MemoryPlan {
  std::vector<LayerPlan> layers;
  std::vector<BandSize> bands;       ///< by layer, of a part; the whole output where none stream
  std::vector<Segment> segments;     ///< of layers that run in parts of the batch, ascending
  std::vector<GraphTensorId> roots;  ///< by tensor: itself, or the tensor that a view looks at
  std::vector<bool> resident;        ///< by tensor (roots only)
  std::int64_t score = 0;            ///< its estimated cost (mapping/gemm_cost.h)
  std::int64_t buffer_bytes = 0;     ///< highest address used
  std::vector<PlannedBlock> blocks;  ///< that have bytes
};

/// Decides what stays in the unified buffer and what streams (residency.h), and where it lies
/// (placement.h). Where blocks fit in sum but not in place, the layers concerned get less room and
/// the search starts again. Throws WorkloadError at a layer that does not fit even with bands of
/// one row. What parts in flight hold is a block as often as there are such parts, for as long as
/// their segment lasts, since each is at another layer.
/// With `segments` layers may run in parts of the batch.
[[nodiscard]] MemoryPlan plan_memory(const ChipSpec& chip, const Graph& graph, bool segments = true,
                                     const Weights& weights = {});

/// The same for a residency that is given: none where its blocks do not fit, and then the first
/// layer of the one that found no room.
struct PlacedMemory {
  std::optional<MemoryPlan> plan;
  std::int32_t failed = 0;
};
[[nodiscard]] PlacedMemory place_memory(const ChipSpec& chip, const Graph& graph,
                                        const Residency& residency);

}  // namespace systole
