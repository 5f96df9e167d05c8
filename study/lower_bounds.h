#pragma once

#include <cstdint>
#include <optional>

#include "arch/chip_spec.h"
#include "arch/counters.h"
#include "compiler/graph/graph.h"
#include "study/limits.h"
#include "study/result.h"

namespace systole {

/// Cycles that no mapping of a network, or of one of its layers, can do without on this chip, by
/// what limits it. docs/mapping.md proves each. The work is the network's: its products (those with
/// zeros of the padding among them), its parameters, inputs and outputs, no more.
///  - array: columns, rows or PEs of all matrix units busy in every cycle, whatever is packed side
///  by
///    side (`array_bound`), or the weights shifted in where they stay;
///  - dram: the least bytes (`least_dram_bytes`) at the peak of the data buses;
///  - vector: each sum of a product through a lane, a step no more than an entry of the
///  accumulators
///    has;
///  - host: inputs and outputs over the link, of networks that have them in host memory;
///  - chain: the products that wait for each other, each with the pipeline's length.
/// Of a network, array, dram, vector and host begin no earlier and end no later than the pipeline
/// lets them (fill and drain).
/// Not bounded: rows of DRAM and refresh, ports, the sequencer, activations that go to DRAM.
struct TimeBound {
  CoreCycles array{0};
  CoreCycles dram{0};
  CoreCycles vector{0};
  CoreCycles host{0};
  CoreCycles chain{0};

  [[nodiscard]] CoreCycles cycles() const;
  /// Which of them it is; the first among equals, None where all are zero. A chain is the array's.
  [[nodiscard]] Bound by() const;
  bool operator==(const TimeBound&) const = default;
};

/// Cycles in which operands of a node stream through the array at least. With the axes of the
/// chip's dataflow along rows, columns and time (arch/dataflow.h), in any packing of output
/// positions, groups and slices onto the array,
///   groups ceil(along rows / rows) (along columns) (in time) pace / columns
///   groups ceil(along columns / columns) (along rows) (in time) pace / rows
/// and no less than `compute_bound`. What one step's column adds up is one output, which has no
/// more than the reduction's products; what one step's row multiplies is one element, which has no
/// more products than outputs need it. The second does not hold where an activation that several
/// output positions read lies along the rows. Never above `fold_bound`.
[[nodiscard]] CoreCycles array_bound(const ChipSpec& chip, const Graph& graph, const Node& node);

/// Elements that are shifted in as tiles at least: each element of the right operand once.
[[nodiscard]] std::int64_t right_elements(const Node& node, const GemmShape& gemm);

/// Bytes over DRAM that no mapping can do without: the compulsory ones, and more where the operands
/// of one product are in device memory and all on-chip memories together hold S elements: products
/// / sqrt(uses of an element by overlapping windows) = V need 2 V / sqrt(S) - 2 S elements
/// (Smith et al., arXiv:1702.02017; windows as Chen et al., HPCA 2020, count them).
[[nodiscard]] Bytes least_dram_bytes(const ChipSpec& chip, const Graph& graph);

/// Of a layer by itself, whatever runs beside it: comparable to its active cycles. Zero for a layer
/// without products, which may be done within others.
[[nodiscard]] TimeBound layer_time_bound(const ChipSpec& chip, const Graph& graph,
                                         const Node& node);
[[nodiscard]] TimeBound network_time_bound(const ChipSpec& chip, const Graph& graph);

/// Counters of a run that does what no run can do without: its energy is a lower bound.
[[nodiscard]] Counters least_counters(const ChipSpec& chip, const Graph& graph);
/// Energy of these; none for a chip without a technology.
[[nodiscard]] std::optional<Joules> least_energy(const ChipSpec& chip, const Graph& graph);

}  // namespace systole
