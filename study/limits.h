#pragma once

#include <cstdint>
#include <vector>

#include "study/bound.h"
#include "study/result.h"

namespace systole {

/// Lower bounds of a piece of work, in core cycles: no schedule of these MACs and bytes on this
/// chip can be faster.
///  - compute: MACs * pace / (rows * cols * units), rounded up: every PE of every matrix unit busy
///    in every cycle, whatever the dataflow;
///  - memory: bytes over DRAM at the peak of all data buses, rounded down to whole cycles;
/// Not modelled: the host link, the vector unit, DRAM rows and refresh, fill and drain.
struct Roofline {
  CoreCycles compute{0};
  CoreCycles memory{0};

  [[nodiscard]] CoreCycles cycles() const { return compute < memory ? memory : compute; }
  /// Compute or Dram; compute where both are equal; None where nothing has to be done.
  [[nodiscard]] Bound bound() const;
  bool operator==(const Roofline&) const = default;
};

/// Cycles that the matrix unit needs at least for `macs` products of these operand types. Throws
/// InternalError for types that it does not multiply, unless there is nothing to multiply.
[[nodiscard]] CoreCycles compute_bound(const ChipSpec& chip, std::int64_t macs,
                                       DataType activation = DataType::Int8,
                                       DataType weight = DataType::Int8);
/// Vectors that stream through the array at least, folds of all units together, before their pace:
/// with the axes of the chip's dataflow along rows, columns and time
///   groups ceil(extent along rows / rows) ceil(extent along columns / columns) extent in time
[[nodiscard]] std::int64_t fold_vectors(const ChipSpec& chip, const GemmShape& gemm);
/// Cycles that the folds of a node need at least: none is larger than the array, and a product lies
/// in one fold. With the axes of the chip's dataflow (arch/dataflow.h) along rows, columns and
/// time,
///   groups ceil(extent along rows / rows) ceil(extent along columns / columns) extent in time pace
/// over all matrix units, rounded up,
/// because of the products that are `rows` and `columns` apart, no two lie in one fold, as long as
/// a fold is of one group and takes an output position a step. What packs several together may need
/// fewer (`array_bound` in study/lower_bounds.h). Never below `compute_bound`; 0 for nodes without
/// products.
[[nodiscard]] CoreCycles fold_bound(const ChipSpec& chip, const Graph& graph, const Node& node);
/// Cycles that the DRAM needs at least for `bytes` at its peak bandwidth.
[[nodiscard]] CoreCycles memory_bound(const ChipSpec& chip, Bytes bytes);

/// The bytes that have to come from DRAM whatever the schedule: each weight (its type's bytes) and
/// each bias (4 bytes, also where a folded batch normalisation makes it) once.
[[nodiscard]] Bytes compulsory_bytes(const Graph& graph, const Node& node);
/// Of all nodes; where inputs and outputs are in device memory, each of these once, too (an output
/// that is a view of an input is never written).
[[nodiscard]] Bytes compulsory_bytes(const Graph& graph, IoMemory io);
/// Of these what products multiply, and what is added to them: read before the results are there.
[[nodiscard]] Bytes bytes_of_products(const Graph& graph);

/// Of layer `layer` as it was compiled: its MACs, and the DRAM bytes that it really moved. Another
/// program for the layer may move fewer bytes.
[[nodiscard]] Roofline layer_roofline(const Result& result, std::size_t layer);
/// Of the whole network on this chip: all MACs, and the compulsory bytes alone.
[[nodiscard]] Roofline network_roofline(const Result& result);

/// Of a layer. The engines that move DRAM data share its buses, so their busy cycles add up, as
/// those of the host link do; matrix and vector units work beside others of their kind, so the mean
/// of these counts.
/// Equal counts: the first of compute, dram, vector, host.
[[nodiscard]] Bound layer_bound(const LayerCounters& layer);

/// The engine that makes the layer's result, whose waits explain the layer: the matrix unit where
/// it had instructions of the layer, else the vector unit, else the engine with the most cycles.
[[nodiscard]] EngineKind main_engine(const LayerCounters& layer);

/// All causes of an engine together.
[[nodiscard]] CoreCycles total_cycles(const EngineCounters& engine);

struct Stall {
  Cause cause = Cause::Busy;
  CoreCycles cycles{0};
};
/// The largest cause other than busy of the layer's main engine; zero cycles where it never waited.
/// Equal counts: the first in the order of `Cause`.
[[nodiscard]] Stall largest_stall(const LayerCounters& layer);
/// The same for a whole engine, idle cycles included.
[[nodiscard]] Stall largest_stall(const EngineCounters& engine);

/// True where no engine had an instruction of the layer: the layer is a view of its input.
[[nodiscard]] bool is_view(const LayerCounters& layer);

}  // namespace systole
