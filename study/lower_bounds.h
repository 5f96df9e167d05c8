#pragma once

#include <cstdint>
#include <optional>

#include "arch/chip_spec.h"
#include "arch/counters.h"
#include "compiler/graph/graph.h"
#include "study/array_bound.h"
#include "study/limits.h"
#include "study/result.h"

namespace systole {

/// Cycles that no mapping of a network, or of one of its layers, can do without on this chip, by
/// what limits it. docs/mapping.md proves each. The work is the network's: its products (those with
/// zeros of the padding among them), its parameters, inputs and outputs, no more;
/// what a training step computes again could have been kept, and is not among it.
///  - array: columns, rows or PEs of all matrix units busy in every cycle, whatever is packed side
///  by
///    side (`array_bound`), or the weights shifted in where they stay;
///  - dram: the least bytes (`least_dram_bytes`) over the data buses (`dram_bound`);
///  - vector: each sum of a product through a lane, a step no more than an entry of the
///  accumulators
///    has;
///  - host: inputs and outputs over the link, of networks that have them in host memory;
///  - behind: weights that come when what they need has been computed (study/weights_behind.h),
///  where
///    that is more than the four; zero elsewhere;
///  - chain: the products that wait for each other, each with the pipeline's length.
/// Of a network, array, dram, vector and host begin no earlier and end no later than the pipeline
/// lets them (fill and drain).
/// Not bounded: rows of DRAM, ports, the sequencer, activations that go to DRAM.
struct TimeBound {
  CoreCycles array{0};
  CoreCycles dram{0};
  CoreCycles vector{0};
  CoreCycles host{0};
  CoreCycles chain{0};
  CoreCycles behind{0};

  [[nodiscard]] CoreCycles cycles() const;
  /// Which of them it is; the first among equals, None where all are zero. A chain is the array's.
  [[nodiscard]] Bound by() const;
  bool operator==(const TimeBound&) const = default;
};

/// Cycles that the DRAM needs at least for `bytes`: at the peak of its data buses, and where each
/// channel has one rank that is refreshed as a whole, without what refreshes take of it,
///   bytes / peak / (1 - lost / nREFI),
///   lost = min(nRTP, nCWL + nBL + nWR) + nRP + nRFC + min(nRCD, nRCDWR) - nBL,
/// but for those refreshes that may be owed before and behind.
[[nodiscard]] CoreCycles dram_bound(const ChipSpec& chip, Bytes bytes);

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
